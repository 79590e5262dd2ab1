package awssim

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
)

// targetGroup is a set of machines that serve the same thing, and how their health is found out.
type targetGroup struct {
	ARN           string
	Name          string
	Protocol      string
	Port          int
	VPCID         string
	TargetType    string // instance or ip
	IPAddressType string
	Check         healthCheck
	Attributes    map[string]string
	Targets       map[string]*target // by target.key
}

// healthCheck is how a target group probes; times in seconds.
type healthCheck struct {
	Protocol  string // TCP, HTTP or HTTPS
	Port      string // a number, or trafficPort
	Path      string // HTTP and HTTPS
	Matcher   string // HTTP and HTTPS: 200, 200-399, 200,204
	Interval  int
	Timeout   int
	Healthy   int // successes in a row that make an unhealthy target healthy
	Unhealthy int // failures in a row that make a target unhealthy
}

// trafficPort is the health check port of targets that are probed where they serve.
const trafficPort = "traffic-port"

// newTargetGroupAttributes are AWS's defaults for target groups of network load balancers.
func newTargetGroupAttributes(protocol, targetType string) map[string]string {
	overTCP := protocol == "TCP" || protocol == "TLS"
	return map[string]string{
		"deregistration_delay.timeout_seconds":                                           "300",
		"deregistration_delay.connection_termination.enabled":                            strconv.FormatBool(!overTCP),
		"load_balancing.cross_zone.enabled":                                              "use_load_balancer_configuration",
		"preserve_client_ip.enabled":                                                     strconv.FormatBool(targetType != "ip" || !overTCP),
		"proxy_protocol_v2.enabled":                                                      "false",
		"stickiness.enabled":                                                             "false",
		"stickiness.type":                                                                "source_ip",
		"target_group_health.dns_failover.minimum_healthy_targets.count":                 "1",
		"target_group_health.dns_failover.minimum_healthy_targets.percentage":            "off",
		"target_group_health.unhealthy_state_routing.minimum_healthy_targets.count":      "1",
		"target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
		"target_health_state.unhealthy.connection_termination.enabled":                   strconv.FormatBool(overTCP),
		"target_health_state.unhealthy.draining_interval_seconds":                        "0",
	}
}

// healthCheckInput is the part of CreateTargetGroup that ModifyTargetGroup takes too.
type healthCheckInput struct {
	HealthCheckEnabled         *bool
	HealthCheckProtocol        string
	HealthCheckPort            string
	HealthCheckPath            string
	HealthCheckIntervalSeconds int
	HealthCheckTimeoutSeconds  int
	HealthyThresholdCount      int
	UnhealthyThresholdCount    int
	Matcher                    matcher
}

type matcher struct {
	HTTPCode string `wire:"HttpCode" xml:"HttpCode"`
}

type createTargetGroupInput struct {
	Name          string
	Protocol      string
	Port          int
	VPCID         string `wire:"VpcId"`
	TargetType    string
	IPAddressType string `wire:"IpAddressType"`
	Tags          []queryTag
	healthCheckInput
}

type targetGroupsOutput struct {
	TargetGroups members[targetGroupXML]
	NextMarker   string `xml:",omitempty"`
}

func (w *world) createTargetGroup(in createTargetGroupInput) (targetGroupsOutput, error) {
	if err := w.checkTargetGroup(in); err != nil {
		return targetGroupsOutput{}, err
	}
	g := &targetGroup{
		Name: in.Name, Protocol: in.Protocol, Port: in.Port, VPCID: in.VPCID,
		TargetType:    cmp.Or(in.TargetType, "instance"),
		IPAddressType: cmp.Or(in.IPAddressType, "ipv4"),
		Targets:       map[string]*target{},
	}
	g.Attributes = newTargetGroupAttributes(g.Protocol, g.TargetType)
	var err error
	if g.Check, err = in.apply(defaultHealthCheck(in.HealthCheckProtocol)); err != nil {
		return targetGroupsOutput{}, err
	}
	for _, twin := range w.TargetGroups {
		if twin.Name == g.Name {
			return w.sameTargetGroup(twin, g, in.Tags)
		}
	}
	g.ARN = w.arn("elasticloadbalancing", "targetgroup/"+g.Name+"/"+w.elbID())
	w.TargetGroups[g.ARN] = g
	err = w.addTags(elbTags, g.ARN, in.Tags)
	return w.targetGroups(g), err
}

func (w *world) checkTargetGroup(in createTargetGroupInput) error {
	if err := cmp.Or(checkELBName("The target group", in.Name), elbTags.check(nil, in.Tags)); err != nil {
		return err
	}
	switch {
	case !slices.Contains([]string{"TCP", "TLS", "UDP", "TCP_UDP"}, in.Protocol):
		return invalidELB("the simulated region has target groups for network load balancers only, not of protocol '%s'", in.Protocol)
	case in.Port < 1 || in.Port > 65535:
		return invalidELB("A port must be between 1 and 65535, inclusive")
	case !slices.Contains([]string{"", "instance", "ip"}, in.TargetType):
		return invalidELB("Target type '%s' is not valid for protocol '%s'", in.TargetType, in.Protocol)
	case !slices.Contains([]string{"", "ipv4"}, in.IPAddressType):
		return invalidELB("the simulated region has target groups of IP address type 'ipv4' only, not '%s'", in.IPAddressType)
	case w.VPCs[in.VPCID] == nil:
		return invalidELB("The VPC ID '%s' is not found", in.VPCID)
	}
	return nil
}

// sameTargetGroup answers a repeated creation, as sameLoadBalancer does.
func (w *world) sameTargetGroup(have, want *targetGroup, tags []queryTag) (targetGroupsOutput, error) {
	same := have.Protocol == want.Protocol && have.Port == want.Port && have.VPCID == want.VPCID &&
		have.TargetType == want.TargetType && have.Check == want.Check && w.hasTags(have.ARN, tags)
	if !same {
		return targetGroupsOutput{}, refuse("DuplicateTargetGroupName",
			"A target group with the same name '%s' exists, but with different settings", have.Name)
	}
	return w.targetGroups(have), nil
}

// defaultHealthCheck is what AWS takes for groups of network load balancers where nothing is asked.
func defaultHealthCheck(protocol string) healthCheck {
	c := healthCheck{Protocol: cmp.Or(protocol, "TCP"), Port: trafficPort, Interval: 30, Timeout: 10, Healthy: 5, Unhealthy: 2}
	if c.Protocol == "HTTP" {
		c.Timeout = 6
	}
	if c.Protocol != "TCP" {
		c.Path, c.Matcher = "/", "200-399"
	}
	return c
}

// apply gives the health check that a request makes of the present one.
func (in healthCheckInput) apply(c healthCheck) (healthCheck, error) {
	if in.HealthCheckEnabled != nil && !*in.HealthCheckEnabled {
		return c, invalidELB("Health check enabled must be true for target groups with target type 'instance'")
	}
	if in.HealthCheckProtocol != "" && in.HealthCheckProtocol != c.Protocol {
		fresh := defaultHealthCheck(in.HealthCheckProtocol)
		c.Protocol, c.Path, c.Matcher = fresh.Protocol, fresh.Path, fresh.Matcher
	}
	if c.Protocol == "TCP" && (in.HealthCheckPath != "" || in.Matcher.HTTPCode != "") {
		return c, invalidELB("Health check paths and matchers are not supported for health checks with protocol TCP")
	}
	c.Port = cmp.Or(in.HealthCheckPort, c.Port)
	c.Path = cmp.Or(in.HealthCheckPath, c.Path)
	c.Matcher = cmp.Or(in.Matcher.HTTPCode, c.Matcher)
	c.Interval = cmp.Or(in.HealthCheckIntervalSeconds, c.Interval)
	c.Timeout = cmp.Or(in.HealthCheckTimeoutSeconds, c.Timeout)
	c.Healthy = cmp.Or(in.HealthyThresholdCount, c.Healthy)
	c.Unhealthy = cmp.Or(in.UnhealthyThresholdCount, c.Unhealthy)
	return c, c.check()
}

// check holds a health check to AWS's ranges.
func (c healthCheck) check() error {
	between := func(n, low, high int) bool { return low <= n && n <= high }
	switch {
	case !slices.Contains([]string{"TCP", "HTTP", "HTTPS"}, c.Protocol):
		return invalidELB("Health check protocol '%s' is not supported", c.Protocol)
	case c.Port != trafficPort && !within(c.Port, 1, 65535):
		return invalidELB("Health check port '%s' must be 'traffic-port' or between 1 and 65535", c.Port)
	case !between(c.Interval, 5, 300):
		return invalidELB("Health check interval must be between 5 and 300, inclusive")
	case !between(c.Timeout, 2, 120):
		return invalidELB("Health check timeout must be between 2 and 120, inclusive")
	case !between(c.Healthy, 2, 10) || !between(c.Unhealthy, 2, 10):
		return invalidELB("Health check thresholds must be between 2 and 10, inclusive")
	case c.Timeout > c.Interval:
		return invalidELB("Health check interval must be greater than or equal to the timeout.")
	}
	return nil
}

func (w *world) targetGroup(arn string) (*targetGroup, error) {
	g, exists := w.TargetGroups[arn]
	if !exists {
		return nil, refuse("TargetGroupNotFound", "Target groups '%s' not found", arn)
	}
	return g, nil
}

type describeTargetGroupsInput struct {
	LoadBalancerARN string   `wire:"LoadBalancerArn"`
	TargetGroupARNs []string `wire:"TargetGroupArns"`
	Names           []string
	elbPage
}

func (w *world) describeTargetGroups(in describeTargetGroupsInput) (targetGroupsOutput, error) {
	list, err := w.targetGroupsAsked(in)
	if err != nil {
		return targetGroupsOutput{}, err
	}
	cut, next, err := elbList(list, func(g *targetGroup) string { return g.ARN }, in.elbPage)
	out := w.targetGroups(cut...)
	out.NextMarker = next
	return out, err
}

func (w *world) targetGroupsAsked(in describeTargetGroupsInput) ([]*targetGroup, error) {
	if in.LoadBalancerARN != "" {
		return w.targetGroupsOf(in.LoadBalancerARN)
	}
	byName := map[string]*targetGroup{}
	for _, g := range w.TargetGroups {
		byName[g.Name] = g
	}
	for _, name := range in.Names {
		if byName[name] == nil {
			return nil, refuse("TargetGroupNotFound", "One or more target groups not found")
		}
	}
	for _, arn := range in.TargetGroupARNs {
		if _, err := w.targetGroup(arn); err != nil {
			return nil, err
		}
	}
	all := len(in.Names)+len(in.TargetGroupARNs) == 0
	list := sortedRows(w.TargetGroups)
	return slices.DeleteFunc(list, func(g *targetGroup) bool {
		return !all && !slices.Contains(in.Names, g.Name) && !slices.Contains(in.TargetGroupARNs, g.ARN)
	}), nil
}

func (w *world) targetGroupsOf(loadBalancerARN string) ([]*targetGroup, error) {
	if _, err := w.loadBalancer(loadBalancerARN); err != nil {
		return nil, err
	}
	found := map[string]*targetGroup{}
	for _, l := range w.listenersOf(loadBalancerARN) {
		found[l.TargetGroupARN] = w.TargetGroups[l.TargetGroupARN]
	}
	return sortedRows(found), nil
}

type targetGroupInput struct {
	TargetGroupARN string `wire:"TargetGroupArn"`
}

type modifyTargetGroupInput struct {
	targetGroupInput
	healthCheckInput
}

func (w *world) modifyTargetGroup(in modifyTargetGroupInput) (targetGroupsOutput, error) {
	g, err := w.targetGroup(in.TargetGroupARN)
	if err != nil {
		return targetGroupsOutput{}, err
	}
	check, err := in.apply(g.Check)
	if err != nil {
		return targetGroupsOutput{}, err
	}
	g.Check = check
	return w.targetGroups(g), nil
}

func (w *world) describeTargetGroupAttributes(in targetGroupInput) (attributesOutput, error) {
	g, err := w.targetGroup(in.TargetGroupARN)
	if err != nil {
		return attributesOutput{}, err
	}
	return attributesOf(g.Attributes), nil
}

type modifyTargetGroupAttributesInput struct {
	targetGroupInput
	Attributes []attributeXML
}

func (w *world) modifyTargetGroupAttributes(in modifyTargetGroupAttributesInput) (attributesOutput, error) {
	g, err := w.targetGroup(in.TargetGroupARN)
	if err != nil {
		return attributesOutput{}, err
	}
	if err := setAttributes("Target group", g.Attributes, in.Attributes); err != nil {
		return attributesOutput{}, err
	}
	return attributesOf(g.Attributes), nil
}

func (w *world) deleteTargetGroup(in targetGroupInput) (none, error) {
	for _, l := range w.Listeners {
		if l.TargetGroupARN == in.TargetGroupARN {
			return none{}, refuse("ResourceInUse", "Target group '%s' is currently in use by a listener or a rule", in.TargetGroupARN)
		}
	}
	// AWS takes the deletion of what is not there.
	delete(w.TargetGroups, in.TargetGroupARN)
	delete(w.Tags, in.TargetGroupARN)
	return none{}, nil
}

type targetGroupXML struct {
	ARN                 string `xml:"TargetGroupArn"`
	Name                string `xml:"TargetGroupName"`
	Protocol            string
	Port                int
	VPCID               string `xml:"VpcId"`
	TargetType          string
	IPAddressType       string `xml:"IpAddressType"`
	HealthCheckEnabled  bool
	HealthCheckProtocol string
	HealthCheckPort     string
	HealthCheckPath     string          `xml:",omitempty"`
	Matcher             *matcher        `xml:",omitempty"`
	Interval            int             `xml:"HealthCheckIntervalSeconds"`
	Timeout             int             `xml:"HealthCheckTimeoutSeconds"`
	Healthy             int             `xml:"HealthyThresholdCount"`
	Unhealthy           int             `xml:"UnhealthyThresholdCount"`
	LoadBalancers       members[string] `xml:"LoadBalancerArns"`
}

func (w *world) targetGroups(list ...*targetGroup) targetGroupsOutput {
	var out targetGroupsOutput
	for _, g := range list {
		out.TargetGroups.Members = append(out.TargetGroups.Members, w.targetGroupXML(g))
	}
	return out
}

func (w *world) targetGroupXML(g *targetGroup) targetGroupXML {
	x := targetGroupXML{
		ARN: g.ARN, Name: g.Name, Protocol: g.Protocol, Port: g.Port, VPCID: g.VPCID,
		TargetType: g.TargetType, IPAddressType: g.IPAddressType, HealthCheckEnabled: true,
		HealthCheckProtocol: g.Check.Protocol, HealthCheckPort: g.Check.Port, HealthCheckPath: g.Check.Path,
		Interval: g.Check.Interval, Timeout: g.Check.Timeout,
		Healthy: g.Check.Healthy, Unhealthy: g.Check.Unhealthy,
		LoadBalancers: members[string]{w.loadBalancersOf(g.ARN)},
	}
	if g.Check.Matcher != "" {
		x.Matcher = &matcher{g.Check.Matcher}
	}
	return x
}

// loadBalancersOf lists the load balancers that forward to a target group: none or, for a network
// load balancer, one.
func (w *world) loadBalancersOf(targetGroupARN string) []string {
	found := map[string]bool{}
	for _, l := range w.Listeners {
		if l.TargetGroupARN == targetGroupARN {
			found[l.LoadBalancerARN] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}
