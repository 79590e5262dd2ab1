package health

import (
	"cmp"
	"context"
	"errors"
	"fmt"
)

// errNoSuccessor: taking the leader out would then start an election that nobody may win.
var errNoSuccessor = errors.New("no other voter agrees with the majority and has caught up")

// HandOver moves leadership away from the member, to the other voter that is furthest in the log. It does
// nothing if the member does not lead. Writes on their way through a leader that dies are lost until their
// clients give up waiting, and then a new one has to be elected; handing over costs neither.
func (p Prober) HandOver(ctx context.Context, c Cluster, member string) error {
	s := p.connect(c)
	defer s.close()
	answers := s.round(ctx)
	now := agreed(answers)
	if now.none() {
		return fmt.Errorf("hand over etcd %s: no majority agrees on who leads", c.Name)
	}
	if now.name(now.leader) != member {
		return nil
	}
	to, err := successor(c, member, now, answers, cmp.Or(p.Lag, 100))
	if err != nil {
		return fmt.Errorf("hand over etcd %s from %s: %w", c.Name, member, err)
	}
	leader, reachable := s.clients[member]
	if !reachable {
		return fmt.Errorf("hand over etcd %s: %s leads and has no address", c.Name, member)
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	if _, err := leader.MoveLeader(ctx, answers[to].id); err != nil {
		return fmt.Errorf("hand over etcd %s from %s to %s: %w", c.Name, member, to, err)
	}
	return nil
}

// successor is the best other voter; of equals, the first in the order of the cluster.
func successor(c Cluster, member string, now view, answers round, lag uint64) (string, error) {
	best := ""
	for _, m := range c.Members {
		a, asked := answers[m.Name]
		fit := asked && m.Name != member && !a.learner && now.sharedBy(a) && a.applied+lag >= now.index && now.name(a.id) == m.Name
		if fit && (best == "" || a.applied > answers[best].applied) {
			best = m.Name
		}
	}
	if best == "" {
		return "", errNoSuccessor
	}
	return best, nil
}
