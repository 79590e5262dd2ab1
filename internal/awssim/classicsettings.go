package awssim

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// classicListener is a port of a Classic load balancer, in both directions.
type classicListener struct {
	Protocol         string
	LoadBalancerPort int
	InstanceProtocol string
	InstancePort     int
	SSLCertificateID string `wire:"SSLCertificateId" xml:"SSLCertificateId,omitempty"`
}

// layers are the protocols by what they understand; a listener keeps to one layer on both sides.
var layers = map[string]int{"TCP": 4, "SSL": 4, "HTTP": 7, "HTTPS": 7}

// listen adds ports, all or none.
func (b *classicBalancer) listen(add []classicListener) error {
	after := slices.Clone(b.Listeners)
	for _, l := range add {
		l.Protocol = strings.ToUpper(l.Protocol)
		l.InstanceProtocol = cmp.Or(strings.ToUpper(l.InstanceProtocol), l.Protocol)
		if err := l.check(); err != nil {
			return err
		}
		if i := slices.IndexFunc(after, func(o classicListener) bool { return o.LoadBalancerPort == l.LoadBalancerPort }); i >= 0 {
			if after[i] == l {
				continue
			}
			return refuse("DuplicateListener", "A listener already exists for %s with LoadBalancerPort %d, but with different InstancePort, Protocol, or SSLCertificateId", b.Name, l.LoadBalancerPort)
		}
		after = append(after, l)
	}
	slices.SortFunc(after, func(x, y classicListener) int { return cmp.Compare(x.LoadBalancerPort, y.LoadBalancerPort) })
	b.Listeners = after
	return nil
}

func (l classicListener) check() error {
	secure := l.Protocol == "SSL" || l.Protocol == "HTTPS"
	switch {
	case layers[l.Protocol] == 0 || layers[l.InstanceProtocol] == 0:
		return refuse("UnsupportedProtocol", "Protocol '%s' is not supported", l.Protocol)
	case layers[l.Protocol] != layers[l.InstanceProtocol]:
		return invalidELB("LB protocol and instance protocol must be of the same layer")
	case min(l.LoadBalancerPort, l.InstancePort) < 1 || max(l.LoadBalancerPort, l.InstancePort) > 65535:
		return invalidELB("A port must be specified between 1 and 65535")
	case secure != (l.SSLCertificateID != ""):
		return invalidELB("A certificate goes with a secure listener, and with no other")
	}
	return nil
}

type classicListenersInput struct {
	LoadBalancerName string
	Listeners        []classicListener
}

func (w *world) createClassicListeners(in classicListenersInput) (none, error) {
	b, err := w.classic(in.LoadBalancerName)
	if err != nil {
		return none{}, err
	}
	return none{}, b.listen(in.Listeners)
}

type classicPortsInput struct {
	LoadBalancerName  string
	LoadBalancerPorts []int
}

func (w *world) deleteClassicListeners(in classicPortsInput) (none, error) {
	b, err := w.classic(in.LoadBalancerName)
	if err != nil {
		return none{}, err
	}
	b.Listeners = slices.DeleteFunc(slices.Clone(b.Listeners), func(l classicListener) bool {
		return slices.Contains(in.LoadBalancerPorts, l.LoadBalancerPort)
	})
	return none{}, nil
}

type classicCertificateInput struct {
	LoadBalancerName string
	LoadBalancerPort int
	SSLCertificateID string `wire:"SSLCertificateId"`
}

func (w *world) setClassicCertificate(in classicCertificateInput) (none, error) {
	b, err := w.classic(in.LoadBalancerName)
	if err != nil {
		return none{}, err
	}
	after := slices.Clone(b.Listeners)
	i := slices.IndexFunc(after, func(l classicListener) bool { return l.LoadBalancerPort == in.LoadBalancerPort })
	if i < 0 {
		return none{}, refuse("ListenerNotFound", "Load balancer %s does not have a listener on port %d", b.Name, in.LoadBalancerPort)
	}
	after[i].SSLCertificateID = in.SSLCertificateID
	if err := after[i].check(); err != nil {
		return none{}, err
	}
	b.Listeners = after
	return none{}, nil
}

// classicCheck is the health check, in both directions. Target is PROTOCOL:PORT, with a path for HTTP.
type classicCheck struct {
	Target    string
	Interval  int
	Timeout   int
	Unhealthy int `wire:"UnhealthyThreshold" xml:"UnhealthyThreshold"`
	Healthy   int `wire:"HealthyThreshold" xml:"HealthyThreshold"`
}

type classicCheckInput struct {
	LoadBalancerName string
	HealthCheck      classicCheck
}

type classicCheckOutput struct{ HealthCheck classicCheck }

// configureClassicCheck holds the check to AWS's ranges.
func (w *world) configureClassicCheck(in classicCheckInput) (classicCheckOutput, error) {
	b, err := w.classic(in.LoadBalancerName)
	if err != nil {
		return classicCheckOutput{}, err
	}
	c := in.HealthCheck
	if _, _, _, ok := c.parse(); !ok {
		return classicCheckOutput{}, invalidELB("HealthCheck Target '%s' is not valid", c.Target)
	}
	for _, n := range []struct{ value, low, high int }{{c.Interval, 5, 300}, {c.Timeout, 2, 60}, {c.Unhealthy, 2, 10}, {c.Healthy, 2, 10}} {
		if n.value < n.low || n.value > n.high {
			return classicCheckOutput{}, invalidELB("HealthCheck value %d must be between %d and %d", n.value, n.low, n.high)
		}
	}
	if c.Timeout >= c.Interval {
		return classicCheckOutput{}, invalidELB("HealthCheck timeout must be less than interval")
	}
	b.Check = c
	return classicCheckOutput{c}, nil
}

func (c classicCheck) parse() (protocol string, port int, path string, ok bool) {
	protocol, rest, _ := strings.Cut(c.Target, ":")
	n, err := fmt.Sscanf(rest, "%d", &port)
	if at := strings.Index(rest, "/"); at >= 0 {
		path = rest[at:]
	}
	return protocol, port, path, err == nil && n == 1 && layers[protocol] > 0 && (layers[protocol] == 7) == (path != "")
}

// classicSettings are AWS's attributes of a Classic load balancer, in both directions; nil is not sent.
type classicSettings struct {
	CrossZone  *classicFlag      `wire:"CrossZoneLoadBalancing" xml:"CrossZoneLoadBalancing"`
	AccessLog  *classicAccessLog `xml:",omitempty"`
	Draining   *classicDraining  `wire:"ConnectionDraining" xml:"ConnectionDraining"`
	Connection *classicIdle      `wire:"ConnectionSettings" xml:"ConnectionSettings"`
}

type classicFlag struct{ Enabled bool }

type classicAccessLog struct {
	Enabled        bool
	S3BucketName   string `xml:",omitempty"`
	EmitInterval   int    `xml:",omitempty"`
	S3BucketPrefix string `xml:",omitempty"`
}

type classicDraining struct {
	Enabled bool
	Timeout int
}

type classicIdle struct{ IdleTimeout int }

// newClassicSettings are AWS's defaults.
func newClassicSettings() classicSettings {
	return classicSettings{&classicFlag{}, &classicAccessLog{}, &classicDraining{Timeout: 300}, &classicIdle{60}}
}

type describeClassicSettingsOutput struct {
	LoadBalancerAttributes classicSettings
}

func (w *world) describeClassicSettings(in classicNameInput) (describeClassicSettingsOutput, error) {
	b, err := w.classic(in.LoadBalancerName)
	if err != nil {
		return describeClassicSettingsOutput{}, err
	}
	return describeClassicSettingsOutput{b.Settings}, nil
}

type modifyClassicSettingsInput struct {
	LoadBalancerName       string
	LoadBalancerAttributes classicSettings
}

type modifyClassicSettingsOutput struct {
	LoadBalancerName       string
	LoadBalancerAttributes classicSettings
}

func (w *world) modifyClassicSettings(in modifyClassicSettingsInput) (modifyClassicSettingsOutput, error) {
	b, err := w.classic(in.LoadBalancerName)
	if err != nil {
		return modifyClassicSettingsOutput{}, err
	}
	set := in.LoadBalancerAttributes
	if err := set.check(); err != nil {
		return modifyClassicSettingsOutput{}, err
	}
	b.Settings = classicSettings{
		cmp.Or(set.CrossZone, b.Settings.CrossZone), cmp.Or(set.AccessLog, b.Settings.AccessLog),
		cmp.Or(set.Draining, b.Settings.Draining), cmp.Or(set.Connection, b.Settings.Connection),
	}
	return modifyClassicSettingsOutput{b.Name, set}, nil
}

// check holds settings to AWS's ranges.
func (s classicSettings) check() error {
	switch {
	case s.Connection != nil && (s.Connection.IdleTimeout < 1 || s.Connection.IdleTimeout > 4000):
		return invalidConfiguration("ConnectionSettings IdleTimeout must be between 1 and 4000 seconds")
	case s.Draining != nil && s.Draining.Enabled && (s.Draining.Timeout < 1 || s.Draining.Timeout > 3600):
		return invalidConfiguration("ConnectionDraining Timeout must be between 1 and 3600 seconds")
	case s.AccessLog != nil && s.AccessLog.Enabled && s.AccessLog.S3BucketName == "":
		return invalidConfiguration("S3BucketName must be specified when access logs are enabled")
	case s.AccessLog != nil && s.AccessLog.Enabled && s.AccessLog.EmitInterval != 5 && s.AccessLog.EmitInterval != 60:
		return invalidConfiguration("EmitInterval must be 5 or 60 minutes")
	}
	return nil
}

type classicGroupsInput struct {
	LoadBalancerName string
	SecurityGroups   []string
}

type classicGroupsOutput struct{ SecurityGroups members[string] }

func (w *world) applyClassicGroups(in classicGroupsInput) (classicGroupsOutput, error) {
	b, err := w.classic(in.LoadBalancerName)
	if err != nil {
		return classicGroupsOutput{}, err
	}
	if err := w.checkELBGroups(b.VPCID, in.SecurityGroups); err != nil {
		return classicGroupsOutput{}, err
	}
	b.SecurityGroups = in.SecurityGroups
	for _, n := range b.Nodes {
		w.Interfaces[n.InterfaceID].Groups = in.SecurityGroups
	}
	return classicGroupsOutput{members[string]{b.SecurityGroups}}, nil
}

type classicSubnetsInput struct {
	LoadBalancerName string
	Subnets          []string
}

type classicSubnetsOutput struct{ Subnets members[string] }

func (w *world) attachClassicSubnets(in classicSubnetsInput) (classicSubnetsOutput, error) {
	b, err := w.classic(in.LoadBalancerName)
	if err != nil {
		return classicSubnetsOutput{}, err
	}
	add := slices.DeleteFunc(slices.Clone(in.Subnets), func(id string) bool { return slices.Contains(b.subnets(), id) })
	if len(add) > 0 {
		err = w.placeClassic(b, add)
	}
	return classicSubnetsOutput{members[string]{b.subnets()}}, err
}

func (w *world) detachClassicSubnets(in classicSubnetsInput) (classicSubnetsOutput, error) {
	b, err := w.classic(in.LoadBalancerName)
	if err != nil {
		return classicSubnetsOutput{}, err
	}
	var kept, dropped []loadBalancerNode
	for _, n := range b.Nodes {
		if slices.Contains(in.Subnets, n.SubnetID) {
			dropped = append(dropped, n)
		} else {
			kept = append(kept, n)
		}
	}
	if len(kept) == 0 {
		return classicSubnetsOutput{}, invalidConfiguration("Cannot detach all subnets from load balancer %s", b.Name)
	}
	b.Nodes = kept
	w.removeNodes(dropped)
	return classicSubnetsOutput{members[string]{b.subnets()}}, nil
}

type classicTagsInput struct {
	LoadBalancerNames []string
	Tags              []queryTag
}

func (w *world) addClassicTags(in classicTagsInput) (none, error) {
	for _, name := range in.LoadBalancerNames {
		b, err := w.classic(name)
		if err == nil {
			err = w.addTags(elbTags, b.arn(w), in.Tags)
		}
		if err != nil {
			return none{}, err
		}
	}
	return none{}, nil
}

type removeClassicTagsInput struct {
	LoadBalancerNames []string
	Tags              []struct{ Key string }
}

func (w *world) removeClassicTags(in removeClassicTagsInput) (none, error) {
	for _, name := range in.LoadBalancerNames {
		b, err := w.classic(name)
		if err != nil {
			return none{}, err
		}
		for _, t := range in.Tags {
			w.untag(b.arn(w), t.Key)
		}
	}
	return none{}, nil
}

type classicNamesInput struct{ LoadBalancerNames []string }

type describeClassicTagsOutput struct {
	Descriptions members[classicTagsXML] `xml:"TagDescriptions"`
}

type classicTagsXML struct {
	LoadBalancerName string
	Tags             members[queryTag]
}

func (w *world) describeClassicTags(in classicNamesInput) (describeClassicTagsOutput, error) {
	if len(in.LoadBalancerNames) == 0 || len(in.LoadBalancerNames) > maxELBTagARNs {
		return describeClassicTagsOutput{}, invalidELB("Between 1 and %d load balancer names must be specified", maxELBTagARNs)
	}
	var out describeClassicTagsOutput
	for _, name := range in.LoadBalancerNames {
		b, err := w.classic(name)
		if err != nil {
			return describeClassicTagsOutput{}, err
		}
		out.Descriptions.Members = append(out.Descriptions.Members, classicTagsXML{name, members[queryTag]{w.queryTags(b.arn(w))}})
	}
	return out, nil
}
