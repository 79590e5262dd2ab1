package apply

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/apply/rollout"
	"github.com/quorate/quorate/topology"
)

// marks are tags on machines.
type marks struct{ api ec2Untagger }

func (m marks) add(ctx context.Context, machine string, tags topology.Tags) error {
	return addTags(ctx, m.api, machine, tags)
}

func (m marks) remove(ctx context.Context, machine, key string) error {
	_, err := m.api.DeleteTags(ctx, &ec2.DeleteTagsInput{Resources: []string{machine}, Tags: []ec2types.Tag{{Key: aws.String(key)}}})
	return settling(err, tagsLate)
}

// giveBack undoes what was done to a machine for its replacement. The mark goes last, so that whoever is
// killed in between is followed by somebody who finds the machine again.
func (r *run) giveBack(ctx context.Context, m master) error {
	for i, ref := range balancersOf(m) {
		if m.balancers[i].State == rollout.Registered {
			continue
		}
		if err := r.applier.balancers.register(ctx, ref, m.machine.id, r.known()); err != nil {
			return fmt.Errorf("give machine %s back to %s: %w", m.machine.id, ref, err)
		}
	}
	if r.applier.nodes != nil && m.machine.node.Name != "" {
		if err := r.applier.nodes.Release(ctx, m.machine.node); err != nil {
			return err
		}
	}
	return r.applier.marks.remove(ctx, m.machine.id, topology.TagLeaving)
}

// giveBackAllBut gives back every machine that is out of service and not that of the group at work: one
// that is to stay after all, as the commit was taken back, or one that has to wait as another is repaired
// first. Where no master is at work, those that are to be replaced stay as they are.
func (r *run) giveBackAllBut(ctx context.Context, s standing, working topology.Ref) error {
	for _, m := range s.masters {
		if m.machine == nil || m.machine.leaving.IsZero() {
			continue
		}
		old, found := r.oldest(m.group)
		goes := found && old.ID == m.machine.id
		if goes && (working.IsZero() || working == m.group.Ref()) {
			continue
		}
		if err := r.giveBack(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// learnsFrom is how long after its launch a machine that is seen to be back tells how long that took: later
// on, nobody looked while it came.
const learnsFrom = 30 * time.Minute

// noteBack writes on each machine that is seen to be back for the first time how long that took.
func (r *run) noteBack(ctx context.Context, s standing) error {
	for _, m := range s.masters {
		if m.machine == nil || m.machine.backAfter || len(s.notBack(m)) > 0 {
			continue
		}
		took := r.now().Sub(m.machine.launched).Round(time.Second)
		if took <= 0 || took > learnsFrom {
			continue
		}
		if err := r.applier.marks.add(ctx, m.machine.id, topology.Tags{topology.TagBackAfter: took.String()}); err != nil {
			return err
		}
	}
	return nil
}
