package explain

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/apply/kube"
	"github.com/quorate/quorate/apply/order"
	"github.com/quorate/quorate/apply/repair"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/topology"
)

var moment = time.Date(2026, 8, 6, 7, 14, 0, 0, time.UTC)

func ref(name string) topology.Ref {
	return topology.Ref{Kind: topology.KindAutoScalingGroup, Name: name}
}

// calm is a cluster of three masters and two workers that waits for nothing.
func calm(t *testing.T) Facts {
	t.Helper()
	f := Facts{At: moment, Cluster: desired.Cluster{Name: "ha.example.com"}}
	var groups []topology.Resource
	add := func(name string, role topology.Role, machines ...string) {
		groups = append(groups, topology.AutoScalingGroup{Name: name, Role: role, Template: "new", Min: len(machines), Zones: []string{"us-east-1" + name[len(name)-1:]}, Ownership: topology.Owned})
		for _, id := range machines {
			f.State.Machines = append(f.State.Machines, topology.Machine{ID: id, Group: ref(name), Role: role, Template: "new", State: "running", Lifecycle: "InService", Healthy: true, Launched: moment.Add(-time.Hour)})
		}
	}
	for _, letter := range []string{"a", "b", "c"} {
		add("master-"+letter, topology.ControlPlane, "i-"+letter)
		f.Standing.Masters = append(f.Standing.Masters, apply.Master{Group: ref("master-" + letter), Zone: "us-east-1" + letter, Machine: "i-" + letter, Launched: moment.Add(-time.Hour)})
	}
	add("nodes", topology.Worker, "i-1", "i-2")
	made, err := topology.New(groups...)
	if err != nil {
		t.Fatal(err)
	}
	f.Cluster.Topology, f.State.Topology = made, made
	return f
}

// toRoll plans the replacement of a group's machines.
func (f *Facts) toRoll(group string) {
	change := diff.Change{Ref: ref(group), Effect: diff.Roll}
	for _, m := range f.State.Machines {
		if m.Group == ref(group) {
			change.Old = append(change.Old, diff.OldMachine{Machine: m, Why: "made from an older template"})
		}
	}
	f.Plan.Changes = append(f.Plan.Changes, change)
	f.Steps = append(f.Steps, order.Step{Change: change})
}

func (f *Facts) notBack(launched time.Duration, sentences ...string) {
	f.Standing.Masters[1].NotBack, f.Standing.Masters[1].Launched = sentences, moment.Add(-launched)
}

func draining(change func(*Drain)) func(*Facts) {
	return func(f *Facts) {
		d := Drain{Node: kube.Node{Name: "node-1", Emptying: moment.Add(-10 * time.Minute)}, Group: ref("nodes")}
		change(&d)
		f.Drains = []Drain{d}
	}
}

func TestACalmClusterWaitsForNothing(t *testing.T) {
	r := Of(calm(t))
	var b strings.Builder
	if err := Text(&b, r, Plain); err != nil || b.String() != "ha.example.com waits for nothing: it is as its manifest says, and works\n" {
		t.Errorf("%v: %s", err, b.String())
	}
	b.Reset()
	if err := JSON(&b, r); err != nil || !strings.Contains(b.String(), `"waiting": []`) {
		t.Errorf("%v: %s", err, b.String())
	}
}

func TestWhatIsWaitedForIsSaidWithWhoCanUnblockIt(t *testing.T) {
	stuck := kube.Obstacle{Budget: "shop/web", Pods: []string{"shop/web-1"}, Never: true, Reason: "it wants 2 of 2 pods healthy at all times"}
	for name, c := range map[string]struct {
		happens func(*Facts)
		want    []Waiting
	}{
		"paused": {func(f *Facts) { f.Cluster.Policy.Paused = "the sale"; f.toRoll("nodes") }, []Waiting{
			{What: "paused: the sale", Who: People, Action: "remove the annotation quorate.dev/paused from the manifest, and commit"},
			{What: "workers: 0 of 2 machines are as wanted", Who: Quorate},
		}},
		"forbidden": {func(f *Facts) {
			f.Plan.Changes = []diff.Change{{Ref: ref("nodes"), Effect: diff.Forbid, Reason: "it would destroy"}}
		}, []Waiting{
			{What: "forbidden: autoscaling-group/nodes: it would destroy", Who: People, Action: "change the manifest, and commit; nothing of it is applied before"},
		}},
		"a master boots": {func(f *Facts) {
			f.notBack(2*time.Minute, "volume/b.etcd-main is not attached to machine i-b yet", "member b of etcd main is unhealthy")
		}, []Waiting{
			{What: "control plane in us-east-1b: volume/b.etcd-main is not attached to machine i-b yet; member b of etcd main is unhealthy",
				Since: moment.Add(-2 * time.Minute), Until: moment.Add(13 * time.Minute), Who: Quorate},
		}},
		"a master does not come back": {func(f *Facts) { f.notBack(20*time.Minute, "member b of etcd main is unhealthy") }, []Waiting{
			{What: "control plane in us-east-1b: member b of etcd main is unhealthy", Since: moment.Add(-20 * time.Minute), Who: People,
				Action: "look at machine i-b, which has had its 15 minutes: aws ec2 get-console-output --latest --instance-id i-b"},
		}},
		"a master has no machine": {func(f *Facts) {
			f.Standing.Masters[1] = apply.Master{Group: ref("master-b"), Zone: "us-east-1b", NotBack: []string{"autoscaling-group/master-b has 0 machines instead of one"}}
		}, []Waiting{{What: "control plane in us-east-1b: autoscaling-group/master-b has 0 machines instead of one", Who: AWS, Action: "see what its group did last: quorate check"}}},
		"a roll has halted": {func(f *Facts) {
			f.notBack(time.Hour, "member b of etcd main is unhealthy")
			f.Advice = []repair.Advice{{Verb: repair.Wait, Group: ref("master-b"), Who: repair.People, Since: moment.Add(-time.Hour), Sentence: "halted: us-east-1b did not come back within 15m0s with template version 7; commit a fix, or set quorate.dev/resume"}}
		}, []Waiting{{What: "halted: us-east-1b did not come back within 15m0s with template version 7; commit a fix, or set quorate.dev/resume", Since: moment.Add(-time.Hour), Who: People}}},
		"quorate is about to mend it": {func(f *Facts) {
			f.Advice = []repair.Advice{{Verb: repair.Detach, Group: ref("master-b"), Who: repair.Quorate, Sentence: "volume/b hangs on machine i-0: it is detached", Until: moment.Add(time.Minute)}}
		}, []Waiting{{What: "volume/b hangs on machine i-0: it is detached", Until: moment.Add(time.Minute), Who: Quorate}}},
		"several versions are to go": {func(f *Facts) { f.Plan.Hop = &diff.Hop{Number: 1, Of: 2, Version: "1.35.4", Next: []string{"1.36.3"}} }, []Waiting{
			{What: "Kubernetes goes one minor version at a time: hop 1 of 2: 1.35.4 now, then 1.36.3", Who: Quorate},
		}},
		"nobody can look": {func(f *Facts) { f.Unseen = "AWS is throttling" }, []Waiting{
			{What: "how the control plane is cannot be seen: AWS is throttling", Who: People, Action: "make AWS and the members of etcd reachable from here (--proxy)"},
		}},
		"pods end": {draining(func(*Drain) {}), []Waiting{{What: "the drain of node node-1: its pods are ending", Since: moment.Add(-10 * time.Minute), Who: Quorate}}},
		"a budget blocks for ever": {draining(func(d *Drain) { d.Obstacles, d.Owners = []kube.Obstacle{stuck}, []string{"Deployment/web"} }), []Waiting{
			{What: "the drain of node node-1 is blocked by PodDisruptionBudget shop/web (pods shop/web-1): it wants 2 of 2 pods healthy at all times", Since: moment.Add(-10 * time.Minute),
				Who: "Deployment/web", Action: "let its owner run more pods, or allow one to be unavailable"},
		}},
		"a pod that nobody makes again": {draining(func(d *Drain) {
			d.Obstacles = []kube.Obstacle{{Pods: []string{"shop/lonely"}, Never: true, Reason: "no controller would make it again elsewhere"}}
		}), []Waiting{{What: "the drain of node node-1 is blocked by pod shop/lonely: no controller would make it again elsewhere", Since: moment.Add(-10 * time.Minute), Who: People, Action: "let its owner move or delete the pod"}}},
		"a drain that ends by force": {func(f *Facts) {
			draining(func(*Drain) {})(f)
			f.Cluster.Rolling = map[topology.Ref]topology.RollingUpdate{ref("nodes"): {ForceAfter: time.Hour}}
		}, []Waiting{{What: "the drain of node node-1: its pods are ending; then it is emptied by force (quorate.dev/drain-force-after)", Since: moment.Add(-10 * time.Minute), Until: moment.Add(50 * time.Minute), Who: Quorate}}},
		"a node that was set aside": {draining(func(d *Drain) { d.Node.Emptying, d.Node.SetAside = time.Time{}, true }), []Waiting{
			{What: "the drain of node node-1 was given up for now, because pods could not go; the others come first", Who: Quorate},
		}},
		"workers that start": {func(f *Facts) {
			f.State.Machines[3].Lifecycle, f.State.Machines[3].Launched = "Pending", moment.Add(-time.Minute)
		}, []Waiting{
			{What: "nodes has 1 of at least 2 machines in service", Since: moment.Add(-time.Minute), Until: moment.Add(14 * time.Minute), Who: AWS},
		}},
		"workers that do not": {func(f *Facts) { f.State.Machines = f.State.Machines[:4] }, []Waiting{
			{What: "nodes has 1 of at least 2 machines in service", Who: AWS, Action: "see what the group did last: quorate check"},
		}},
		"only changes": {func(f *Facts) { f.Steps = []order.Step{{Change: diff.Change{Ref: ref("nodes"), Effect: diff.InPlace}}} }, []Waiting{
			{What: "1 change is to be made: autoscaling-group/nodes; nobody on this machine is at work on it", Who: Quorate, Action: "the service makes them in its next pass; without one, quorate apply does"},
		}},
		"somebody is at work": {func(f *Facts) {
			f.Steps, f.Holder = []order.Step{{Change: diff.Change{Ref: ref("nodes"), Effect: diff.InPlace}}, {}}, 4711
		}, []Waiting{{What: "2 changes are to be made, first autoscaling-group/nodes; process 4711 is at work on it", Who: Quorate}}},
	} {
		t.Run(name, func(t *testing.T) {
			f := calm(t)
			c.happens(&f)
			got := Of(f).Waiting
			if name == "paused" {
				got = got[:2]
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestARollTellsHowFarItIsAndWhatTheGateSays(t *testing.T) {
	f := calm(t)
	f.toRoll("master-b")
	f.toRoll("master-c")
	f.toRoll("nodes")
	got := Of(f).Waiting
	if !strings.HasPrefix(got[0].What, "control plane: 1 of 3 machines are as wanted; the gate says refuse for us-east-1b: ") {
		t.Errorf("%q", got[0].What) // no standing of any etcd cluster was taken here, so the gate is shut
	}
	if got[1].What != "workers: 0 of 2 machines are as wanted" || len(got) != 3 {
		t.Errorf("%v", got)
	}
}

func TestTheStoryReadsLikeOne(t *testing.T) {
	f := calm(t)
	f.notBack(2*time.Minute, "member b of etcd main is unhealthy: it is 900 log entries behind")
	draining(func(d *Drain) {
		d.Obstacles, d.Owners = []kube.Obstacle{{Budget: "shop/web", Pods: []string{"shop/web-1"}, Reason: "1 of 2 pods are healthy"}}, []string{"Deployment/web"}
	})(&f)
	var b strings.Builder
	if err := Text(&b, Of(f), Plain); err != nil {
		t.Fatal(err)
	}
	want := `ha.example.com waits for 2 things

  control plane in us-east-1b: member b of etcd main is unhealthy: it is 900 log entries behind
    since 07:12 (2m0s)
    nobody needs to do anything before 07:27
    who can unblock it: quorate, in its next passes

  the drain of node node-1 is blocked by PodDisruptionBudget shop/web (pods shop/web-1): 1 of 2 pods are healthy
    since 07:04 (10m0s)
    who can unblock it: Deployment/web: let its owner run more pods, or allow one to be unavailable; it goes on by itself when they are healthy
`
	if d := cmp.Diff(inUTC(want), b.String()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// inUTC turns the times of a text into those of this computer's zone.
func inUTC(text string) string {
	for _, hour := range []string{"07:12", "07:27", "07:04"} {
		at, _ := time.Parse("15:04", hour)
		local := time.Date(2026, 8, 6, at.Hour(), at.Minute(), 0, 0, time.UTC).Local()
		text = strings.ReplaceAll(text, hour, local.Format("15:04"))
	}
	return text
}

// fakeKubernetes has one node that is being emptied, and one that is not.
type fakeKubernetes struct{ err error }

func (k fakeKubernetes) Nodes(context.Context) (map[string]kube.Node, error) {
	return map[string]kube.Node{"i-1": {Name: "one", Emptying: moment}, "i-2": {Name: "two"}}, k.err
}

func (fakeKubernetes) Rehearse(_ context.Context, nodes []kube.Node, _ topology.RollingUpdate) ([]kube.Obstacle, error) {
	return []kube.Obstacle{{Pods: []string{"shop/" + nodes[0].Name}}}, nil
}

func (fakeKubernetes) Owners(_ context.Context, pods []string) ([]string, error) {
	return []string{"Deployment/" + strings.TrimPrefix(pods[0], "shop/")}, nil
}

func TestDrainsAreGatheredWithTheirOwners(t *testing.T) {
	calm := calm(t)
	s := Sources{
		Plan: func(context.Context, desired.Cluster) (sync.Planned, error) {
			return sync.Planned{State: calm.State}, nil
		},
		Advise: func(context.Context, apply.Input) (apply.Standing, []repair.Advice, error) {
			return apply.Standing{}, nil, errors.New("nobody answers")
		},
		Kubernetes: fakeKubernetes{}, Holder: func(string) int { return 7 }, Now: func() time.Time { return moment },
	}
	f, err := s.Gather(t.Context(), calm.Cluster)
	if err != nil || f.Unseen != "nobody answers" || f.Holder != 7 || !f.At.Equal(moment) {
		t.Errorf("%+v, %v", f, err)
	}
	if len(f.Drains) != 1 || f.Drains[0].Node.Name != "one" || f.Drains[0].Group != ref("nodes") || !slices.Equal(f.Drains[0].Owners, []string{"Deployment/one"}) {
		t.Errorf("drains: %+v", f.Drains)
	}
	s.Kubernetes = fakeKubernetes{errors.New("it is down")}
	if f, err = s.Gather(t.Context(), calm.Cluster); err != nil || f.Drains[0].Unseen != "it is down" {
		t.Errorf("%+v, %v", f.Drains, err)
	}
	s.Plan = func(context.Context, desired.Cluster) (sync.Planned, error) {
		return sync.Planned{}, errors.New("no credentials")
	}
	if _, err := s.Gather(t.Context(), calm.Cluster); err == nil {
		t.Error("a cluster was explained that nobody saw")
	}
}
