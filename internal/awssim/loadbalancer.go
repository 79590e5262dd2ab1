package awssim

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// loadBalancer is a network load balancer.
type loadBalancer struct {
	ARN            string
	Name           string
	ID             string // the end of its ARN
	Created        time.Time
	Active         bool // else provisioning
	Scheme         string
	IPAddressType  string
	VPCID          string
	SecurityGroups []string
	Nodes          []loadBalancerNode // by zone
	Attributes     map[string]string
}

// loadBalancerNode is the load balancer in one zone: an address that takes connections.
type loadBalancerNode struct {
	Zone         string
	SubnetID     string
	InterfaceID  string
	Address      netip.Addr // in the subnet
	FixedAddress bool       // asked for by the user
	AllocationID string     // of the elastic IP, or empty
}

// newLoadBalancerAttributes are AWS's defaults for a network load balancer.
func newLoadBalancerAttributes() map[string]string {
	return map[string]string{
		"access_logs.s3.enabled":                 "false",
		"access_logs.s3.bucket":                  "",
		"access_logs.s3.prefix":                  "",
		"deletion_protection.enabled":            "false",
		"dns_record.client_routing_policy":       "any_availability_zone",
		"ipv6.deny_all_igw_traffic":              "false",
		"load_balancing.cross_zone.enabled":      "false",
		"secondary_ips.auto_assigned.per_subnet": "0",
		"zonal_shift.config.enabled":             "false",
	}
}

type createLoadBalancerInput struct {
	Name           string
	Type           string
	Scheme         string
	IPAddressType  string `wire:"IpAddressType"`
	Subnets        []string
	SubnetMappings []subnetMapping
	SecurityGroups []string
	Tags           []queryTag
}

// subnetMapping places a load balancer in a subnet with an address of the user's choice.
type subnetMapping struct {
	SubnetID     string `wire:"SubnetId"`
	AllocationID string `wire:"AllocationId"`
	PrivateIPv4  string `wire:"PrivateIPv4Address"`
}

type loadBalancersOutput struct {
	LoadBalancers members[loadBalancerXML]
	NextMarker    string `xml:",omitempty"`
}

func (w *world) createLoadBalancer(in createLoadBalancerInput) (loadBalancersOutput, error) {
	if err := w.checkLoadBalancer(in); err != nil {
		return loadBalancersOutput{}, err
	}
	b := &loadBalancer{
		Name: in.Name, ID: w.elbID(), Created: w.now(),
		Scheme:         cmp.Or(in.Scheme, "internet-facing"),
		IPAddressType:  cmp.Or(in.IPAddressType, "ipv4"),
		SecurityGroups: in.SecurityGroups,
		Attributes:     newLoadBalancerAttributes(),
	}
	placements, err := w.placements(in.Subnets, in.SubnetMappings, b)
	if err != nil {
		return loadBalancersOutput{}, err
	}
	if twin := w.loadBalancerNamed(in.Name); twin != nil {
		return w.sameLoadBalancer(twin, b, placements, in.Tags)
	}
	if err := w.addNodes(b, placements); err != nil {
		return loadBalancersOutput{}, err
	}
	b.ARN = w.arn("elasticloadbalancing", "loadbalancer/net/"+b.Name+"/"+b.ID)
	w.LoadBalancers[b.ARN] = b
	arn := b.ARN
	w.after(loadBalancerDelay, func(w *world) {
		if b, exists := w.LoadBalancers[arn]; exists {
			b.Active = true
		}
	})
	err = w.addTags(elbTags, b.ARN, in.Tags)
	return loadBalancersOutput{LoadBalancers: members[loadBalancerXML]{[]loadBalancerXML{w.loadBalancerXML(b)}}}, err
}

func (w *world) checkLoadBalancer(in createLoadBalancerInput) error {
	switch {
	case strings.HasPrefix(in.Name, "internal-"):
		return invalidELB("The load balancer name '%s' cannot begin with 'internal-'", in.Name)
	case in.Type != "network":
		return invalidELB("the simulated region has load balancers of type 'network' only, not '%s'", cmp.Or(in.Type, "application"))
	case !slices.Contains([]string{"", "internet-facing", "internal"}, in.Scheme):
		return refuse("InvalidScheme", "Load balancer scheme '%s' is not valid", in.Scheme)
	}
	return cmp.Or(checkELBName("The load balancer", in.Name), checkIPAddressType(in.IPAddressType),
		elbTags.check(nil, in.Tags))
}

func checkIPAddressType(t string) error {
	if !slices.Contains([]string{"", "ipv4", "dualstack"}, t) {
		return invalidConfiguration("The IP address type '%s' is not valid for a Network Load Balancer", t)
	}
	return nil
}

// sameLoadBalancer answers a repeated creation: with the load balancer that exists if it was asked
// for with the same settings, else with a refusal.
func (w *world) sameLoadBalancer(have, want *loadBalancer, at []nodePlacement, tags []queryTag) (loadBalancersOutput, error) {
	same := have.Scheme == want.Scheme && have.IPAddressType == want.IPAddressType &&
		slices.Equal(have.SecurityGroups, want.SecurityGroups) &&
		slices.EqualFunc(have.Nodes, at, loadBalancerNode.isAt) && w.hasTags(have.ARN, tags)
	if !same {
		return loadBalancersOutput{}, refuse("DuplicateLoadBalancerName",
			"A load balancer with the same name '%s' exists, but with different settings", have.Name)
	}
	return loadBalancersOutput{LoadBalancers: members[loadBalancerXML]{[]loadBalancerXML{w.loadBalancerXML(have)}}}, nil
}

// hasTags says whether a resource has exactly these tags.
func (w *world) hasTags(arn string, tags []queryTag) bool {
	want := map[string]string{}
	for _, t := range tags {
		want[t.Key] = t.Value
	}
	return maps.Equal(want, w.Tags[arn])
}

func (w *world) loadBalancerNamed(name string) *loadBalancer {
	for _, b := range w.LoadBalancers {
		if b.Name == name {
			return b
		}
	}
	return nil
}

func (w *world) loadBalancer(arn string) (*loadBalancer, error) {
	b, exists := w.LoadBalancers[arn]
	if !exists {
		return nil, refuse("LoadBalancerNotFound", "Load balancer '%s' not found", arn)
	}
	return b, nil
}

type describeLoadBalancersInput struct {
	LoadBalancerARNs []string `wire:"LoadBalancerArns"`
	Names            []string
	elbPage
}

func (w *world) describeLoadBalancers(in describeLoadBalancersInput) (loadBalancersOutput, error) {
	list, err := w.loadBalancersAsked(in)
	if err != nil {
		return loadBalancersOutput{}, err
	}
	cut, next, err := elbList(list, func(b *loadBalancer) string { return b.ARN }, in.elbPage)
	out := loadBalancersOutput{NextMarker: next}
	for _, b := range cut {
		out.LoadBalancers.Members = append(out.LoadBalancers.Members, w.loadBalancerXML(b))
	}
	return out, err
}

func (w *world) loadBalancersAsked(in describeLoadBalancersInput) ([]*loadBalancer, error) {
	if len(in.LoadBalancerARNs) > 0 && len(in.Names) > 0 {
		return nil, invalidELB("Load balancer names and load balancer ARNs cannot be specified at the same time")
	}
	if len(in.LoadBalancerARNs)+len(in.Names) == 0 {
		return sortedRows(w.LoadBalancers), nil
	}
	var list []*loadBalancer
	for _, arn := range in.LoadBalancerARNs {
		b, err := w.loadBalancer(arn)
		if err != nil {
			return nil, err
		}
		list = append(list, b)
	}
	for _, name := range in.Names {
		b := w.loadBalancerNamed(name)
		if b == nil {
			return nil, refuse("LoadBalancerNotFound", "Load balancers '[%s]' not found", name)
		}
		list = append(list, b)
	}
	slices.SortFunc(list, func(a, b *loadBalancer) int { return cmp.Compare(a.ARN, b.ARN) })
	return slices.Compact(list), nil
}

type loadBalancerInput struct {
	LoadBalancerARN string `wire:"LoadBalancerArn"`
}

func (w *world) describeLoadBalancerAttributes(in loadBalancerInput) (attributesOutput, error) {
	b, err := w.loadBalancer(in.LoadBalancerARN)
	if err != nil {
		return attributesOutput{}, err
	}
	return attributesOf(b.Attributes), nil
}

type modifyLoadBalancerAttributesInput struct {
	loadBalancerInput
	Attributes []attributeXML
}

func (w *world) modifyLoadBalancerAttributes(in modifyLoadBalancerAttributesInput) (attributesOutput, error) {
	b, err := w.loadBalancer(in.LoadBalancerARN)
	if err != nil {
		return attributesOutput{}, err
	}
	if err := setAttributes("Load balancer", b.Attributes, in.Attributes); err != nil {
		return attributesOutput{}, err
	}
	return attributesOf(b.Attributes), nil
}

type setSecurityGroupsInput struct {
	loadBalancerInput
	SecurityGroups []string
}

type setSecurityGroupsOutput struct {
	SecurityGroups members[string] `xml:"SecurityGroupIds"`
}

func (w *world) setSecurityGroups(in setSecurityGroupsInput) (setSecurityGroupsOutput, error) {
	b, err := w.loadBalancer(in.LoadBalancerARN)
	if err != nil {
		return setSecurityGroupsOutput{}, err
	}
	if len(b.SecurityGroups) == 0 || len(in.SecurityGroups) == 0 {
		return setSecurityGroupsOutput{}, invalidConfiguration(
			"Security groups can be set on a Network Load Balancer only if it was created with security groups, and it must keep at least one")
	}
	if err := w.checkELBGroups(b.VPCID, in.SecurityGroups); err != nil {
		return setSecurityGroupsOutput{}, err
	}
	b.SecurityGroups = in.SecurityGroups
	for _, n := range b.Nodes {
		w.Interfaces[n.InterfaceID].Groups = in.SecurityGroups
	}
	return setSecurityGroupsOutput{members[string]{b.SecurityGroups}}, nil
}

func (w *world) checkELBGroups(vpcID string, ids []string) error {
	for _, id := range ids {
		if g, exists := w.SecurityGroups[id]; !exists || g.VPCID != vpcID {
			return refuse("InvalidSecurityGroup", "Security group '%s' is not valid", id)
		}
	}
	return nil
}

type setIPAddressTypeInput struct {
	loadBalancerInput
	IPAddressType string `wire:"IpAddressType"`
}

type ipAddressTypeOutput struct {
	IPAddressType string `xml:"IpAddressType"`
}

func (w *world) setIPAddressType(in setIPAddressTypeInput) (ipAddressTypeOutput, error) {
	b, err := w.loadBalancer(in.LoadBalancerARN)
	if err != nil {
		return ipAddressTypeOutput{}, err
	}
	if err := checkIPAddressType(in.IPAddressType); err != nil {
		return ipAddressTypeOutput{}, err
	}
	for _, n := range b.Nodes {
		if err := checkDualStack(in.IPAddressType, w.Subnets[n.SubnetID]); err != nil {
			return ipAddressTypeOutput{}, err
		}
	}
	b.IPAddressType = in.IPAddressType
	return ipAddressTypeOutput{b.IPAddressType}, nil
}

func (w *world) deleteLoadBalancer(in loadBalancerInput) (none, error) {
	b, exists := w.LoadBalancers[in.LoadBalancerARN]
	if !exists {
		return none{}, nil // AWS takes it
	}
	if b.Attributes["deletion_protection.enabled"] == "true" {
		return none{}, refuse("OperationNotPermitted",
			"Load balancer '%s' cannot be deleted because deletion protection is enabled", b.ARN)
	}
	for _, l := range w.listenersOf(b.ARN) {
		w.removeListener(l)
	}
	w.removeNodes(b.Nodes)
	delete(w.LoadBalancers, b.ARN)
	delete(w.Tags, b.ARN)
	return none{}, nil
}

type loadBalancerXML struct {
	ARN                   string `xml:"LoadBalancerArn"`
	Name                  string `xml:"LoadBalancerName"`
	DNSName               string
	CanonicalHostedZoneID string `xml:"CanonicalHostedZoneId"`
	CreatedTime           time.Time
	Scheme                string
	VPCID                 string `xml:"VpcId"`
	State                 string `xml:"State>Code"`
	Type                  string
	AvailabilityZones     members[elbZoneXML]
	SecurityGroups        *members[string]
	IPAddressType         string `xml:"IpAddressType"`
}

func (w *world) loadBalancerXML(b *loadBalancer) loadBalancerXML {
	x := loadBalancerXML{
		ARN: b.ARN, Name: b.Name, DNSName: w.loadBalancerHost(b),
		CanonicalHostedZoneID: w.nlbHostedZone(),
		CreatedTime:           b.Created, Scheme: b.Scheme, VPCID: b.VPCID, Type: "network",
		State: "provisioning", IPAddressType: b.IPAddressType,
		AvailabilityZones: elbZones(b.Nodes),
	}
	if b.Active {
		x.State = "active"
	}
	if len(b.SecurityGroups) > 0 {
		x.SecurityGroups = &members[string]{b.SecurityGroups}
	}
	return x
}

// loadBalancerHost is the DNS name of a load balancer.
func (w *world) loadBalancerHost(b *loadBalancer) string {
	return b.Name + "-" + b.ID + ".elb." + w.region.cfg.Region + ".amazonaws.com"
}

// nlbHostedZone is the one of this region.
func (w *world) nlbHostedZone() string {
	return cmp.Or(nlbHostedZones[w.region.cfg.Region], nlbHostedZones["us-east-1"])
}

// nlbHostedZones are the Route 53 zones that hold the names of network load balancers:
// https://docs.aws.amazon.com/general/latest/gr/elb.html. Regions missing here answer as us-east-1.
var nlbHostedZones = map[string]string{
	"ap-northeast-1": "Z31USIVHYNEOWT",
	"ap-south-1":     "ZVDDRBQ08TROA",
	"ap-southeast-1": "ZKVM4W9LS7TM",
	"ap-southeast-2": "ZCT6FZBF4DROD",
	"ca-central-1":   "Z2EPGBW3API2WT",
	"eu-central-1":   "Z3F0SRJ5LGBH90",
	"eu-north-1":     "Z1UDT6IFJ4EJM",
	"eu-west-1":      "Z2IFOLAFXWLO4F",
	"eu-west-2":      "ZD4D7Y8KGAS4G",
	"eu-west-3":      "Z1CMS0P5QUZ6D5",
	"sa-east-1":      "ZTK26PT1VY4CU",
	"us-east-1":      "Z26RNL4JYFTOTI",
	"us-east-2":      "ZLMOA37VPKANP",
	"us-west-1":      "Z24FKFUX50B4VW",
	"us-west-2":      "Z18D5FSROUN65G",
}
