package awssim

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// classicBalancer is a Classic load balancer: the first generation, which AWS knows by name alone.
type classicBalancer struct {
	Name           string
	ID             string // in its DNS name
	Created        time.Time
	Scheme         string
	VPCID          string
	SecurityGroups []string
	Nodes          []loadBalancerNode // by zone
	Listeners      []classicListener  // by port
	Check          classicCheck
	Settings       classicSettings
	Members        map[string]*classicMember // by instance id
}

// classicVersion is the API version that tells the first generation's calls from those of the second,
// which share its service name.
const classicVersion = "2012-06-01"

var classicOperations = map[string]operation{
	"CreateLoadBalancer":                    mutates((*world).createClassic),
	"DescribeLoadBalancers":                 reads((*world).describeClassic),
	"DeleteLoadBalancer":                    mutates((*world).deleteClassic),
	"CreateLoadBalancerListeners":           mutates((*world).createClassicListeners),
	"DeleteLoadBalancerListeners":           mutates((*world).deleteClassicListeners),
	"SetLoadBalancerListenerSSLCertificate": mutates((*world).setClassicCertificate),
	"ConfigureHealthCheck":                  mutates((*world).configureClassicCheck),
	"DescribeLoadBalancerAttributes":        reads((*world).describeClassicSettings),
	"ModifyLoadBalancerAttributes":          mutates((*world).modifyClassicSettings),
	"ApplySecurityGroupsToLoadBalancer":     mutates((*world).applyClassicGroups),
	"AttachLoadBalancerToSubnets":           mutates((*world).attachClassicSubnets),
	"DetachLoadBalancerFromSubnets":         mutates((*world).detachClassicSubnets),
	"RegisterInstancesWithLoadBalancer":     mutates((*world).registerClassic),
	"DeregisterInstancesFromLoadBalancer":   mutates((*world).deregisterClassic),
	"DescribeInstanceHealth":                reads((*world).describeClassicHealth),
	"AddTags":                               mutates((*world).addClassicTags),
	"RemoveTags":                            mutates((*world).removeClassicTags),
	"DescribeTags":                          reads((*world).describeClassicTags),
}

// AddClassicLoadBalancer makes a load balancer of the old kind as somebody else would: in no subnet,
// with nothing that it listens on. Groups can be attached to it.
func (r *Region) AddClassicLoadBalancer(name string) {
	r.update(func(w *world) { w.Classic[name] = w.newClassic(name) })
}

// newClassic has AWS's defaults.
func (w *world) newClassic(name string) *classicBalancer {
	return &classicBalancer{
		Name: name, ID: fmt.Sprint(w.region.ids.rand.Uint32()), Created: w.now(), Scheme: "internet-facing",
		Check:    classicCheck{Target: "TCP:80", Interval: 30, Timeout: 5, Unhealthy: 2, Healthy: 10},
		Settings: newClassicSettings(),
		Members:  map[string]*classicMember{},
	}
}

type createClassicInput struct {
	LoadBalancerName  string
	Listeners         []classicListener
	AvailabilityZones []string
	Subnets           []string
	SecurityGroups    []string
	Scheme            string
	Tags              []queryTag
}

type createClassicOutput struct{ DNSName string }

func (w *world) createClassic(in createClassicInput) (createClassicOutput, error) {
	if err := w.checkNewClassic(in); err != nil {
		return createClassicOutput{}, err
	}
	b := w.newClassic(in.LoadBalancerName)
	b.Scheme, b.SecurityGroups = cmp.Or(in.Scheme, b.Scheme), in.SecurityGroups
	if err := b.listen(in.Listeners); err != nil {
		return createClassicOutput{}, err
	}
	b.Check.Target = fmt.Sprintf("TCP:%d", in.Listeners[0].InstancePort)
	if have, exists := w.Classic[b.Name]; exists {
		if !have.sameAs(b, in.Subnets) || !w.hasTags(have.arn(w), in.Tags) {
			return createClassicOutput{}, refuse("DuplicateLoadBalancerName", "The specified load balancer name '%s' already exists with different settings", b.Name)
		}
		return createClassicOutput{w.classicHost(have)}, nil
	}
	if err := w.placeClassic(b, in.Subnets); err != nil {
		return createClassicOutput{}, err
	}
	if len(b.SecurityGroups) == 0 {
		b.SecurityGroups = []string{w.defaultGroupOf(b.VPCID)}
	}
	w.Classic[b.Name] = b
	return createClassicOutput{w.classicHost(b)}, w.addTags(elbTags, b.arn(w), in.Tags)
}

func (w *world) checkNewClassic(in createClassicInput) error {
	switch {
	case len(in.AvailabilityZones) > 0 || len(in.Subnets) == 0:
		return invalidELB("the simulated region has load balancers in subnets only")
	case len(in.Listeners) == 0:
		return invalidELB("Listeners must be specified")
	case !slices.Contains([]string{"", "internet-facing", "internal"}, in.Scheme):
		return refuse("InvalidScheme", "Load balancer scheme '%s' is not valid", in.Scheme)
	}
	return cmp.Or(checkELBName("LoadBalancer", in.LoadBalancerName), elbTags.check(nil, in.Tags))
}

// sameAs says whether a repeated creation asks for what is there.
func (b *classicBalancer) sameAs(want *classicBalancer, subnets []string) bool {
	return b.Scheme == want.Scheme && slices.Equal(b.Listeners, want.Listeners) &&
		slices.Equal(slices.Sorted(slices.Values(b.SecurityGroups)), slices.Sorted(slices.Values(want.SecurityGroups))) &&
		slices.Equal(b.subnets(), slices.Sorted(slices.Values(subnets)))
}

func (b *classicBalancer) subnets() []string {
	var ids []string
	for _, n := range b.Nodes {
		ids = append(ids, n.SubnetID)
	}
	slices.Sort(ids)
	return ids
}

// arn is never shown by the first generation's API; tags are kept by it.
func (b *classicBalancer) arn(w *world) string {
	return w.arn("elasticloadbalancing", "loadbalancer/"+b.Name)
}

// placeClassic puts the load balancer into subnets, one of each zone.
func (w *world) placeClassic(b *classicBalancer, subnets []string) error {
	var mappings []subnetMapping
	for _, id := range subnets {
		mappings = append(mappings, subnetMapping{SubnetID: id})
	}
	shape := b.shape()
	at, err := w.placements(nil, mappings, &shape)
	if err != nil {
		return err
	}
	if b.VPCID != "" && shape.VPCID != b.VPCID {
		return invalidConfiguration("The subnets must belong to the VPC of the load balancer '%s'", b.VPCID)
	}
	shape.Nodes = b.Nodes
	for _, p := range at {
		if slices.ContainsFunc(b.Nodes, func(n loadBalancerNode) bool { return n.Zone == p.subnet.Zone }) {
			return invalidConfiguration("A load balancer cannot be attached to multiple subnets in the same Availability Zone")
		}
	}
	if err := w.addNodes(&shape, at); err != nil {
		return err
	}
	b.VPCID, b.Nodes = shape.VPCID, shape.Nodes
	for _, n := range b.Nodes {
		eni := w.Interfaces[n.InterfaceID]
		eni.Type, eni.Description = "interface", "ELB "+b.Name
	}
	return nil
}

// shape is the part that both generations place in the same way.
func (b *classicBalancer) shape() loadBalancer {
	return loadBalancer{Name: b.Name, ID: b.ID, Scheme: b.Scheme, IPAddressType: "ipv4", SecurityGroups: b.SecurityGroups}
}

func (w *world) classic(name string) (*classicBalancer, error) {
	b, exists := w.Classic[name]
	if !exists {
		return nil, refuse("LoadBalancerNotFound", "There is no ACTIVE Load Balancer named '%s'", name)
	}
	return b, nil
}

type describeClassicInput struct {
	LoadBalancerNames []string
	elbPage
}

type describeClassicOutput struct {
	Descriptions members[classicXML] `xml:"LoadBalancerDescriptions"`
	NextMarker   string              `xml:",omitempty"`
}

func (w *world) describeClassic(in describeClassicInput) (describeClassicOutput, error) {
	list := sortedRows(w.Classic)
	if len(in.LoadBalancerNames) > 0 {
		list = nil
	}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(in.LoadBalancerNames))) {
		b, err := w.classic(name)
		if err != nil {
			return describeClassicOutput{}, err
		}
		list = append(list, b)
	}
	cut, next, err := elbList(list, func(b *classicBalancer) string { return b.Name }, in.elbPage)
	out := describeClassicOutput{NextMarker: next}
	for _, b := range cut {
		out.Descriptions.Members = append(out.Descriptions.Members, w.classicXML(b))
	}
	return out, err
}

type classicNameInput struct{ LoadBalancerName string }

// deleteClassic is no error for a load balancer that is gone. Groups stay attached to its name.
func (w *world) deleteClassic(in classicNameInput) (none, error) {
	if b, exists := w.Classic[in.LoadBalancerName]; exists {
		w.removeNodes(b.Nodes)
		delete(w.Tags, b.arn(w))
		delete(w.Classic, b.Name)
	}
	return none{}, nil
}

type classicXML struct {
	LoadBalancerName          string
	DNSName                   string
	CanonicalHostedZoneName   string
	CanonicalHostedZoneNameID string
	ListenerDescriptions      members[classicListenerDescriptionXML]
	AvailabilityZones         members[string]
	Subnets                   members[string]
	VPCID                     string `xml:"VPCId"`
	Instances                 members[classicInstance]
	HealthCheck               classicCheck
	SourceGroup               string `xml:"SourceSecurityGroup>OwnerAlias"`
	SecurityGroups            members[string]
	CreatedTime               time.Time
	Scheme                    string
}

type classicListenerDescriptionXML struct {
	Listener    classicListener
	PolicyNames members[string]
}

func (w *world) classicXML(b *classicBalancer) classicXML {
	x := classicXML{
		LoadBalancerName: b.Name, DNSName: w.classicHost(b), CanonicalHostedZoneName: w.classicHost(b),
		CanonicalHostedZoneNameID: w.classicHostedZone(), Subnets: members[string]{b.subnets()}, VPCID: b.VPCID,
		HealthCheck: b.Check, SourceGroup: w.account(), SecurityGroups: members[string]{b.SecurityGroups},
		CreatedTime: b.Created, Scheme: b.Scheme,
	}
	for _, n := range b.Nodes {
		x.AvailabilityZones.Members = append(x.AvailabilityZones.Members, n.Zone)
	}
	for _, l := range b.Listeners {
		x.ListenerDescriptions.Members = append(x.ListenerDescriptions.Members, classicListenerDescriptionXML{Listener: l})
	}
	for _, m := range sortedRows(b.Members) {
		if !m.Draining {
			x.Instances.Members = append(x.Instances.Members, classicInstance{m.ID})
		}
	}
	return x
}

// classicHost is the DNS name, whose form differs from that of the second generation.
func (w *world) classicHost(b *classicBalancer) string {
	host := b.Name + "-" + b.ID + "." + w.region.cfg.Region + ".elb.amazonaws.com"
	if b.Scheme == "internal" {
		return "internal-" + host
	}
	return host
}

func (w *world) classicHostedZone() string {
	return cmp.Or(classicHostedZones[w.region.cfg.Region], classicHostedZones["us-east-1"])
}

// isClassicHost says whether a name in the zone of Classic load balancers has their form.
func (w *world) isClassicHost(a aliasTarget) bool {
	return a.HostedZoneID == w.classicHostedZone() && strings.HasSuffix(a.DNSName, "."+w.region.cfg.Region+".elb.amazonaws.com.")
}

// classicHostedZones are the Route 53 zones that hold the names of Classic load balancers:
// https://docs.aws.amazon.com/general/latest/gr/elb.html. Regions missing here answer as us-east-1.
var classicHostedZones = map[string]string{
	"ap-northeast-1": "Z14GRHDCWA56QT",
	"ap-south-1":     "ZP97RAFLXTNZK",
	"ap-southeast-1": "Z1LMS91P8CMLE5",
	"ap-southeast-2": "Z1GM3OXH4ZPM65",
	"ca-central-1":   "ZQSVJUPU6J1EY",
	"eu-central-1":   "Z215JYRZR1TBD5",
	"eu-north-1":     "Z23TAZ6LKFMNIO",
	"eu-west-1":      "Z32O12XQLNTSW2",
	"eu-west-2":      "ZHURV8PSTC4K8",
	"eu-west-3":      "Z3Q77PNBQS71R4",
	"sa-east-1":      "Z2P70J7HTTTPLU",
	"us-east-1":      "Z35SXDOTRQ7X7K",
	"us-east-2":      "Z3AADJGX6KTTL2",
	"us-west-1":      "Z368ELLRRE2KJ0",
	"us-west-2":      "Z1H1FL5HABSF5",
}
