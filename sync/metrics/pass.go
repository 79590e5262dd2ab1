package metrics

import (
	"errors"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/apply/quorum"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/sync/lease"
)

// outcomes of a pass, the one that it is counted under being the first that fits.
const (
	held      = "held"      // somebody else was at work on the cluster
	unlooked  = "error"     // the pass could not look or plan, and changed nothing
	refused   = "refused"   // the manifest asks for what must not be done
	failed    = "failed"    // AWS refused a step, or answered nothing
	converged = "converged" // AWS is what the manifest says, and works
	changed   = "changed"   // something was changed; there may be more
	waiting   = "waiting"   // nothing could be done yet
)

// Pass counts a pass that ended at now.
func (m *Metrics) Pass(cluster string, r sync.Result, took time.Duration, now time.Time) {
	m.passes.WithLabelValues(cluster, outcomeOf(r)).Inc()
	m.passSeconds.WithLabelValues(cluster).Observe(took.Seconds())
	if r.Err != nil {
		return
	}
	for _, o := range r.Report.Outcomes {
		if o.Behind.IsZero() {
			m.steps.WithLabelValues(o.Effect.String(), stepOutcome(o)).Inc()
		}
	}
	for class, n := range r.Report.Waits() {
		m.waits.WithLabelValues(string(class)).Add(float64(n))
	}
	for _, v := range r.Report.Etcd {
		m.margin.WithLabelValues(cluster, v.Cluster).Set(float64(v.Margin.HealthyNow - v.Margin.Majority))
	}
	if r.Converged() {
		m.converged.WithLabelValues(cluster).Set(float64(now.Unix()))
		m.Drift(cluster, diff.Plan{})
	}
	if r.Planned.Gone() {
		m.forget(cluster)
	}
}

// Drift keeps what a look for drift found.
func (m *Metrics) Drift(cluster string, found diff.Plan) {
	counts := found.Risks()
	for _, risk := range diff.Risks() {
		if risk != diff.RiskNothing {
			m.drift.WithLabelValues(cluster, class(risk)).Set(float64(counts[risk]))
		}
	}
}

func class(r diff.Risk) string { return strings.ReplaceAll(r.String(), " ", "-") }

// forget lets go of a cluster that is no more.
func (m *Metrics) forget(cluster string) {
	for _, vec := range m.of {
		vec.DeletePartialMatch(prometheus.Labels{"cluster": cluster})
	}
}

func outcomeOf(r sync.Result) string {
	switch {
	case errors.Is(r.Err, lease.ErrHeld):
		return held
	case r.Err != nil:
		return unlooked
	case len(r.Planned.Plan.Forbidden()) > 0:
		return refused
	case r.Report.State() == apply.Failed:
		return failed
	case r.Converged():
		return converged
	case r.Report.Acted():
		return changed
	}
	return waiting
}

func stepOutcome(o apply.Outcome) string {
	if o.Verdict != nil && o.Verdict.Answer == quorum.Refuse {
		return refused
	}
	return string(o.State)
}
