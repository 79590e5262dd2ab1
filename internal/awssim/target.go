package awssim

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// target is a machine (or an address) registered with a target group.
type target struct {
	ID    string // instance id or IP address
	Port  int
	Zone  string // as registered, for addresses outside the VPC; else empty
	Since string // tells this registration from an earlier one of the same target
	State targetState
	// Streak counts equal probes in a row: successes up, failures down.
	Streak int
	// Mismatch says that the last failed probe got an answer, but the wrong one.
	Mismatch bool
}

// targetState is the health of a target as the load balancer knows it.
type targetState string

// The states a target can have by itself; that its group is unused shows only when asked.
const (
	targetRegistering targetState = "registering" // shown as initial
	targetInitial     targetState = "initial"
	targetHealthy     targetState = "healthy"
	targetUnhealthy   targetState = "unhealthy"
	targetDraining    targetState = "draining"
)

func (t *target) key() string { return targetKey(t.ID, t.Port) }

func targetKey(id string, port int) string { return id + ":" + strconv.Itoa(port) }

// targetXML is how requests and answers name a target.
type targetXML struct {
	ID   string `wire:"Id" xml:"Id"`
	Port int    `xml:",omitempty"`
	Zone string `wire:"AvailabilityZone" xml:"AvailabilityZone,omitempty"`
}

type targetsInput struct {
	TargetGroupARN string `wire:"TargetGroupArn"`
	Targets        []targetXML
}

func (w *world) registerTargets(in targetsInput) (none, error) {
	g, err := w.targetGroup(in.TargetGroupARN)
	if err != nil {
		return none{}, err
	}
	if len(in.Targets) == 0 {
		return none{}, invalidELB("At least one target must be specified")
	}
	for _, t := range in.Targets {
		if err := w.checkRegistration(g, t); err != nil {
			return none{}, err
		}
	}
	for _, t := range in.Targets {
		w.registerTarget(g, t)
	}
	return none{}, nil
}

func (w *world) checkRegistration(g *targetGroup, t targetXML) error {
	if g.TargetType == "ip" {
		if a, err := netip.ParseAddr(t.ID); err != nil || !a.IsPrivate() {
			return refuse("InvalidTarget", "The IP address '%s' is not a valid IPv4 address of a target", t.ID)
		}
		return nil
	}
	i, exists := w.Instances[t.ID]
	switch {
	case !exists:
		return refuse("InvalidTarget", "Instance ID '%s' is not valid", t.ID)
	case i.State != "running":
		return refuse("InvalidTarget", "The following targets are not in a running state and cannot be registered: '%s'", t.ID)
	case i.VPCID != g.VPCID:
		return refuse("InvalidTarget", "The following targets are not in the target group VPC '%s': '%s'", g.VPCID, t.ID)
	}
	return nil
}

// registerTarget adds a target and starts probing it. Registering again changes nothing, except
// that it ends a draining.
func (w *world) registerTarget(g *targetGroup, in targetXML) {
	port := cmp.Or(in.Port, g.Port)
	if t, registered := g.Targets[targetKey(in.ID, port)]; registered && t.State != targetDraining {
		return
	}
	t := &target{ID: in.ID, Port: port, Zone: in.Zone, Since: w.region.ids.uuid(), State: targetRegistering}
	g.Targets[t.key()] = t
	w.region.probeAfter(targetRegisterDelay, probed{g.ARN, t.key(), t.Since})
}

func (w *world) deregisterTargets(in targetsInput) (none, error) {
	g, err := w.targetGroup(in.TargetGroupARN)
	if err != nil {
		return none{}, err
	}
	for _, t := range in.Targets {
		w.deregister(g, t.ID, t.Port)
	}
	return none{}, nil
}

// deregister drains the targets of an id: those at a port, or all of them if port is 0. Unknown
// targets are no error to AWS. It returns how long the draining takes.
func (w *world) deregister(g *targetGroup, id string, port int) time.Duration {
	seconds, _ := strconv.Atoi(g.Attributes["deregistration_delay.timeout_seconds"])
	delay := time.Duration(seconds) * time.Second
	found := false
	for _, t := range g.Targets {
		if t.ID != id || (port != 0 && t.Port != port) || t.State == targetDraining {
			continue
		}
		found = true
		t.State = targetDraining
		w.after(delay, func(w *world) { w.forgetTarget(g.ARN, t.key(), t.Since) })
	}
	if !found || len(w.loadBalancersOf(g.ARN)) == 0 {
		delay = 0
	}
	return delay
}

// forgetTarget ends a draining, unless the target was registered again meanwhile.
func (w *world) forgetTarget(groupARN, key, since string) {
	if g, exists := w.TargetGroups[groupARN]; exists {
		if t, registered := g.Targets[key]; registered && t.Since == since {
			delete(g.Targets, key)
		}
	}
}

// targetPlace is where a target is reached, and in which zone; ok is false when nothing runs there.
func (w *world) targetPlace(g *targetGroup, t *target) (at netip.Addr, zone string, ok bool) {
	if g.TargetType == "ip" {
		at, err := netip.ParseAddr(t.ID)
		return at, cmp.Or(t.Zone, w.zoneOfAddress(g.VPCID, at)), err == nil
	}
	i, exists := w.Instances[t.ID]
	if !exists || i.State != "running" {
		return at, zone, false
	}
	return i.PrivateIP, i.Zone, true
}

func (w *world) zoneOfAddress(vpcID string, at netip.Addr) string {
	for _, s := range w.Subnets {
		if s.VPCID == vpcID && s.CIDR.Contains(at) {
			return s.Zone
		}
	}
	return ""
}

type describeTargetHealthInput struct {
	TargetGroupARN string `wire:"TargetGroupArn"`
	Targets        []targetXML
}

type describeTargetHealthOutput struct {
	Descriptions members[targetHealthXML] `xml:"TargetHealthDescriptions"`
}

type targetHealthXML struct {
	Target          targetXML
	HealthCheckPort string
	Health          targetConditionXML `xml:"TargetHealth"`
}

type targetConditionXML struct {
	State       string
	Reason      string `xml:",omitempty"`
	Description string `xml:",omitempty"`
}

func (w *world) describeTargetHealth(in describeTargetHealthInput) (describeTargetHealthOutput, error) {
	g, err := w.targetGroup(in.TargetGroupARN)
	if err != nil {
		return describeTargetHealthOutput{}, err
	}
	var out describeTargetHealthOutput
	if len(in.Targets) == 0 {
		for _, t := range sortedRows(g.Targets) {
			out.Descriptions.Members = append(out.Descriptions.Members, w.targetHealthXML(g, t))
		}
		return out, nil
	}
	for _, asked := range in.Targets {
		asked.Port = cmp.Or(asked.Port, g.Port)
		x := targetHealthXML{asked, "", targetConditionXML{"unused", "Target.NotRegistered", "Target is not registered to the target group"}}
		if t, registered := g.Targets[targetKey(asked.ID, asked.Port)]; registered {
			x = w.targetHealthXML(g, t)
		}
		out.Descriptions.Members = append(out.Descriptions.Members, x)
	}
	return out, nil
}

func (w *world) targetHealthXML(g *targetGroup, t *target) targetHealthXML {
	port := g.Check.Port
	if port == trafficPort {
		port = strconv.Itoa(t.Port)
	}
	return targetHealthXML{targetXML{t.ID, t.Port, t.Zone}, port, w.targetCondition(g, t)}
}

// targetCondition words the health of a target. What keeps it from being used at all comes before
// what probes found.
func (w *world) targetCondition(g *targetGroup, t *target) targetConditionXML {
	_, zone, running := w.targetPlace(g, t)
	switch {
	case t.State == targetDraining:
		return targetConditionXML{"draining", "Target.DeregistrationInProgress", "Target deregistration is in progress"}
	case len(w.loadBalancersOf(g.ARN)) == 0:
		return targetConditionXML{"unused", "Target.NotInUse", "Target group is not configured to receive traffic from the load balancer"}
	case !running:
		return targetConditionXML{"unused", "Target.InvalidState", "Target is in the stopped state"}
	case !w.zoneServed(g, zone):
		return targetConditionXML{"unused", "Target.NotInUse", "Target is in an Availability Zone that is not enabled for the load balancer"}
	}
	switch t.State {
	case targetRegistering:
		return targetConditionXML{"initial", "Elb.RegistrationInProgress", "Target registration is in progress"}
	case targetInitial:
		return targetConditionXML{"initial", "Elb.InitialHealthChecking", "Initial health checks in progress"}
	case targetUnhealthy:
		if t.Mismatch {
			return targetConditionXML{"unhealthy", "Target.ResponseCodeMismatch", "Health checks failed with an unexpected response code"}
		}
		return targetConditionXML{"unhealthy", "Target.FailedHealthChecks", "Health checks failed"}
	default:
		return targetConditionXML{State: "healthy"}
	}
}

// zoneServed says whether targets in a zone get traffic: if the load balancer is in that zone, or
// balances across zones.
func (w *world) zoneServed(g *targetGroup, zone string) bool {
	for _, arn := range w.loadBalancersOf(g.ARN) {
		b := w.LoadBalancers[arn]
		if w.crossZone(b, g) || slices.ContainsFunc(b.Nodes, func(n loadBalancerNode) bool { return n.Zone == zone }) {
			return true
		}
	}
	return false
}

// crossZone says whether a load balancer's nodes use targets of all zones; a target group may
// decide otherwise than its load balancer.
func (w *world) crossZone(b *loadBalancer, g *targetGroup) bool {
	const setting = "load_balancing.cross_zone.enabled"
	if own := g.Attributes[setting]; !strings.HasPrefix(own, "use_load_balancer") {
		return own == "true"
	}
	return b.Attributes[setting] == "true"
}
