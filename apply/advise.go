package apply

import (
	"context"
	"slices"

	"github.com/quorate/quorate/apply/quorum"
	"github.com/quorate/quorate/apply/repair"
	"github.com/quorate/quorate/topology"
)

// Advise looks at the control plane, and says what is wrong with the groups of the cluster and what the next
// run would do about it. It does nothing: the calls are describing ones, and as many as those of
// [Applier.Run] before its first step. What cannot be found out about one group is an advice to wait, with
// the reason. The input is that of the run, of a plan that does not end the cluster.
func (w Watcher) Advise(ctx context.Context, in Input) (Standing, []repair.Advice, error) {
	r := &run{applier: w.reader, in: in, ids: in.Bindings.Clone()}
	if !r.hasMasters() {
		return Standing{At: w.control.now()}, nil, nil
	}
	seen, err := r.stand(ctx)
	if err != nil {
		return Standing{}, nil, err
	}
	whole := !slices.ContainsFunc(seen.masters, func(m master) bool { return len(seen.notBack(m)) > 0 })
	advice := append(r.adviseMasters(ctx, seen), r.adviseWorkers(ctx, whole)...)
	return seen.exported(w.control.now()), advice, nil
}

func (r *run) adviseMasters(ctx context.Context, seen standing) []repair.Advice {
	var all []repair.Advice
	for _, m := range seen.masters {
		if _, exists := m.facts.groups[m.group.Name]; !exists {
			continue // it is to be made
		}
		facts, err := r.masterFacts(ctx, seen, m)
		if err != nil {
			all = append(all, notFoundOut(m.group.Ref(), err))
			continue
		}
		a := facts.Judge()
		if verdict := seen.mayGo(m.group.Ref()); a.Verb == repair.End && verdict.Answer != quorum.Proceed {
			a.Verb, a.Sentence = repair.Wait, a.Sentence+", when it may: "+verdict.Reason
		}
		all = append(all, a)
	}
	return slices.DeleteFunc(all, untold)
}

func (r *run) adviseWorkers(ctx context.Context, whole bool) []repair.Advice {
	var all []repair.Advice
	nodes, asked, err := r.nodesToJudgeBy(ctx)
	whole = whole && err == nil
	for _, group := range topology.Of[topology.AutoScalingGroup](r.in.Want) {
		have, exists := r.in.Have.Get(group.Ref())
		if group.Role == topology.ControlPlane || !exists {
			continue
		}
		facts, err := r.workerFacts(ctx, have, group, nodes, asked, whole)
		if err != nil {
			all = append(all, notFoundOut(group.Ref(), err))
			continue
		}
		all = append(all, facts.Judge())
	}
	return slices.DeleteFunc(all, untold)
}

func notFoundOut(group topology.Ref, err error) repair.Advice {
	return repair.Advice{Verb: repair.Wait, Group: group, Who: repair.AWS, Sentence: "what is wrong with " + group.String() + " cannot be found out: " + Explain(err)}
}

// untold leaves out what nobody needs to hear of, as [told] does.
func untold(a repair.Advice) bool { return a.Nothing() || a.Verb == repair.Forget }
