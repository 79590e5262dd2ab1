package apply

import (
	"context"
	"iter"

	"github.com/quorate/quorate/apply/repair"
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
	advice := append(advised(r.judgeMasters(ctx, seen)), advised(r.judgeWorkers(ctx, seen.whole()))...)
	return seen.exported(w.control.now()), advice, nil
}

// advised leaves out what nobody needs to hear of, as [told] does.
func advised(judged iter.Seq[judgement]) []repair.Advice {
	var all []repair.Advice
	for j := range judged {
		if j.err != nil {
			j.advice.Sentence += ": " + Explain(j.err)
		}
		if !j.advice.Nothing() && j.advice.Verb != repair.Forget {
			all = append(all, j.advice)
		}
	}
	return all
}
