package awssim

import (
	"cmp"
	"slices"
	"strings"
)

// listener is a port of a load balancer and the target group it forwards to.
type listener struct {
	ARN             string
	LoadBalancerARN string
	Protocol        string
	Port            int
	TargetGroupARN  string
	SSLPolicy       string // TLS
	Certificates    []string
	ALPNPolicy      []string
}

// defaultSSLPolicy is what AWS takes for TLS listeners made through the API.
const defaultSSLPolicy = "ELBSecurityPolicy-2016-08"

// listenerInput is the part of CreateListener that ModifyListener takes too.
type listenerInput struct {
	Protocol       string
	Port           int
	DefaultActions []action
	SSLPolicy      string `wire:"SslPolicy"`
	Certificates   []certificate
	AlpnPolicy     []string
}

// action says where a listener sends connections. Network load balancers only forward.
type action struct {
	Type           string
	Order          int    `xml:"Order,omitempty"`
	TargetGroupARN string `wire:"TargetGroupArn" xml:"TargetGroupArn"`
	ForwardConfig  forwardConfig
}

type forwardConfig struct {
	TargetGroups []targetGroupTuple `xml:"TargetGroups>member"`
}

type targetGroupTuple struct {
	TargetGroupARN string `wire:"TargetGroupArn" xml:"TargetGroupArn"`
	Weight         *int
}

type certificate struct {
	ARN string `wire:"CertificateArn" xml:"CertificateArn"`
}

type createListenerInput struct {
	LoadBalancerARN string `wire:"LoadBalancerArn"`
	listenerInput
	Tags []queryTag
}

type listenersOutput struct {
	Listeners  members[listenerXML]
	NextMarker string `xml:",omitempty"`
}

func (w *world) createListener(in createListenerInput) (listenersOutput, error) {
	b, err := w.loadBalancer(in.LoadBalancerARN)
	if err != nil {
		return listenersOutput{}, err
	}
	l := &listener{LoadBalancerARN: b.ARN}
	if err := cmp.Or(in.apply(l), w.checkListener(l), elbTags.check(nil, in.Tags)); err != nil {
		return listenersOutput{}, err
	}
	if twin := w.listenerAt(b.ARN, l.Port); twin != nil {
		if !twin.sameAs(l) {
			return listenersOutput{}, duplicateListener(b.ARN)
		}
		return w.listeners(twin), nil
	}
	l.ARN = strings.Replace(b.ARN, ":loadbalancer/", ":listener/", 1) + "/" + w.elbID()
	w.Listeners[l.ARN] = l
	err = w.addTags(elbTags, l.ARN, in.Tags)
	return w.listeners(l), err
}

func duplicateListener(loadBalancerARN string) *apiError {
	return refuse("DuplicateListener", "A listener already exists on this port for this load balancer '%s'", loadBalancerARN)
}

func (w *world) listenerAt(loadBalancerARN string, port int) *listener {
	for _, l := range w.listenersOf(loadBalancerARN) {
		if l.Port == port {
			return l
		}
	}
	return nil
}

func (l *listener) sameAs(o *listener) bool {
	return l.Protocol == o.Protocol && l.TargetGroupARN == o.TargetGroupARN && l.SSLPolicy == o.SSLPolicy &&
		slices.Equal(l.Certificates, o.Certificates) && slices.Equal(l.ALPNPolicy, o.ALPNPolicy)
}

// apply puts what a request says into a listener.
func (in listenerInput) apply(l *listener) error {
	l.Protocol = cmp.Or(in.Protocol, l.Protocol)
	l.Port = cmp.Or(in.Port, l.Port)
	if l.Protocol == "TLS" {
		l.SSLPolicy = cmp.Or(in.SSLPolicy, l.SSLPolicy, defaultSSLPolicy)
	} else {
		l.SSLPolicy, l.Certificates, l.ALPNPolicy = in.SSLPolicy, nil, nil
	}
	if len(in.AlpnPolicy) > 0 {
		l.ALPNPolicy = in.AlpnPolicy
	}
	if len(in.Certificates) > 0 {
		l.Certificates = nil
		for _, c := range in.Certificates {
			l.Certificates = append(l.Certificates, c.ARN)
		}
	}
	if len(in.DefaultActions) == 0 {
		return nil
	}
	var err error
	l.TargetGroupARN, err = in.DefaultActions[0].target()
	if len(in.DefaultActions) > 1 {
		return refuse("TooManyActions", "A listener of a Network Load Balancer takes one default action")
	}
	return err
}

// target is the group an action forwards to. AWS takes several with weights; the simulator does not.
func (a action) target() (string, error) {
	if a.Type != "forward" {
		return "", refuse("InvalidLoadBalancerAction", "The action type '%s' is not valid with network load balancer", a.Type)
	}
	named := a.TargetGroupARN
	for _, t := range a.ForwardConfig.TargetGroups {
		if named != "" && named != t.TargetGroupARN {
			return "", refuse("TooManyTargetGroups", "the simulated region forwards to one target group for each listener")
		}
		named = t.TargetGroupARN
	}
	return named, nil
}

// listenerProtocols are the protocols of target groups that a listener can forward to.
var listenerProtocols = map[string][]string{
	"TCP":     {"TCP", "TCP_UDP"},
	"TLS":     {"TCP", "TLS"},
	"UDP":     {"UDP", "TCP_UDP"},
	"TCP_UDP": {"TCP_UDP"},
}

func (w *world) checkListener(l *listener) error {
	protocols, known := listenerProtocols[l.Protocol]
	switch {
	case !known:
		return refuse("UnsupportedProtocol", "Protocol '%s' is not supported for load balancers of type 'network'", l.Protocol)
	case l.Port < 1 || l.Port > 65535:
		return invalidELB("A port must be specified between 1 and 65535")
	case l.TargetGroupARN == "":
		return invalidELB("A listener must have a default action that names a target group")
	case l.Protocol == "TLS" && len(l.Certificates) == 0:
		return invalidELB("A certificate must be specified for TLS listeners")
	case l.Protocol != "TLS" && (l.SSLPolicy != "" || len(l.Certificates) > 0 || len(l.ALPNPolicy) > 0):
		return invalidELB("SSL policies, certificates and ALPN policies are for TLS listeners, not '%s'", l.Protocol)
	}
	g, err := w.targetGroup(l.TargetGroupARN)
	if err != nil {
		return err
	}
	if !slices.Contains(protocols, g.Protocol) {
		return refuse("IncompatibleProtocols", "The protocol '%s' of target group '%s' is not compatible with the protocol '%s' of the listener", g.Protocol, g.ARN, l.Protocol)
	}
	return w.checkAssociation(w.LoadBalancers[l.LoadBalancerARN], g)
}

func (w *world) checkAssociation(b *loadBalancer, g *targetGroup) error {
	if g.VPCID != b.VPCID {
		return invalidConfiguration("Target group '%s' is not in the VPC of load balancer '%s'", g.ARN, b.ARN)
	}
	for _, other := range w.loadBalancersOf(g.ARN) {
		if other != b.ARN {
			return refuse("TargetGroupAssociationLimit",
				"The following target groups cannot be associated with more than one load balancer: %s", g.ARN)
		}
	}
	return nil
}

func (w *world) listener(arn string) (*listener, error) {
	l, exists := w.Listeners[arn]
	if !exists {
		return nil, refuse("ListenerNotFound", "One or more listeners not found")
	}
	return l, nil
}

// listenersOf lists the listeners of a load balancer by ARN.
func (w *world) listenersOf(loadBalancerARN string) []*listener {
	return slices.DeleteFunc(sortedRows(w.Listeners), func(l *listener) bool {
		return l.LoadBalancerARN != loadBalancerARN
	})
}

type describeListenersInput struct {
	LoadBalancerARN string   `wire:"LoadBalancerArn"`
	ListenerARNs    []string `wire:"ListenerArns"`
	elbPage
}

func (w *world) describeListeners(in describeListenersInput) (listenersOutput, error) {
	if (in.LoadBalancerARN == "") == (len(in.ListenerARNs) == 0) {
		return listenersOutput{}, invalidELB("You must specify either listener ARNs or a load balancer ARN")
	}
	var list []*listener
	if in.LoadBalancerARN != "" {
		if _, err := w.loadBalancer(in.LoadBalancerARN); err != nil {
			return listenersOutput{}, err
		}
		list = w.listenersOf(in.LoadBalancerARN)
	}
	for _, arn := range slices.Compact(slices.Sorted(slices.Values(in.ListenerARNs))) {
		l, err := w.listener(arn)
		if err != nil {
			return listenersOutput{}, err
		}
		list = append(list, l)
	}
	cut, next, err := elbList(list, func(l *listener) string { return l.ARN }, in.elbPage)
	out := w.listeners(cut...)
	out.NextMarker = next
	return out, err
}

type modifyListenerInput struct {
	ListenerARN string `wire:"ListenerArn"`
	listenerInput
}

func (w *world) modifyListener(in modifyListenerInput) (listenersOutput, error) {
	l, err := w.listener(in.ListenerARN)
	if err != nil {
		return listenersOutput{}, err
	}
	after := *l
	if err := cmp.Or(in.apply(&after), w.checkListener(&after)); err != nil {
		return listenersOutput{}, err
	}
	if other := w.listenerAt(l.LoadBalancerARN, after.Port); other != nil && other != l {
		return listenersOutput{}, duplicateListener(l.LoadBalancerARN)
	}
	*l = after
	return w.listeners(l), nil
}

type listenerARNInput struct {
	ListenerARN string `wire:"ListenerArn"`
}

func (w *world) deleteListener(in listenerARNInput) (none, error) {
	l, err := w.listener(in.ListenerARN)
	if err != nil {
		return none{}, err
	}
	w.removeListener(l)
	return none{}, nil
}

func (w *world) removeListener(l *listener) {
	delete(w.Listeners, l.ARN)
	delete(w.Tags, l.ARN)
}

type listenerXML struct {
	ARN             string `xml:"ListenerArn"`
	LoadBalancerARN string `xml:"LoadBalancerArn"`
	Protocol        string
	Port            int
	DefaultActions  members[action]
	SSLPolicy       string                `xml:"SslPolicy,omitempty"`
	Certificates    *members[certificate] `xml:",omitempty"`
	ALPNPolicy      *members[string]      `xml:"AlpnPolicy,omitempty"`
}

func (w *world) listeners(list ...*listener) listenersOutput {
	var out listenersOutput
	for _, l := range list {
		out.Listeners.Members = append(out.Listeners.Members, newListenerXML(l))
	}
	return out
}

func newListenerXML(l *listener) listenerXML {
	x := listenerXML{
		ARN: l.ARN, LoadBalancerARN: l.LoadBalancerARN, Protocol: l.Protocol, Port: l.Port, SSLPolicy: l.SSLPolicy,
		DefaultActions: members[action]{[]action{{
			Type: "forward", Order: 1, TargetGroupARN: l.TargetGroupARN,
			ForwardConfig: forwardConfig{[]targetGroupTuple{{TargetGroupARN: l.TargetGroupARN}}},
		}}},
	}
	if len(l.Certificates) > 0 {
		x.Certificates = &members[certificate]{}
		for _, arn := range l.Certificates {
			x.Certificates.Members = append(x.Certificates.Members, certificate{arn})
		}
	}
	if len(l.ALPNPolicy) > 0 {
		x.ALPNPolicy = &members[string]{l.ALPNPolicy}
	}
	return x
}
