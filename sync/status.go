package sync

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/sync/commitstatus"
	"github.com/quorate/quorate/sync/lease"
)

// applyContext is the name under which the fate of a commit is posted.
func applyContext(cluster string) string { return "quorate/apply/" + cluster }

// statusOf is the one place where the end of a pass becomes a status: what the user
// can fix is failure, what AWS or we must fix is error, what time fixes is pending.
func statusOf(r Result, waited time.Duration) (commitstatus.State, string) {
	if errors.Is(r.Err, lease.ErrHeld) {
		return commitstatus.Pending, "waiting: " + r.Err.Error()
	}
	if r.Err != nil {
		return commitstatus.Error, apply.Explain(r.Err)
	}
	if forbidden := r.Planned.Plan.Forbidden(); len(forbidden) > 0 {
		return commitstatus.Failure, fmt.Sprintf("refused: %s: %s", forbidden[0].Ref, forbidden[0].Reason)
	}
	if r.held() && r.Report.State() != apply.Failed && !r.NeedsPeople() {
		return heldStatus(r)
	}
	switch r.Report.State() {
	case apply.Failed:
		return commitstatus.Error, r.Report.Reason()
	case apply.Waiting:
		if r.NeedsPeople() {
			return commitstatus.Failure, r.Reason()
		}
		return commitstatus.Pending, waitText(r, waited)
	case apply.Done:
	}
	if !r.Planned.Plan.Empty() || !r.Planned.Plan.Hop.Last() {
		return commitstatus.Pending, r.Planned.hopText() + "applied " + r.Planned.Render().Summary() + "; looking again"
	}
	if r.Planned.Gone() {
		return commitstatus.Success, r.Planned.Ended() + "; remove the folder"
	}
	text := fmt.Sprintf("%d resources as the manifest says, nothing to change", r.Planned.State.Topology.Len())
	if n := r.Planned.held(); n > 0 {
		text = fmt.Sprintf("applied; %d drifted since and left as found, see %s", n, driftContext(r.Planned.Cluster.Name))
	}
	if why := r.Planned.Cluster.Policy.Paused; why != "" {
		text = "paused: " + why + "; " + text
	}
	return commitstatus.Success, text
}

// endPending gives the statuses of earlier commits their last word when the one that counts has its own: it is
// the same if they say the same of the cluster, and otherwise they were overtaken.
func (s *Service) endPending(ctx context.Context, commit string, want desired.Cluster, state commitstatus.State, text string) {
	if s.cfg.Pending == nil || state == commitstatus.Pending {
		return
	}
	for _, old := range s.cfg.Pending() {
		switch {
		case old.Context != applyContext(want.Name) || old.Commit == commit:
		case s.digestAt(old.Commit, want.Name) == want.Digest:
			s.post(ctx, old.Commit, want.Name, state, text)
		default:
			s.post(ctx, old.Commit, want.Name, commitstatus.Failure, fmt.Sprintf("overtaken by commit %s before it was done", short(commit)))
		}
	}
}

// digestAt stands for what a commit says of a cluster; empty if that cannot be read any more.
func (s *Service) digestAt(commit, cluster string) string {
	listing, err := s.cfg.Repository.Units(commit, s.cfg.Path)
	if err != nil {
		return ""
	}
	for _, u := range listing.Units {
		for _, c := range read(u, unit{}).clusters {
			if c.Name == cluster {
				return c.Digest
			}
		}
	}
	return ""
}

// NeedsPeople reports that nothing more happens by itself: what people must remove is in the way of a
// cluster's end, or a roll halted and its group is back on the template that worked.
func (r Result) NeedsPeople() bool {
	return (len(r.blocks()) > 0 || r.Report.Stopped()) && !r.Report.Acted()
}

// problemText is what the status says of manifests that cannot be read; they are a failure.
func problemText(problems []desired.Problem) string {
	var errors []string
	for _, p := range problems {
		if p.Severity == desired.Error {
			errors = append(errors, p.String())
		}
	}
	if len(errors) == 1 {
		return errors[0]
	}
	return fmt.Sprintf("%d problems, the first: %s", len(errors), strings.SplitN(errors[0], "\n", 2)[0])
}
