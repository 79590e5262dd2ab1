package desired

import (
	"cmp"

	"github.com/quorate/quorate/topology"
)

// defaultSSLPolicy is kops's for a listener with a certificate.
const defaultSSLPolicy = "ELBSecurityPolicy-2016-08"

func (m manifest) listeners() []topology.Listener {
	var listeners []topology.Listener
	for _, s := range m.apiServices() {
		l := m.listener("api", s)
		if s.protocol == "TLS" {
			l.Certificate = m.apiLoadBalancer().SSLCertificate
			l.SSLPolicy = cmp.Or(m.apiLoadBalancer().SSLPolicy, defaultSSLPolicy)
		}
		listeners = append(listeners, l)
	}
	for _, s := range m.bastionServices() {
		listeners = append(listeners, m.listener("bastion", s))
	}
	return listeners
}

func (m manifest) listener(loadBalancer string, s service) topology.Listener {
	return topology.Listener{
		LoadBalancer: m.ref(topology.KindLoadBalancer, loadBalancer),
		Port:         s.port,
		Protocol:     s.protocol,
		TargetGroup:  m.targetGroupRef(s),
		Ownership:    topology.Owned,
	}
}
