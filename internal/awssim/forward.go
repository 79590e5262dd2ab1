package awssim

import (
	"context"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
)

// forwarding is the part of load balancers that moves bytes: a door for each listener of each node.
// It exists only where machines really run.
type forwarding struct {
	doors map[netip.AddrPort]*door
}

// door is one listener at one node's address.
type door struct {
	front  frontend
	zone   string
	socket net.Listener // nil after a failure to listen

	mu    sync.Mutex
	turn  int
	conns map[*relay]bool
}

// frontend is what a listener does with a connection. It is comparable: the same listener is the same
// frontend.
type frontend interface {
	// choose takes the next of the machines that a new connection may go to.
	choose(w *world, zone string, turn int) (registration, netip.AddrPort, bool)
}

// registration is a machine's place behind a load balancer.
type registration interface {
	// ended says whether the load balancer ends the connections to the machine by itself.
	ended(w *world) bool
}

// relay is one connection from a client to a target.
type relay struct {
	to             registration
	client, server net.Conn
}

func (c *relay) close() {
	c.client.Close()
	c.server.Close()
}

// forward opens and closes doors and connections until they are as the world says. The caller holds
// the region's lock.
func (r *Region) forward() {
	if r.cfg.Boot == nil {
		return
	}
	wanted := r.world.doorsWanted()
	for at, d := range r.forwarding.doors {
		if want, keep := wanted[at]; !keep || want.front != d.front {
			d.close()
			delete(r.forwarding.doors, at)
		}
	}
	for at, d := range wanted {
		if _, open := r.forwarding.doors[at]; !open {
			r.openDoor(at, d)
		}
	}
	for _, d := range r.forwarding.doors {
		d.closeStale(r.world)
	}
}

// doorsWanted says where connections are to be taken: at the nodes of active load balancers.
func (w *world) doorsWanted() map[netip.AddrPort]*door {
	wanted := map[netip.AddrPort]*door{}
	for _, l := range w.Listeners {
		b := w.LoadBalancers[l.LoadBalancerARN]
		if !b.Active {
			continue
		}
		for _, n := range b.Nodes {
			if !w.DownZones[n.Zone] {
				at := netip.AddrPortFrom(n.Address, uint16(l.Port))
				wanted[at] = &door{front: networkPort{l.ARN}, zone: n.Zone, conns: map[*relay]bool{}}
			}
		}
	}
	for _, b := range w.Classic {
		for _, n := range b.Nodes {
			for _, l := range b.Listeners {
				if !w.DownZones[n.Zone] {
					at := netip.AddrPortFrom(n.Address, uint16(l.LoadBalancerPort))
					wanted[at] = &door{front: classicPort{b.Name, l.LoadBalancerPort}, zone: n.Zone, conns: map[*relay]bool{}}
				}
			}
		}
	}
	return wanted
}

// openDoor listens. Where the address is taken (by another simulation on this computer) it tries
// again with the next change of the world.
func (r *Region) openDoor(at netip.AddrPort, d *door) {
	socket, err := r.cfg.Network.Listen(context.Background(), at)
	if err != nil {
		return
	}
	d.socket = socket
	if r.forwarding.doors == nil {
		r.forwarding.doors = map[netip.AddrPort]*door{}
	}
	r.forwarding.doors[at] = d
	go d.serve(r)
}

func (d *door) serve(r *Region) {
	for {
		client, err := d.socket.Accept()
		if err != nil {
			return // closed
		}
		go d.take(r, client)
	}
}

// take connects one client to a target. Where there is none, the connection closes.
func (d *door) take(r *Region, client net.Conn) {
	r.mu.Lock()
	to, at, found := d.choose(r.world)
	r.mu.Unlock()
	if !found {
		client.Close()
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), probePatience)
	defer cancel()
	server, err := r.cfg.Network.DialContext(ctx, "tcp", at.String())
	if err != nil {
		client.Close()
		return
	}
	d.relay(&relay{to, client, server})
}

// relay moves bytes both ways until either side has had enough.
func (d *door) relay(c *relay) {
	d.mu.Lock()
	if d.conns == nil {
		d.mu.Unlock()
		c.close()
		return
	}
	d.conns[c] = true
	d.mu.Unlock()
	defer func() {
		c.close()
		d.mu.Lock()
		delete(d.conns, c)
		d.mu.Unlock()
	}()
	var both sync.WaitGroup
	both.Go(func() { pour(c.server, c.client) })
	both.Go(func() { pour(c.client, c.server) })
	both.Wait()
}

// pour copies one direction and passes on its end, so that half-closed connections work.
func pour(to, from net.Conn) {
	_, _ = io.Copy(to, from) // an error ends the direction, which is all there is to do
	if half, can := to.(interface{ CloseWrite() error }); can {
		_ = half.CloseWrite()
	}
}

// choose asks the frontend, which takes its turns by this door's count.
func (d *door) choose(w *world) (registration, netip.AddrPort, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	to, at, found := d.front.choose(w, d.zone, d.turn)
	if found {
		d.turn++
	}
	return to, at, found
}

// networkPort is a listener of a network load balancer.
type networkPort struct{ listenerARN string }

func (p networkPort) choose(w *world, zone string, turn int) (registration, netip.AddrPort, bool) {
	l, exists := w.Listeners[p.listenerARN]
	if !exists {
		return nil, netip.AddrPort{}, false
	}
	g := w.TargetGroups[l.TargetGroupARN]
	targets := w.eligible(w.LoadBalancers[l.LoadBalancerARN], g, zone)
	if len(targets) == 0 {
		return nil, netip.AddrPort{}, false
	}
	t := targets[turn%len(targets)]
	at, _, _ := w.targetPlace(g, t)
	return probed{g.ARN, t.key(), t.Since}, netip.AddrPortFrom(at, uint16(t.Port)), true
}

// eligible lists the targets a node may use: the healthy ones of its zone (of all zones if balancing
// across zones). A node left without a healthy one fails open and tries all of them, as AWS does;
// clients hardly meet that, because the node's address leaves the DNS first.
func (w *world) eligible(b *loadBalancer, g *targetGroup, zone string) []*target {
	var healthy, registered []*target
	for _, t := range sortedRows(g.Targets) {
		_, where, running := w.targetPlace(g, t)
		if t.State == targetDraining || !running || (where != zone && !w.crossZone(b, g)) {
			continue
		}
		registered = append(registered, t)
		if t.State == targetHealthy {
			healthy = append(healthy, t)
		}
	}
	if len(healthy) > 0 {
		return healthy
	}
	return registered
}

// closeStale ends the connections that the load balancer ends by itself.
func (d *door) closeStale(w *world) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for c := range d.conns {
		if c.to.ended(w) {
			c.close()
		}
	}
}

// ended says whether the target group's attributes end a connection: because its target became
// unhealthy (by default), or because its deregistration is complete (if wanted).
func (p probed) ended(w *world) bool {
	g, t, current := p.find(w)
	ends := func(event string) bool { return g.Attributes[event+".connection_termination.enabled"] == "true" }
	switch {
	case g == nil:
		return true
	case !current:
		return ends("deregistration_delay")
	default:
		return t.State == targetUnhealthy && ends("target_health_state.unhealthy")
	}
}

func (d *door) close() {
	d.socket.Close()
	d.mu.Lock()
	defer d.mu.Unlock()
	for c := range d.conns {
		c.close()
	}
	d.conns = nil
}

// closeAll closes every door for good.
func (f *forwarding) closeAll() {
	for _, d := range f.doors {
		d.close()
	}
	f.doors = nil
}

// LookupHost gives the simulated addresses behind a name, as a resolver would: those in a record of a
// hosted zone, or those of the load balancer that the name or a record leads to. Of a load balancer these
// are the zones that have a healthy target, or all of them if no zone has. Names of nothing have no
// addresses.
func (r *Region) LookupHost(name string) []netip.Addr {
	r.mu.Lock()
	defer r.mu.Unlock()
	record, exists := r.world.addressRecord(name)
	if !exists {
		return r.balancerAddresses(name)
	}
	if record.Alias != nil {
		return r.balancerAddresses(strings.TrimSuffix(record.Alias.DNSName, "."))
	}
	var addresses []netip.Addr
	for _, v := range record.Values {
		if a, err := netip.ParseAddr(v); err == nil {
			addresses = append(addresses, a)
		}
	}
	return addresses
}

// addressRecord is the IPv4 record of a name in any zone.
func (w *world) addressRecord(name string) (recordSet, bool) {
	for _, z := range w.HostedZones {
		for _, record := range z.Records {
			if record.Type == "A" && strings.TrimSuffix(record.Name, ".") == name {
				return record, true
			}
		}
	}
	return recordSet{}, false
}

func (r *Region) balancerAddresses(name string) []netip.Addr {
	for _, b := range r.world.LoadBalancers {
		if r.world.loadBalancerHost(b) == name {
			return r.world.nodesInDNS(b)
		}
	}
	for _, b := range r.world.Classic {
		if r.world.classicHost(b) == name {
			return r.world.classicNodesInDNS(b)
		}
	}
	return nil
}

func (w *world) nodesInDNS(b *loadBalancer) []netip.Addr {
	var good, all []netip.Addr
	for _, n := range b.Nodes {
		all = append(all, n.Address)
		if !w.DownZones[n.Zone] && w.zoneHealthy(b, n.Zone) {
			good = append(good, n.Address)
		}
	}
	if len(good) > 0 {
		return good
	}
	return all
}

// zoneHealthy says whether every target group of a load balancer has enough healthy targets for a
// node (AWS's minimum is one unless set otherwise).
func (w *world) zoneHealthy(b *loadBalancer, zone string) bool {
	for _, l := range w.listenersOf(b.ARN) {
		g := w.TargetGroups[l.TargetGroupARN]
		healthy := 0
		for _, t := range w.eligible(b, g, zone) {
			if t.State == targetHealthy {
				healthy++
			}
		}
		minimum, err := strconv.Atoi(g.Attributes["target_group_health.dns_failover.minimum_healthy_targets.count"])
		if err == nil && healthy < minimum {
			return false
		}
	}
	return true
}
