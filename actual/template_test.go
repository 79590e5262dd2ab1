package actual_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/actual"
	"github.com/quorate/quorate/topology"
)

// workers is a cluster of one worker group, and what it was made with.
type workers struct {
	*world
	template string // its id
	data     *ec2types.RequestLaunchTemplateData
	key      string
}

const workersName = "nodes." + cluster

// newWorkers makes the group with two machines, pinned to the version as written.
func newWorkers(w *world, version string) workers {
	w.t.Helper()
	vpc := w.vpc("172.20.0.0/16", base(cluster))
	subnet := w.subnet(vpc, zones[0], "172.20.0.0/24", base("a."+cluster))
	group := w.securityGroup(vpc, workersName, base(workersName))
	w.role(workersName, base(workersName), nil)
	w.profile(workersName, workersName, base(workersName))
	g := workers{world: w, key: "kubernetes." + cluster + "-01:02"}
	w.keyPair(g.key, base(cluster))
	tags := base(workersName).With(topology.RoleTags(topology.Worker))
	g.data = w.templateData(topology.Worker, workersName, g.key, group, tags)
	g.template = w.launchTemplate(workersName, g.data, tags)
	w.group(workersName, g.template, version, subnet, 2, nil, tags)
	w.settle()
	return g
}

// seen is what a look tells of the group.
func (g workers) seen() (topology.LaunchTemplate, topology.AutoScalingGroup, []topology.Machine, actual.State) {
	g.t.Helper()
	state := g.observe()
	template, found := topology.Find[topology.LaunchTemplate](state.Topology, topology.Ref{Kind: topology.KindLaunchTemplate, Name: workersName})
	if !found {
		g.t.Fatal("the launch template is not seen")
	}
	group, found := topology.Find[topology.AutoScalingGroup](state.Topology, topology.Ref{Kind: topology.KindAutoScalingGroup, Name: workersName})
	if !found {
		g.t.Fatal("the group is not seen")
	}
	return template, group, state.Machines, state
}

func TestAPinnedGroupStaysOnItsVersion(t *testing.T) {
	inBothWorlds(t, func(t *testing.T, w *world) {
		g := newWorkers(w, "1")
		first, _, _, _ := g.seen()
		g.data.InstanceType = ec2types.InstanceTypeM5Large
		g.launchTemplateVersion(g.template, g.data)

		template, group, machines, state := g.seen()
		if template.InstanceType != "m5.large" {
			t.Errorf("the template is not its newest version, but one with %s", template.InstanceType)
		}
		if newest, _ := state.Bindings.ID(topology.Ref{Kind: topology.KindTemplateVersion, Name: workersName}); newest != "2" {
			t.Errorf("the newest version is %q", newest)
		}
		if group.Template != first.Digest() || group.Template == template.Digest() {
			t.Errorf("the group is pinned to %s; the first version is %s, the newest %s", group.Template, first.Digest(), template.Digest())
		}
		if len(machines) != 2 {
			t.Fatalf("got machines %v", machines)
		}
		for _, m := range machines {
			if m.Template != first.Digest() || m.Group != group.Ref() || m.Role != topology.Worker {
				t.Errorf("got machine %+v, made from %s", m, first.Digest())
			}
		}
	})
}

// kops leaves its groups so.
func TestAGroupOnTheLatestVersionCountsAsPinnedToIt(t *testing.T) {
	inBothWorlds(t, func(t *testing.T, w *world) {
		g := newWorkers(w, "$Latest")
		old, _, _, _ := g.seen()
		g.data.InstanceType = ec2types.InstanceTypeM5Large
		g.launchTemplateVersion(g.template, g.data)
		template, group, machines, _ := g.seen()
		if group.Template != template.Digest() {
			t.Errorf("the group counts as pinned to %s, want %s", group.Template, template.Digest())
		}
		for _, m := range machines {
			if m.Template != old.Digest() {
				t.Errorf("machine %s counts as made from %s, want %s", m.ID, m.Template, old.Digest())
			}
		}
	})
}

func TestTwoVersionsOfOneContentAreTheSame(t *testing.T) {
	inBothWorlds(t, func(t *testing.T, w *world) {
		g := newWorkers(w, "1")
		g.launchTemplateVersion(g.template, g.data)
		template, group, machines, _ := g.seen()
		if group.Template != template.Digest() || machines[0].Template != template.Digest() {
			t.Errorf("group %s, machine %s, template %s", group.Template, machines[0].Template, template.Digest())
		}
	})
}

func TestAMachineOfALostVersionHasNoTemplate(t *testing.T) {
	w := simulator(t)
	g := newWorkers(w, "$Latest")
	g.data.InstanceType = ec2types.InstanceTypeM5Large
	g.launchTemplateVersion(g.template, g.data)
	must[*ec2.ModifyLaunchTemplateOutput](w)(w.EC2.ModifyLaunchTemplate(t.Context(), &ec2.ModifyLaunchTemplateInput{
		LaunchTemplateId: &g.template, DefaultVersion: aws.String("2"),
	}))
	must[*ec2.DeleteLaunchTemplateVersionsOutput](w)(w.EC2.DeleteLaunchTemplateVersions(t.Context(), &ec2.DeleteLaunchTemplateVersionsInput{
		LaunchTemplateId: &g.template, Versions: []string{"1"},
	}))
	template, group, machines, _ := g.seen()
	if group.Template != template.Digest() {
		t.Errorf("the group counts as pinned to %s, want %s", group.Template, template.Digest())
	}
	for _, m := range machines {
		if m.Template != "" {
			t.Errorf("machine %s counts as made from %s", m.ID, m.Template)
		}
	}
}

// Machines run on without their key pair; that somebody deleted it is no reason to
// replace them.
func TestALostKeyPairDoesNotMakeMachinesOutOfDate(t *testing.T) {
	inBothWorlds(t, func(t *testing.T, w *world) {
		g := newWorkers(w, "1")
		before, _, _, _ := g.seen()
		must[*ec2.DeleteKeyPairOutput](w)(w.EC2.DeleteKeyPair(t.Context(), &ec2.DeleteKeyPairInput{KeyName: &g.key}))
		after, group, machines, _ := g.seen()
		if after.KeyPair != topology.Given(g.key) {
			t.Errorf("the template's key pair is %s", after.KeyPair)
		}
		if group.Template != before.Digest() || machines[0].Template != before.Digest() {
			t.Errorf("the digest changed from %s to %s and %s", before.Digest(), group.Template, machines[0].Template)
		}
	})
}

func TestAnImageThatTheManifestNoLongerNamesIsWrittenByItsID(t *testing.T) {
	inBothWorlds(t, func(t *testing.T, w *world) {
		newWorkers(w, "1")
		state := w.observe(func(s *actual.Scope) { s.Images = nil })
		template, _ := topology.Find[topology.LaunchTemplate](state.Topology, topology.Ref{Kind: topology.KindLaunchTemplate, Name: workersName})
		if template.Image != w.ami || template.BlockDevices[0].Device != topology.RootDevice {
			t.Errorf("got image %s, want %s, and disks %+v", template.Image, w.ami, template.BlockDevices)
		}
	})
}

// Not with moto, which shows only the tags that a template was made with.
func TestTagsThatMachinesDoNotGetAreShown(t *testing.T) {
	g := newWorkers(simulator(t), "1")
	g.tag(g.template, topology.Tags{"team": "blue"})
	template, group, _, _ := g.seen()
	if got := template.Tags["team"]; got != "blue | (none)" {
		t.Errorf("a tag of the template alone is %q", got)
	}
	if _, onGroup := group.Tags["team"]; onGroup {
		t.Error("the group got a tag of its template")
	}
}

func TestATagThatStaysOnTheGroupIsShown(t *testing.T) {
	inBothWorlds(t, func(t *testing.T, w *world) {
		g := newWorkers(w, "1")
		g.tagGroup(workersName, "team", "blue")
		_, group, _, _ := g.seen()
		if got := group.Tags["team"]; got != "blue (not passed on to machines)" {
			t.Errorf("a tag of the group alone is %q", got)
		}
	})
}

func TestAMachineOutsideItsGroupHasNone(t *testing.T) {
	inBothWorlds(t, func(t *testing.T, w *world) {
		g := newWorkers(w, "1")
		_, _, machines, _ := g.seen()
		g.detach(workersName, machines[0].ID)
		_, _, after, _ := g.seen()
		i := slices.IndexFunc(after, func(m topology.Machine) bool { return m.ID == machines[0].ID })
		if i < 0 {
			t.Fatal("the machine is not seen")
		}
		if m := after[i]; !m.Group.IsZero() || m.InService() || m.Template != machines[0].Template {
			t.Errorf("got %+v", m)
		}
	})
}

// Not with moto, where nobody else has load balancers.
func TestClassicLoadBalancersOfAGroupAreSeenInOrder(t *testing.T) {
	w := simulator(t)
	g := newWorkers(w, "1")
	for _, name := range []string{"web", "api"} {
		w.region.AddClassicLoadBalancer(name)
		must[*autoscaling.AttachLoadBalancersOutput](w)(w.AutoScaling.AttachLoadBalancers(t.Context(), &autoscaling.AttachLoadBalancersInput{
			AutoScalingGroupName: aws.String(workersName), LoadBalancerNames: []string{name},
		}))
	}
	if _, group, _, _ := g.seen(); !slices.Equal(group.ClassicLoadBalancers, []topology.Ref{topology.Given("api"), topology.Given("web")}) {
		t.Errorf("got %v", group.ClassicLoadBalancers)
	}
}
