package desired

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/quorate/quorate/desired/kopsspec"
	"github.com/quorate/quorate/topology"
)

// Ports of the control plane; the numbers are kops's.
const (
	portSSH            = 22
	portAPI            = 443
	portAPIDirect      = 8443 // the API without TLS termination at the load balancer
	portKopsController = 3988
	portCiliumEtcd     = 4003
)

// ruleSet collects rules. The same rule may follow from two reasons; AWS has it once.
type ruleSet struct {
	m     manifest
	rules []topology.SecurityGroupRule
	seen  map[topology.Ref]bool
}

func (s *ruleSet) add(r topology.SecurityGroupRule) {
	if r.Ownership = topology.Owned; !s.seen[r.Ref()] {
		s.seen[r.Ref()] = true
		s.rules = append(s.rules, r)
	}
}

// between lets every source group into every target group.
func (s *ruleSet) between(sources, targets []firewall, t traffic, tagged bool) {
	for _, target := range targets {
		for _, source := range sources {
			r := topology.SecurityGroupRule{
				Group: target.ref, Direction: topology.Ingress,
				Protocol: t.protocol, FromPort: t.from, ToPort: t.to, Peer: source.ref,
			}
			if tagged {
				r.Tags = s.m.ruleTags(source.label, topology.Ingress, t, target.label)
			}
			s.add(r)
		}
	}
}

// from lets a range of addresses, or a prefix list, into every target group.
func (s *ruleSet) from(source string, targets []firewall, t traffic, tagged bool) {
	for _, target := range targets {
		r := topology.SecurityGroupRule{
			Group: target.ref, Direction: topology.Ingress,
			Protocol: t.protocol, FromPort: t.from, ToPort: t.to,
		}
		label := source
		if strings.HasPrefix(source, "pl-") {
			r.PrefixList, label = source, anyIPv4.String() // kops names a prefix list so
		} else {
			r.CIDR = netip.MustParsePrefix(source).Masked()
		}
		if tagged {
			r.Tags = s.m.ruleTags(label, topology.Ingress, t, target.label)
		}
		s.add(r)
	}
}

// out lets everything out of a group.
func (s *ruleSet) out(f firewall) {
	for _, everywhere := range []netip.Prefix{anyIPv4, anyIPv6} {
		s.add(topology.SecurityGroupRule{
			Group: f.ref, Direction: topology.Egress,
			Protocol: allTraffic.protocol, FromPort: allTraffic.from, ToPort: allTraffic.to, CIDR: everywhere,
			Tags: s.m.ruleTags(f.label, topology.Egress, allTraffic, everywhere.String()),
		})
	}
}

// ruleTags are the tags of a rule whose Name says what it allows.
func (m manifest) ruleTags(source string, d topology.Direction, t traffic, target string) topology.Tags {
	protocol, from, to := t.protocol, t.from, t.to
	switch {
	case t == allTraffic:
		protocol, from, to = "all", 0, 0
	case t == ipInIP:
		from, to = 0, 65535
	}
	return m.tags(fmt.Sprintf("from-%s-%s-%s-%dto%d-%s", source, d, protocol, from, to, target))
}

// securityGroupRules are all rules of kops, in three sorts: among machines, from outside, and through the
// load balancers.
func (m manifest) securityGroupRules() []topology.SecurityGroupRule {
	s := &ruleSet{m: m, seen: map[topology.Ref]bool{}}
	for _, f := range m.allFirewalls() {
		s.out(f)
	}
	s.amongMachines()
	s.directAccess()
	s.throughAPILoadBalancer()
	s.throughBastions()
	return s.rules
}

// amongMachines opens the control plane to workers, except for the ports of etcd's peers and clients.
func (s *ruleSet) amongMachines() {
	masters, nodes := s.m.controlPlaneFirewalls(), s.m.workerFirewalls()
	s.between(nodes, nodes, allTraffic, true)
	s.between(masters, nodes, allTraffic, true)
	s.between(masters, masters, allTraffic, true)
	s.between(nodes, masters, traffic{"udp", 1, 65535}, true)
	for _, open := range s.m.openToWorkers() {
		s.between(nodes, masters, open, true)
	}
	switch s.m.Spec.Networking.Plugin() {
	case "amazonvpc":
		s.between(nodes, masters, allTraffic, true)
	case "calico", "kuberouter":
		s.between(nodes, masters, ipInIP, true)
	}
}

// openToWorkers are the TCP ports between the closed ones: those of etcd's peers from 2380 and of its
// clients from 4001. Cilium's own etcd is meant for the workers, so that only its peer port is closed.
func (m manifest) openToWorkers() []traffic {
	closed := []int{2380, 2381, 4001, 4002}
	if m.Spec.Networking.Cilium.EtcdManaged {
		closed = append(closed, 2382)
	}
	if slices.ContainsFunc(m.Spec.EtcdClusters, func(e kopsspec.EtcdCluster) bool { return e.Name == "leases" }) {
		closed = append(closed, 2383, 4004)
	}
	return gaps(closed, 65535)
}

// directAccess lets people reach the machines where nothing stands in between.
func (s *ruleSet) directAccess() {
	masters, nodes := s.m.controlPlaneFirewalls(), s.m.workerFirewalls()
	if len(s.m.bastionFirewalls()) == 0 {
		for _, source := range s.m.Spec.SSHAccess {
			s.from(source, masters, tcp(portSSH, portSSH), true)
			s.from(source, nodes, tcp(portSSH, portSSH), true)
		}
	}
	if s.m.apiLoadBalancer() == nil {
		for _, source := range s.m.Spec.KubernetesAPIAccess {
			s.from(source, masters, tcp(portAPI, portAPI), true)
		}
	}
	low, high, _ := parsePortRange(s.m.Spec.KubeAPIServer.ServiceNodePortRange)
	for _, source := range s.m.Spec.NodePortAccess {
		s.from(source, nodes, tcp(low, high), false)
		s.from(source, nodes, traffic{"udp", low, high}, false)
	}
}

// throughAPILoadBalancer lets clients reach the API servers by their load balancer.
func (s *ruleSet) throughAPILoadBalancer() {
	lb, masters := s.m.apiLBFirewalls(), s.m.controlPlaneFirewalls()
	if len(lb) == 0 {
		return
	}
	for _, port := range s.m.apiPorts() {
		for _, source := range s.m.Spec.KubernetesAPIAccess {
			s.from(source, lb, tcp(port, port), true)
		}
		s.between(lb, masters, tcp(port, port), false)
	}
	for _, source := range s.m.Spec.KubernetesAPIAccess {
		s.fragmentationFrom(source, lb)
	}
	if s.m.classicAPI() {
		return // it ends the connections, so that no message of theirs has to pass it
	}
	s.between(lb, masters, fragmentation, false)
	s.between(masters, lb, fragmentation, false)
	if s.m.publishesDNS() {
		return
	}
	// Without DNS, workers reach the control plane by the load balancer only.
	s.between(s.m.workerFirewalls(), lb, allTraffic, false)
	s.between(lb, masters, tcp(portKopsController, portKopsController), false)
	if s.m.Spec.Networking.Cilium.EtcdManaged {
		s.between(lb, masters, tcp(portCiliumEtcd, portCiliumEtcd), false)
	}
}

// apiPorts are the ports that the API servers' load balancer listens on for clients.
func (m manifest) apiPorts() []int {
	if m.apiLoadBalancer().SSLCertificate == "" || m.classicAPI() {
		return []int{portAPI}
	}
	return []int{portAPI, portAPIDirect}
}

// fragmentationFrom lets the message through in the address family of its sender; a prefix list may hold
// either.
func (s *ruleSet) fragmentationFrom(source string, targets []firewall) {
	list := strings.HasPrefix(source, "pl-")
	v6 := !list && netip.MustParsePrefix(source).Addr().Is6()
	if !v6 {
		s.from(source, targets, fragmentation, false)
	}
	if v6 || list {
		s.from(source, targets, fragmentationV6, false)
	}
}

// throughBastions lets people reach the machines by the bastions, and the bastions by their load balancer.
func (s *ruleSet) throughBastions() {
	bastion, lb := s.m.bastionFirewalls(), s.m.bastionLBFirewalls()
	if len(bastion) == 0 {
		return
	}
	ssh := tcp(portSSH, portSSH)
	s.between(bastion, s.m.controlPlaneFirewalls(), ssh, true)
	s.between(bastion, s.m.workerFirewalls(), ssh, true)
	s.between(lb, bastion, ssh, true)
	s.between(lb, bastion, fragmentation, true)
	s.between(bastion, lb, fragmentation, true)
	for _, source := range append(s.m.bastionSubnetCIDRs(), s.m.Spec.SSHAccess...) {
		s.from(source, lb, ssh, true)
		s.fragmentationFrom(source, lb)
	}
}

// bastionSubnetCIDRs are the ranges that the bastions' load balancer probes from.
func (m manifest) bastionSubnetCIDRs() []string {
	var cidrs []string
	for _, s := range m.loadBalancerSubnets(m.Spec.Topology.Bastion.LoadBalancer.Type) {
		if s.cidr.IsValid() {
			cidrs = append(cidrs, s.cidr.String())
		}
		if p, err := netip.ParsePrefix(s.IPv6CIDR); err == nil {
			cidrs = append(cidrs, p.String())
		}
	}
	return cidrs
}
