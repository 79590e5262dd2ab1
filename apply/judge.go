package apply

import (
	"context"
	"iter"
	"slices"

	"github.com/quorate/quorate/apply/kube"
	"github.com/quorate/quorate/apply/quorum"
	"github.com/quorate/quorate/apply/repair"
	"github.com/quorate/quorate/topology"
)

// A judgement is what is to be done about one group that is there and stays, within the rules of this run.
type judgement struct {
	group  topology.AutoScalingGroup
	facts  repair.Group
	advice repair.Advice
	// err is why it could not be judged; the advice is to wait then.
	err error
}

func cannotJudge(group topology.AutoScalingGroup, err error) judgement {
	sentence := "what is wrong with " + group.Ref().String() + " cannot be found out"
	return judgement{group: group, err: err, advice: repair.Advice{Verb: repair.Wait, Group: group.Ref(), Who: repair.AWS, Sentence: sentence}}
}

// judgeMasters judges each master when it is asked for, so that what was done about the one before counts.
func (r *run) judgeMasters(ctx context.Context, seen standing) iter.Seq[judgement] {
	return func(yield func(judgement) bool) {
		for _, m := range seen.masters {
			_, exists := m.facts.groups[m.group.Name]
			_, stays := r.in.Want.Get(m.group.Ref())
			if exists && stays && !yield(r.judgeMaster(ctx, seen, m)) {
				return
			}
		}
	}
}

// judgeMaster lets a machine end only when the gate does, and only one in a run: what was seen of the others
// is true no longer then.
func (r *run) judgeMaster(ctx context.Context, seen standing, m master) judgement {
	facts, err := r.masterFacts(ctx, seen, m)
	if err != nil {
		return cannotJudge(m.group, err)
	}
	advice := facts.Judge()
	if advice.Verb != repair.End {
		return judgement{group: m.group, facts: facts.Group, advice: advice}
	}
	switch verdict := seen.mayGo(m.group.Ref()); {
	case verdict.Answer != quorum.Proceed:
		advice.Verb, advice.Sentence = repair.Wait, advice.Sentence+", when it may: "+verdict.Reason
	case r.ended:
		advice.Verb, advice.Sentence = repair.Wait, advice.Sentence+", when the master that was ended just now is back"
	}
	return judgement{group: m.group, facts: facts.Group, advice: advice}
}

// judgeWorkers judges the groups that carry no members. Without a whole control plane, or while the cluster
// is paused, no machine of theirs is touched.
func (r *run) judgeWorkers(ctx context.Context, whole bool) iter.Seq[judgement] {
	return func(yield func(judgement) bool) {
		nodes, asked, err := r.nodesToJudgeBy(ctx)
		whole := whole && err == nil
		for _, group := range topology.Of[topology.AutoScalingGroup](r.in.Want) {
			have, exists := r.in.Have.Get(group.Ref())
			if group.Role == topology.ControlPlane || !exists {
				continue
			}
			if !yield(r.judgeGroup(ctx, have, group, nodes, asked, whole)) {
				return
			}
		}
	}
}

func (r *run) judgeGroup(ctx context.Context, have topology.Resource, group topology.AutoScalingGroup, nodes map[string]kube.Node, asked, whole bool) judgement {
	facts, err := r.workerFacts(ctx, have, group, nodes, asked, whole)
	if err != nil {
		return cannotJudge(group, err)
	}
	advice := facts.Judge()
	if advice.Verb == repair.End && r.in.Paused != "" {
		advice.Verb, advice.Who = repair.Wait, repair.People
		advice.Sentence += "; but not while the cluster is paused"
	}
	return judgement{group: group, facts: facts.Group, advice: advice}
}

// whole reports that every master is back.
func (s standing) whole() bool {
	return !slices.ContainsFunc(s.masters, func(m master) bool { return len(s.notBack(m)) > 0 })
}
