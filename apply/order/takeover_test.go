package order

import (
	"slices"
	"testing"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

// migration is a plan that puts a network load balancer in the place of a Classic one.
func migration() diff.Plan {
	balancer, targets := topology.LoadBalancer{Name: "api.ha"}, topology.TargetGroup{Name: "tcp-ha"}
	old := topology.ClassicELB{Name: "api.ha"}
	record := topology.DNSRecord{Name: "api.ha", Type: "A", Alias: balancer.Ref()}
	moved := change(diff.InPlace, record)
	moved.Have = topology.DNSRecord{Name: "api.ha", Type: "A", Alias: old.Ref()}
	joined := master("a")
	joined.TargetGroups = []topology.Ref{targets.Ref()}
	record.Type = "AAAA"
	return diff.Plan{Changes: []diff.Change{
		change(diff.Create, balancer), change(diff.Create, targets),
		change(diff.Create, topology.Listener{LoadBalancer: balancer.Ref(), Port: 443, TargetGroup: targets.Ref()}),
		moved, change(diff.Create, record), change(diff.InPlace, joined), change(diff.Roll, master("b")), change(diff.Delete, old),
	}}
}

func TestANameMovesBehindTheMachinesAndTheOldLoadBalancerGoesLast(t *testing.T) {
	steps := Steps(migration(), nil)
	row := []string{"listener/api.ha:443", "autoscaling-group/master-a", "dns-record/api.ha/A", "classic-elb/api.ha"}
	for i, name := range row[1:] {
		if !behindOf(steps, name, row[i]) {
			t.Errorf("%s does not wait for %s", name, row[i])
		}
	}
	if !behindOf(steps, "dns-record/api.ha/AAAA", "autoscaling-group/master-a") {
		t.Error("the name leads IPv6 clients to a load balancer without machines")
	}
	if behindOf(steps, "autoscaling-group/master-b", "dns-record/api.ha/A") {
		t.Error("machines wait for a name")
	}
	for _, name := range []string{"dns-record/api.ha/A", "dns-record/api.ha/AAAA", "classic-elb/api.ha"} {
		if got := steps[position(t, steps, name)].Takeover; got != (topology.LoadBalancer{Name: "api.ha"}).Ref() {
			t.Errorf("%s is gated by %q", name, got)
		}
	}
}

func TestTheNameOfANewClusterIsNotGated(t *testing.T) {
	balancer := topology.LoadBalancer{Name: "api.ha"}
	plan := diff.Plan{Changes: []diff.Change{change(diff.Create, balancer), change(diff.Create, topology.DNSRecord{Name: "api.ha", Type: "A", Alias: balancer.Ref()})}}
	for _, s := range Steps(plan, nil) {
		if !s.Takeover.IsZero() {
			t.Errorf("%s waits for machines that may wait for it", s.Change.Ref)
		}
	}
}

// With a certificate, the port leads to a target group that machines have to join first; without it, to one
// that they are in already, and before they leave the other.
func TestAListenerLeadsOnlyToATargetGroupThatMachinesHaveJoined(t *testing.T) {
	tcp, tls := topology.TargetGroup{Name: "tcp-ha"}, topology.TargetGroup{Name: "tls-ha"}
	plain, secure := master("a"), master("a")
	plain.TargetGroups, secure.TargetGroups = []topology.Ref{tcp.Ref()}, []topology.Ref{tcp.Ref(), tls.Ref()}
	between := func(want, have topology.AutoScalingGroup, to topology.TargetGroup) []Step {
		group, port := change(diff.InPlace, want), change(diff.InPlace, topology.Listener{Port: 443, TargetGroup: to.Ref()})
		group.Have, port.Fields = have, []diff.FieldChange{{Path: "targetGroup", Effect: diff.InPlace}}
		return Steps(diff.Plan{Changes: []diff.Change{group, port}}, nil)
	}
	if steps := between(secure, plain, tls); !behindOf(steps, "listener/:443", "autoscaling-group/master-a") {
		t.Error("the port leads to nobody until the machines have joined")
	}
	if steps := between(plain, secure, tcp); !behindOf(steps, "autoscaling-group/master-a", "listener/:443") {
		t.Error("the machines leave while the port still leads to them there")
	}
}

// behindOf reports whether a step waits for another one, be it by way of others.
func behindOf(steps []Step, name, other string) bool {
	i := slices.IndexFunc(steps, func(s Step) bool { return s.Change.Ref.String() == name })
	return i >= 0 && slices.ContainsFunc(steps[i].After, func(ref topology.Ref) bool {
		return ref.String() == other || behindOf(steps, ref.String(), other)
	})
}
