package sync

import (
	"context"
	"fmt"
	"strings"

	"github.com/quorate/quorate/actual"
	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/sync/commitstatus"
	"github.com/quorate/quorate/topology"
)

// Gone reports whether a cluster was to be deleted, and nothing of it is left.
func (p Planned) Gone() bool {
	return p.Plan.EndsCluster() && p.Plan.Empty() && len(p.Plan.Machines) == 0
}

// Ended tells what is left of a cluster that is gone.
func (p Planned) Ended() string {
	snapshots, others := 0, []string{}
	for _, l := range p.State.Leftovers {
		if l.Kind == actual.KindSnapshot && l.Tags[topology.TagRetired] != "" {
			snapshots++
		} else {
			others = append(others, string(l.Kind)+" "+l.ID)
		}
	}
	text := fmt.Sprintf("deleted; %d snapshots of its etcd volumes are kept", snapshots)
	if len(others) > 0 {
		text += "; left to you: " + few(others)
	}
	return text
}

// Reason is what the pass waits for, or failed at. When a cluster ends, that is first what
// people must remove: AWS says no more than that something is still there.
func (r Result) Reason() string {
	reason := r.Report.Reason()
	if r.held() && r.Report.State() != apply.Failed {
		reason = r.whyHeld()
	}
	blocks := r.blocks()
	if len(blocks) == 0 || r.Report.State() != apply.Waiting {
		return reason
	}
	return "in the way: " + few(blocks) + "; then " + reason
}

// blocks are what holds the end of a cluster back; they matter once its machines are gone.
func (r Result) blocks() []string {
	if !r.Planned.Plan.EndsCluster() || len(r.Planned.Plan.Machines) > 0 {
		return nil
	}
	var blocks []string
	for _, l := range r.Planned.State.Leftovers {
		if l.InTheWay {
			blocks = append(blocks, fmt.Sprintf("%s %s: %s", l.Kind, l.ID, l.Reason))
		}
	}
	return blocks
}

// few names up to three things.
func few(things []string) string {
	const most = 3
	text := strings.Join(things[:min(most, len(things))], "; ")
	if more := len(things) - most; more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return text
}

// tellVanished says what it means that a cluster's manifest is gone from the branch:
// nothing is wrong if the cluster was deleted before.
func (s *Service) tellVanished(ctx context.Context, commit string, c desired.Cluster) {
	const keptAsIs = "its manifest is gone from the branch; nothing is destroyed, and the cluster is no longer looked after: put the manifest back"
	if !c.Policy.Deletion || s.cfg.Look == nil {
		s.cfg.Log.Warn("a manifest is gone; nothing is destroyed", "cluster", c.Name, "commit", commit)
		s.post(ctx, commit, c.Name, commitstatus.Failure, keptAsIs)
		s.endPending(ctx, commit, c, commitstatus.Failure, keptAsIs)
		return
	}
	state, text := s.vanished(ctx, c)
	s.cfg.Log.Info("the manifest of a cluster that was to be deleted is gone", "cluster", c.Name, "commit", commit, "text", text)
	s.post(ctx, commit, c.Name, state, text)
	s.endPending(ctx, commit, c, state, text)
}

// vanished looks in AWS whether the deletion was finished.
func (s *Service) vanished(ctx context.Context, c desired.Cluster) (commitstatus.State, string) {
	planned, err := s.cfg.Look(ctx, c)
	switch {
	case err != nil:
		return commitstatus.Error, "its manifest is gone, and nobody could look whether its deletion was finished: " + apply.Explain(err)
	case planned.Gone():
		return commitstatus.Success, planned.Ended()
	}
	return commitstatus.Failure, fmt.Sprintf("its manifest is gone before its deletion was finished: %d resources and %d machines are still there; put the folder back to finish it",
		len(planned.Plan.Changes), len(planned.Plan.Machines))
}
