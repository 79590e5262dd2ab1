package awssim

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// elbv2Operations is all of Elastic Load Balancing (version 2) that the simulator knows, by kind.
// Of the three types of load balancer it has the network load balancer.
var elbv2Operations = map[string]operation{
	"CreateLoadBalancer":             mutates((*world).createLoadBalancer),
	"DescribeLoadBalancers":          reads((*world).describeLoadBalancers),
	"DescribeLoadBalancerAttributes": reads((*world).describeLoadBalancerAttributes),
	"ModifyLoadBalancerAttributes":   mutates((*world).modifyLoadBalancerAttributes),
	"SetSubnets":                     mutates((*world).setSubnets),
	"SetSecurityGroups":              mutates((*world).setSecurityGroups),
	"SetIpAddressType":               mutates((*world).setIPAddressType),
	"DeleteLoadBalancer":             mutates((*world).deleteLoadBalancer),

	"CreateTargetGroup":             mutates((*world).createTargetGroup),
	"DescribeTargetGroups":          reads((*world).describeTargetGroups),
	"ModifyTargetGroup":             mutates((*world).modifyTargetGroup),
	"DescribeTargetGroupAttributes": reads((*world).describeTargetGroupAttributes),
	"ModifyTargetGroupAttributes":   mutates((*world).modifyTargetGroupAttributes),
	"DeleteTargetGroup":             mutates((*world).deleteTargetGroup),
	"RegisterTargets":               mutates((*world).registerTargets),
	"DeregisterTargets":             mutates((*world).deregisterTargets),
	"DescribeTargetHealth":          reads((*world).describeTargetHealth),

	"CreateListener":    mutates((*world).createListener),
	"DescribeListeners": reads((*world).describeListeners),
	"ModifyListener":    mutates((*world).modifyListener),
	"DeleteListener":    mutates((*world).deleteListener),

	"AddTags":      mutates((*world).addELBTags),
	"RemoveTags":   mutates((*world).removeELBTags),
	"DescribeTags": reads((*world).describeELBTags),
}

// elbTags are Elastic Load Balancing's words for bad tags.
var elbTags = tagRules{limit: "TooManyTags", duplicate: "DuplicateTagKeys", invalid: "ValidationError"}

// elbID is the sixteen hexadecimal digits at the end of an ARN of Elastic Load Balancing.
func (w *world) elbID() string { return fmt.Sprintf("%016x", w.region.ids.rand.Uint64()) }

func invalidELB(format string, args ...any) *apiError {
	return refuse("ValidationError", format, args...)
}

func invalidConfiguration(format string, args ...any) *apiError {
	return refuse("InvalidConfigurationRequest", format, args...)
}

// elbName is the form of the names of load balancers and target groups: up to 32 letters, digits
// and inner hyphens.
var elbName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?$`)

func checkELBName(what, name string) error {
	if !elbName.MatchString(name) {
		return invalidELB("%s name '%s' must be of 1 to 32 alphanumeric characters or hyphens, and cannot begin or end with a hyphen", what, name)
	}
	return nil
}

// elbPage is embedded in the input of the paginated Describes.
type elbPage struct {
	Marker   string
	PageSize *int
}

// elbList cuts a page (of at most 400, AWS's limit) out of a list sorted by key.
func elbList[T any](list []T, key func(T) string, p elbPage) ([]T, string, error) {
	return page(list, key, paging{MaxResults: p.PageSize, NextToken: p.Marker}, 400)
}

// attributeXML is a setting of a load balancer or a target group, in both directions.
type attributeXML struct {
	Key   string
	Value string
}

type attributesOutput struct {
	Attributes members[attributeXML]
}

func attributesOf(settings map[string]string) attributesOutput {
	var out attributesOutput
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		out.Attributes.Members = append(out.Attributes.Members, attributeXML{key, settings[key]})
	}
	return out
}

// setAttributes changes settings, all or none. What a kind has is what its settings have: they
// start out complete.
func setAttributes(what string, settings map[string]string, changes []attributeXML) error {
	for _, c := range changes {
		if _, known := settings[c.Key]; !known {
			return invalidELB("%s attribute key '%s' is not recognized", what, c.Key)
		}
		if err := checkAttribute(settings[c.Key], c); err != nil {
			return err
		}
	}
	for _, c := range changes {
		settings[c.Key] = c.Value
	}
	return nil
}

// checkAttribute holds flags to true and false, and seconds to AWS's range for draining.
func checkAttribute(present string, c attributeXML) error {
	isFlag := strings.HasSuffix(c.Key, ".enabled") && (present == "true" || present == "false")
	if isFlag && c.Value != "true" && c.Value != "false" {
		return invalidELB("'%s' must be one of the following values: 'true', 'false'", c.Key)
	}
	if c.Key == "deregistration_delay.timeout_seconds" && !within(c.Value, 0, 3600) {
		return invalidELB("'%s' must be between 0 and 3600, inclusive", c.Key)
	}
	return nil
}

func within(text string, low, high int) bool {
	var n int
	_, err := fmt.Sscanf(text, "%d", &n)
	return err == nil && fmt.Sprint(n) == text && low <= n && n <= high
}

// elbExists refuses an ARN of Elastic Load Balancing that names nothing, in the words of its kind.
func (w *world) elbExists(arn string) error {
	var err error
	switch _, resource, _ := strings.Cut(arn, w.account()+":"); {
	case strings.HasPrefix(resource, "loadbalancer/"):
		_, err = w.loadBalancer(arn)
	case strings.HasPrefix(resource, "targetgroup/"):
		_, err = w.targetGroup(arn)
	case strings.HasPrefix(resource, "listener/"):
		_, err = w.listener(arn)
	default:
		err = invalidELB("'%s' is not a valid load balancer, target group or listener ARN", arn)
	}
	return err
}

// maxELBTagARNs is how many resources the tag operations take at once.
const maxELBTagARNs = 20

func (w *world) checkELBTagARNs(arns []string) error {
	if len(arns) == 0 || len(arns) > maxELBTagARNs {
		return invalidELB("Between 1 and %d resource ARNs must be specified", maxELBTagARNs)
	}
	for _, arn := range arns {
		if err := w.elbExists(arn); err != nil {
			return err
		}
	}
	return nil
}

type addELBTagsInput struct {
	ResourceARNs []string `wire:"ResourceArns"`
	Tags         []queryTag
}

func (w *world) addELBTags(in addELBTagsInput) (none, error) {
	if err := w.checkELBTagARNs(in.ResourceARNs); err != nil {
		return none{}, err
	}
	for _, arn := range in.ResourceARNs {
		if err := w.addTags(elbTags, arn, in.Tags); err != nil {
			return none{}, err
		}
	}
	return none{}, nil
}

type removeELBTagsInput struct {
	ResourceARNs []string `wire:"ResourceArns"`
	TagKeys      []string
}

func (w *world) removeELBTags(in removeELBTagsInput) (none, error) {
	if err := w.checkELBTagARNs(in.ResourceARNs); err != nil {
		return none{}, err
	}
	for _, arn := range in.ResourceARNs {
		w.untag(arn, in.TagKeys...)
	}
	return none{}, nil
}

type describeELBTagsInput struct {
	ResourceARNs []string `wire:"ResourceArns"`
}

type describeELBTagsOutput struct {
	Descriptions members[tagDescriptionXML] `xml:"TagDescriptions"`
}

type tagDescriptionXML struct {
	ARN  string `xml:"ResourceArn"`
	Tags members[queryTag]
}

func (w *world) describeELBTags(in describeELBTagsInput) (describeELBTagsOutput, error) {
	if err := w.checkELBTagARNs(in.ResourceARNs); err != nil {
		return describeELBTagsOutput{}, err
	}
	var out describeELBTagsOutput
	for _, arn := range in.ResourceARNs {
		out.Descriptions.Members = append(out.Descriptions.Members, tagDescriptionXML{arn, members[queryTag]{w.queryTags(arn)}})
	}
	return out, nil
}
