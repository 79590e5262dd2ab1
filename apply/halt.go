package apply

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"github.com/quorate/quorate/apply/repair"
	"github.com/quorate/quorate/apply/rollout"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

// begin stands before everything that a roll does to a group: it holds it back while the cluster is
// halted or paused, and writes down what the group made its machines from until now.
func (r *run) begin(ctx context.Context, c diff.Change, group topology.AutoScalingGroup) error {
	if reason := r.holds(); reason != "" {
		return &WaitError{Reason: reason, Idle: true}
	}
	live, err := r.applier.groups.live(ctx, group)
	if err != nil {
		return err
	}
	marks := repair.Read(marksOf(live), r.in.Digest)
	if r.waitsForPause(group, marks) {
		return r.pausing()
	}
	spec, _ := specificationOf(live)
	if marks.From.Set() || spec == nil || !movesPin(c) && group.Role != topology.ControlPlane {
		return nil
	}
	return r.applier.mender.mark(ctx, group.Name, topology.TagRolledFrom, repair.Mark{At: r.applier.control.now(), Version: aws.ToString(spec.Version)})
}

// movesPin reports that the group is to make its machines from another template version.
func movesPin(c diff.Change) bool {
	return c.Has("template") || c.Has("launchTemplate") || c.Has("follows")
}

// halt writes the mark; everything else follows from it.
func (r *run) halt(ctx context.Context, facts repair.Group, group topology.AutoScalingGroup, advice repair.Advice) error {
	image := ""
	if id, ok := r.known().ID(group.LaunchTemplate); ok {
		var err error
		if image, err = r.applier.mender.imageOf(ctx, id, facts.Pinned); err != nil {
			return err
		}
	}
	return r.applier.mender.mark(ctx, group.Name, topology.TagHalted, facts.HaltMark(advice, image))
}

// holdFor remembers for the steps of this run what was found about a group.
func (r *run) holdFor(facts repair.Group, advice repair.Advice) {
	switch {
	case advice.Verb == repair.Halt:
		r.hold(advice.Sentence)
	case facts.Marks.Halt.Set():
		r.hold(advice.Sentence)
		r.halted = true
	}
}

func (r *run) hold(reason string) {
	if r.held == "" {
		r.held = reason
	}
}

// holds is why nothing rolls in this run; empty if it may. A halt of a group that could not be looked at
// counts by what the plan was made from.
func (r *run) holds() string {
	if r.held != "" {
		return r.held
	}
	for _, tags := range r.in.Marks {
		if r.halts(repair.Read(tags, r.in.Digest)) {
			return "a roll of these manifests halted"
		}
	}
	return ""
}

func (r *run) halts(marks repair.Marks) bool { return marks.Halt.Set() || r.held != "" }

// returnWorkers takes the machines of a group back to the version that it is pinned to again.
func (r *run) returnWorkers(ctx context.Context, group topology.AutoScalingGroup, done *Repair) error {
	have, _ := r.in.Have.Get(group.Ref())
	back, ok := have.(topology.AutoScalingGroup)
	if !ok {
		return nil
	}
	workers, decision, err := r.decideOnWorkers(ctx, group, func(m topology.Machine) string {
		if m.Template == back.Template && m.Detached != group.Ref() {
			return ""
		}
		return "it is of the roll that halted"
	})
	if err != nil {
		return err
	}
	out := Outcome{}
	err = r.carry(ctx, group, workers, decision, nil, &out)
	done.Acted = out.Acted
	return err
}

// pinnedTo is what makes a group launch from a version of the template that it launches from already.
func pinnedTo(group asgtypes.AutoScalingGroup, version string) *autoscaling.UpdateAutoScalingGroupInput {
	spec, policy := specificationOf(group)
	in := &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: group.AutoScalingGroupName}
	pinned := &asgtypes.LaunchTemplateSpecification{Version: aws.String(version)}
	if spec != nil {
		pinned.LaunchTemplateId = spec.LaunchTemplateId
	}
	if policy == nil {
		in.LaunchTemplate = pinned
		return in
	}
	in.MixedInstancesPolicy = &asgtypes.MixedInstancesPolicy{
		LaunchTemplate:        &asgtypes.LaunchTemplate{LaunchTemplateSpecification: pinned, Overrides: policy.LaunchTemplate.Overrides},
		InstancesDistribution: policy.InstancesDistribution,
	}
	return in
}

// pausing is what a step waits for while the cluster is paused.
func (r *run) pausing() error {
	return &WaitError{Reason: "paused: " + r.in.Paused, Idle: true}
}

// mayBegin holds every step back while the cluster is paused, but those of rolls: these come to their
// next safe point; see [run.begin].
func (r *run) mayBegin(c diff.Change) error {
	if r.in.Paused == "" || c.Effect == diff.Roll {
		return nil
	}
	return r.pausing()
}

// waitsForPause reports that the cluster is paused, and the roll of the group has not begun. One that
// has goes on until the group is whole; the machines of workers, until none is half-way.
func (r *run) waitsForPause(group topology.AutoScalingGroup, marks repair.Marks) bool {
	if r.in.Paused == "" || marks.From.Set() {
		return false
	}
	return group.Role == topology.ControlPlane || movesPin(r.change(group.Ref()))
}

// begun leaves of what is to be done to workers what was begun, while the cluster is paused.
func (r *run) begun(decision rollout.Decision, workers []worker) rollout.Decision {
	if r.in.Paused == "" {
		return decision
	}
	goesOn := rollout.Decision{Wait: decision.Wait}
	for _, a := range decision.Actions {
		for _, w := range workers {
			if w.ID == a.Machine && (w.Emptying || w.Detached) {
				goesOn.Actions = append(goesOn.Actions, a)
			}
		}
	}
	if len(goesOn.Actions) == 0 && len(decision.Actions) > 0 {
		goesOn.Wait = "paused: " + r.in.Paused
	}
	return goesOn
}
