package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/quorate/quorate/apply/order"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

// kindMachine names machines in outcomes; they are no resources.
const kindMachine topology.Kind = "machine"

type instanceEnder interface {
	TerminateInstances(context.Context, *ec2.TerminateInstancesInput, ...func(*ec2.Options)) (*ec2.TerminateInstancesOutput, error)
}

// ender ends machines that no group ends.
type ender struct{ api instanceEnder }

// end carries out a plan that ends the cluster. Nothing has to work afterwards, so the
// only thing that settles is machines on their way out.
func (r *run) end(ctx context.Context) Report {
	report := Report{Outcomes: append(r.steps(ctx, order.Steps(r.in.Plan, nil)), r.endStrays(ctx)...)}
	if report.State() == Done && len(r.in.Plan.Machines) > 0 {
		report.Settling = []string{machinesRemain(r.in.Plan.Machines)}
	}
	return report
}

// afterMachines holds back everything but the groups until no machine was seen any more:
// AWS forgets a group while its machines still shut down, and the controllers on them
// make anew what goes before its time.
func (r *run) afterMachines(c diff.Change) error {
	if !r.in.Plan.EndsCluster() || len(r.in.Plan.Machines) == 0 || order.OnMachines(c.Have) {
		return nil
	}
	return &WaitError{Reason: machinesRemain(r.in.Plan.Machines)}
}

// machinesRemain names the machines that are waited for, and first the ones that people
// must end.
func machinesRemain(machines []topology.Machine) string {
	var strange, ours []string
	for _, m := range machines {
		if launchedByUs(m) {
			ours = append(ours, m.ID)
		} else {
			strange = append(strange, m.ID)
		}
	}
	if len(strange) > 0 {
		return fmt.Sprintf("machine %s carries the cluster's tags, but none of its groups launched it: end it, or take the tag %s from it",
			strings.Join(strange, ", "), topology.TagCluster)
	}
	return fmt.Sprintf("%d machines still end (%s)", len(ours), strings.Join(ours, ", "))
}

// launchedByUs reports whether a group of the cluster has the machine, or one of its
// launch templates made it.
func launchedByUs(m topology.Machine) bool { return !m.Group.IsZero() || m.Template != "" }

// endStrays ends the machines that have left their group: they would outlive it. It does
// so when the groups are gone, for until then they are the groups' to end.
func (r *run) endStrays(ctx context.Context) []Outcome {
	hasGroup := func(c diff.Change) bool { return c.Ref.Kind == topology.KindAutoScalingGroup }
	if ctx.Err() != nil || r.in.Paused != "" || slices.ContainsFunc(r.in.Plan.Changes, hasGroup) {
		return nil
	}
	var outcomes []Outcome
	for _, m := range r.in.Plan.Machines {
		if !launchedByUs(m) || m.State == "shutting-down" {
			continue
		}
		out := Outcome{Ref: topology.Ref{Kind: kindMachine, Name: m.ID}, Effect: diff.Delete, Acted: true, Began: r.applier.control.now()}
		var requests awsapi.Requests
		c := diff.Change{Ref: out.Ref, Effect: diff.Delete}
		_, err := r.applier.ender.api.TerminateInstances(awsapi.Collect(context.WithoutCancel(ctx), &requests), &ec2.TerminateInstancesInput{InstanceIds: []string{m.ID}})
		out.settle(c, removed(err, "AWS is busy with the machine"))
		out.Requests, out.RequestCount = requests.All()
		outcomes = append(outcomes, out)
	}
	return outcomes
}

// retire takes an etcd volume away, which nothing but the end of a cluster may.
func (r *run) retire(ctx context.Context, c diff.Change) error {
	have, ok := c.Have.(topology.Volume)
	if !ok || !r.in.Plan.EndsCluster() {
		return errors.New("an etcd volume goes only when its cluster ends")
	}
	return r.applier.retirer.retire(ctx, have, r.known())
}
