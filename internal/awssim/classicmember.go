package awssim

import (
	"context"
	"net/netip"
	"slices"
	"time"
)

// classicMember is a machine registered with a Classic load balancer.
type classicMember struct {
	ID       string
	Since    string // tells this registration from an earlier one of the same machine
	Known    bool   // the registration has reached the nodes
	Healthy  bool
	Streak   int // equal probes in a row: successes up, failures down
	Draining bool
}

// classicInstance is how requests and answers name a machine.
type classicInstance struct {
	ID string `wire:"InstanceId" xml:"InstanceId"`
}

type classicInstancesInput struct {
	LoadBalancerName string
	Instances        []classicInstance
}

type classicInstancesOutput struct{ Instances members[classicInstance] }

func (w *world) registerClassic(in classicInstancesInput) (classicInstancesOutput, error) {
	b, err := w.classic(in.LoadBalancerName)
	if err != nil {
		return classicInstancesOutput{}, err
	}
	for _, i := range in.Instances {
		if machine, exists := w.Instances[i.ID]; !exists || machine.VPCID != b.VPCID {
			return classicInstancesOutput{}, refuse("InvalidInstance", "Could not find EC2 instance %s.", i.ID)
		}
	}
	for _, i := range in.Instances {
		w.joinClassic(b, i.ID)
	}
	return classicInstancesOutput{w.classicXML(b).Instances}, nil
}

// joinClassic registers a machine and starts probing it. Registering again ends a draining, and
// changes nothing otherwise.
func (w *world) joinClassic(b *classicBalancer, id string) {
	if m, registered := b.Members[id]; registered && !m.Draining {
		return
	}
	m := &classicMember{ID: id, Since: w.region.ids.uuid()}
	b.Members[id] = m
	w.region.probeClassicAfter(targetRegisterDelay, classicProbed{b.Name, id, m.Since})
}

func (w *world) deregisterClassic(in classicInstancesInput) (classicInstancesOutput, error) {
	b, err := w.classic(in.LoadBalancerName)
	if err != nil {
		return classicInstancesOutput{}, err
	}
	for _, i := range in.Instances {
		if _, registered := b.Members[i.ID]; !registered {
			return classicInstancesOutput{}, refuse("InvalidInstance", "EC2 instance %s is not registered with the load balancer.", i.ID)
		}
	}
	for _, i := range in.Instances {
		w.leaveClassic(b, i.ID)
	}
	return classicInstancesOutput{w.classicXML(b).Instances}, nil
}

// leaveClassic takes a machine out, once its connections are drained where that is turned on. It
// returns how long that takes.
func (w *world) leaveClassic(b *classicBalancer, id string) time.Duration {
	m, registered := b.Members[id]
	if !registered {
		return 0
	}
	if !b.Settings.Draining.Enabled {
		delete(b.Members, id)
		return 0
	}
	delay := time.Duration(b.Settings.Draining.Timeout) * time.Second
	if m.Draining {
		return delay
	}
	m.Draining = true
	gone := classicProbed{b.Name, id, m.Since}
	w.after(delay, func(w *world) {
		if b, _, current := gone.find(w); current {
			delete(b.Members, id)
		}
	})
	return delay
}

type describeClassicHealthOutput struct {
	States members[classicStateXML] `xml:"InstanceStates"`
}

type classicStateXML struct {
	InstanceID  string `xml:"InstanceId"`
	State       string
	ReasonCode  string
	Description string
}

func (w *world) describeClassicHealth(in classicInstancesInput) (describeClassicHealthOutput, error) {
	b, err := w.classic(in.LoadBalancerName)
	if err != nil {
		return describeClassicHealthOutput{}, err
	}
	var out describeClassicHealthOutput
	for _, m := range sortedRows(b.Members) {
		if len(in.Instances) == 0 || slices.Contains(in.Instances, classicInstance{m.ID}) {
			out.States.Members = append(out.States.Members, m.xml())
		}
	}
	for _, i := range in.Instances {
		if _, registered := b.Members[i.ID]; !registered {
			return describeClassicHealthOutput{}, refuse("InvalidInstance", "EC2 instance %s is not registered with the load balancer.", i.ID)
		}
	}
	return out, nil
}

// xml words the health of a machine as AWS does.
func (m *classicMember) xml() classicStateXML {
	switch {
	case m.Draining:
		return classicStateXML{m.ID, "InService", "N/A", "Instance deregistration currently in progress."}
	case m.Healthy:
		return classicStateXML{m.ID, "InService", "N/A", "N/A"}
	case !m.Known:
		return classicStateXML{m.ID, "OutOfService", "ELB", "Instance registration is still in progress."}
	}
	return classicStateXML{m.ID, "OutOfService", "Instance", "Instance has failed at least the UnhealthyThreshold number of health checks consecutively."}
}

// classicProbed names a registration that is probed again and again until it ends.
type classicProbed struct{ balancer, instance, since string }

func (p classicProbed) find(w *world) (*classicBalancer, *classicMember, bool) {
	b, exists := w.Classic[p.balancer]
	if !exists {
		return nil, nil, false
	}
	m, registered := b.Members[p.instance]
	return b, m, registered && m.Since == p.since
}

func (r *Region) probeClassicAfter(d time.Duration, p classicProbed) {
	r.cfg.Clock.AfterFunc(d, func() { r.probeClassic(p) })
}

// probeClassic asks a machine how it is, without holding the region's lock, and asks again after the
// check's interval.
func (r *Region) probeClassic(p classicProbed) {
	var ask func(context.Context) probeResult
	r.update(func(w *world) { ask = w.classicQuestion(p) })
	if ask == nil {
		return
	}
	found := ask(context.Background())
	r.update(func(w *world) {
		b, m, current := p.find(w)
		if !current {
			return
		}
		m.observe(b.Check, found)
		r.probeClassicAfter(time.Duration(b.Check.Interval)*time.Second, p)
	})
}

// classicQuestion prepares a health check; nil ends the probing, because the machine is gone.
func (w *world) classicQuestion(p classicProbed) func(context.Context) probeResult {
	b, m, current := p.find(w)
	if !current {
		return nil
	}
	machine, exists := w.Instances[m.ID]
	if !exists || machine.State == "terminated" {
		delete(b.Members, m.ID)
		return nil
	}
	protocol, port, path, _ := b.Check.parse()
	answer := func(found probeResult) func(context.Context) probeResult {
		return func(context.Context) probeResult { return found }
	}
	switch {
	case machine.State != "running" || w.DownZones[machine.Zone]:
		return answer(probeFailed)
	case w.region.cfg.Boot == nil && w.answering(m.ID):
		return answer(probePassed)
	case w.region.cfg.Boot == nil:
		return answer(probeFailed)
	case layers[protocol] == 4:
		// An SSL check shakes hands as well; that software listens is what tells here.
		return prober{w.region, healthCheck{Protocol: "TCP"}, netip.AddrPortFrom(machine.PrivateIP, uint16(port))}.ask
	}
	check := healthCheck{Protocol: protocol, Path: path, Matcher: "200"}
	return prober{w.region, check, netip.AddrPortFrom(machine.PrivateIP, uint16(port))}.ask
}

// observe counts a probe: the thresholds decide in both directions, and a new machine is out of service.
func (m *classicMember) observe(c classicCheck, found probeResult) {
	m.Known = true
	if found == probePassed {
		m.Streak = max(m.Streak, 0) + 1
		m.Healthy = m.Healthy || m.Streak >= c.Healthy
		return
	}
	m.Streak = min(m.Streak, 0) - 1
	m.Healthy = m.Healthy && -m.Streak < c.Unhealthy
}
