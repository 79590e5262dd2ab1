package sync_test

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/apply/kube"
	"github.com/quorate/quorate/topology"
)

// rollTo makes passes until the cluster is as wanted; each hears of every one.
func (l *life) rollTo(t *testing.T, ground *ground, manifest, commit string, each func()) {
	t.Helper()
	deadline := time.Now().Add(2 * crashLimit)
	for {
		result := l.pass(t, ground, clusterOf(t, manifest), commit)
		each()
		if result.Converged() {
			return
		}
		if result.Err != nil || result.Report.State() == apply.Failed || time.Now().After(deadline) {
			t.Fatalf("it does not converge: %v %s", result.Err, result.Report.Reason())
		}
	}
}

// An autoscaler goes its own ways while the workers are replaced: no plan ever differs in capacity, the roll
// comes to its end, and the capacity is the autoscaler's.
func TestAnAutoscalerMovesTheCapacityInTheMiddleOfARoll(t *testing.T) {
	ground := newGround(t)
	never.commit(t, ground, sixWorkers, "small")
	o, l, passes := newOperator(t, ground), &life{region: ground.region}, 0
	l.rollTo(t, ground, sixLarge, "large", func() {
		if passes++; passes == 3 {
			_, err := o.AutoScaling.SetDesiredCapacity(t.Context(), &autoscaling.SetDesiredCapacityInput{AutoScalingGroupName: aws.String(workers), DesiredCapacity: aws.Int32(8)})
			o.must(err)
		}
		planned, err := l.planner(t, clusterOf(t, sixLarge)).Plan(t.Context(), clusterOf(t, sixLarge))
		o.must(err)
		for _, c := range planned.Plan.Changes {
			if c.Has("min") || c.Has("max") {
				t.Errorf("the plan differs in capacity: %+v", c.Fields)
			}
		}
	})
	if passes < 3 {
		t.Fatalf("%d passes are no middle of a roll", passes)
	}
	o.wantSizes(6, 8, 9)
}

// A version of a template that somebody made again is the same to its machines, even if their group is
// pinned to it.
func TestAnEqualNewVersionReplacesNothing(t *testing.T) {
	ground := newGround(t)
	never.commit(t, ground, small, "base")
	o := newOperator(t, ground)
	spec := o.workers().LaunchTemplate
	versions, err := o.EC2.DescribeLaunchTemplateVersions(t.Context(), &ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: spec.LaunchTemplateId, Versions: []string{*spec.Version}})
	o.must(err)
	made, err := o.EC2.CreateLaunchTemplateVersion(t.Context(), &ec2.CreateLaunchTemplateVersionInput{
		LaunchTemplateId: spec.LaunchTemplateId, SourceVersion: spec.Version,
		LaunchTemplateData: &ec2types.RequestLaunchTemplateData{ImageId: versions.LaunchTemplateVersions[0].LaunchTemplateData.ImageId},
	})
	o.must(err)
	version := strconv.FormatInt(*made.LaunchTemplateVersion.VersionNumber, 10)
	if version == *spec.Version {
		t.Fatal("there is no new version")
	}
	_, err = o.AutoScaling.UpdateAutoScalingGroup(t.Context(), &autoscaling.UpdateAutoScalingGroupInput{
		AutoScalingGroupName: aws.String(workers), LaunchTemplate: &asgtypes.LaunchTemplateSpecification{LaunchTemplateId: spec.LaunchTemplateId, Version: &version},
	})
	o.must(err)
	l := &life{region: ground.region}
	planned, err := l.planner(t, clusterOf(t, small)).Plan(t.Context(), clusterOf(t, small))
	if err != nil || !planned.Plan.Empty() {
		t.Errorf("an equal version differs: %+v %v", planned.Plan.Changes, err)
	}
}

// All machines of the cluster go, masters zone by zone, and those that came since stay.
func TestAMomentThatHasComeReplacesEveryMachineOnce(t *testing.T) {
	ground := newGround(t)
	never.commit(t, ground, small, "base")
	o, l := newOperator(t, ground), &life{region: ground.region}
	before := o.ids()
	at := ground.clock.Now().UTC().Add(time.Second)
	annotated := strings.Replace(small, "  name: ha.example.com\n", "  name: ha.example.com\n  annotations: {quorate.dev/roll-at: \""+at.Format(time.RFC3339Nano)+"\"}\n", 1)
	l.rollTo(t, ground, annotated, "roll", func() {})
	after := o.ids()
	for deadline := time.Now().Add(crashLimit); slices.ContainsFunc(slices.Collect(maps.Keys(after)), func(id string) bool { return before[id] }); after = o.ids() {
		if time.Now().After(deadline) { // the last one may still be on its way out
			t.Fatalf("of %v some are still there: %v", before, after)
		}
	}
	ground.check(t, "us-east-1a", "us-east-1b", "us-east-1c")
	result := l.pass(t, ground, clusterOf(t, annotated), "roll")
	if again := o.ids(); !result.Converged() || !maps.Equal(after, again) {
		t.Errorf("it goes on: %v, then %v", after, again)
	}
	if !slices.ContainsFunc(result.Planned.State.Machines, func(m topology.Machine) bool { return m.Role == topology.ControlPlane && m.BackAfter > 0 }) {
		t.Error("no master says how long it took to come back")
	}
}

// ids are the machines that run, or are about to.
func (o operator) ids() map[string]bool {
	o.Helper()
	out, err := o.EC2.DescribeInstances(o.Context(), &ec2.DescribeInstancesInput{})
	o.must(err)
	ids := map[string]bool{}
	for _, r := range out.Reservations {
		for _, i := range r.Instances {
			if i.State.Name == "running" || i.State.Name == "pending" {
				ids[*i.InstanceId] = true
			}
		}
	}
	return ids
}

// annotated is a Kubernetes in which one node asks to be replaced.
type annotated struct {
	machine string
	err     error
}

func (a annotated) Nodes(context.Context) (map[string]kube.Node, error) {
	return map[string]kube.Node{a.machine: {Machine: a.machine, Marked: true}}, a.err
}

func (annotated) Rehearse(context.Context, []kube.Node, topology.RollingUpdate) ([]kube.Obstacle, error) {
	return nil, nil
}

func TestANodeMayAskToBeReplaced(t *testing.T) {
	ground := newGround(t)
	never.commit(t, ground, small, "base")
	o, l := newOperator(t, ground), &life{region: ground.region}
	marked := *o.workers().Instances[0].InstanceId
	planner := l.planner(t, clusterOf(t, small))
	planner.Kubernetes = annotated{machine: marked}
	planned, err := planner.Plan(t.Context(), clusterOf(t, small))
	o.must(err)
	if len(planned.Plan.Changes) != 1 || len(planned.Plan.Changes[0].Old) != 1 || planned.Plan.Changes[0].Old[0].ID != marked {
		t.Errorf("%+v", planned.Plan.Changes)
	}
	planner.Kubernetes = annotated{machine: marked, err: context.DeadlineExceeded}
	planned, err = planner.Plan(t.Context(), clusterOf(t, small))
	o.must(err)
	if len(planned.Warnings) != 1 || !strings.HasPrefix(planned.Warnings[0], "whether nodes ask to be replaced, and whether machines can be emptied, is unknown") {
		t.Errorf("it warns of %q", planned.Warnings)
	}
}

// With access to etcd the plan tells how the members are, and what the gate says now.
func TestThePlanTellsTheQuorumOfARollout(t *testing.T) {
	ground := newGround(t)
	never.commit(t, ground, small, "base")
	l := &life{region: ground.region}
	planned, err := l.knowing(t, ground, clusterOf(t, large)).Plan(t.Context(), clusterOf(t, large))
	if err != nil {
		t.Fatal(err)
	}
	stages := planned.Rollout.Stages
	if len(stages) != 3 || stages[0].Now != "it may go" || stages[1].Now != "" || !strings.HasPrefix(planned.Rollout.Members, "members as etcd answered at ") {
		t.Fatalf("%+v", planned.Rollout)
	}
	for _, s := range stages {
		for i, want := range []string{"events 3/3 → 2/3 → 3/3, majority 2", "main 3/3 → 2/3 → 3/3, majority 2"} {
			if len(s.Margins) != 2 || s.Margins[i].String() != want {
				t.Errorf("%s: %v", s.Group, s.Margins)
			}
		}
	}
}
