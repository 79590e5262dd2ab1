package awssim

import "net/netip"

// classicPort is a listener of a Classic load balancer.
type classicPort struct {
	balancer string
	port     int
}

func (p classicPort) choose(w *world, zone string, turn int) (registration, netip.AddrPort, bool) {
	b := w.Classic[p.balancer]
	if b == nil {
		return nil, netip.AddrPort{}, false
	}
	members := w.serving(b, zone)
	if len(members) == 0 {
		return nil, netip.AddrPort{}, false
	}
	for _, l := range b.Listeners {
		if l.LoadBalancerPort == p.port {
			m := members[turn%len(members)]
			return classicProbed{b.Name, m.ID, m.Since}, netip.AddrPortFrom(w.Instances[m.ID].PrivateIP, uint16(l.InstancePort)), true
		}
	}
	return nil, netip.AddrPort{}, false
}

// serving are the machines that a node sends connections to: the healthy ones of its zone, or of all
// zones if the load balancer balances across them. There is no failing open: a Classic load balancer
// without a healthy machine answers nobody.
func (w *world) serving(b *classicBalancer, zone string) []*classicMember {
	var list []*classicMember
	for _, m := range sortedRows(b.Members) {
		machine := w.Instances[m.ID]
		if m.Healthy && !m.Draining && machine != nil && machine.State == "running" && (machine.Zone == zone || b.Settings.CrossZone.Enabled) {
			list = append(list, m)
		}
	}
	return list
}

// ended: a connection ends with its machine's registration, which draining holds up.
func (p classicProbed) ended(w *world) bool {
	_, _, current := p.find(w)
	return !current
}

// classicNodesInDNS are the nodes that have a machine to send to, or all if none has.
func (w *world) classicNodesInDNS(b *classicBalancer) []netip.Addr {
	var good, all []netip.Addr
	for _, n := range b.Nodes {
		all = append(all, n.Address)
		if !w.DownZones[n.Zone] && len(w.serving(b, n.Zone)) > 0 {
			good = append(good, n.Address)
		}
	}
	if len(good) > 0 {
		return good
	}
	return all
}
