package metrics

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/apply/quorum"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/sync/lease"
	"github.com/quorate/quorate/topology"
)

const ha = "ha.example.com"

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

type three struct{}

func (three) Len() int { return 3 }

// used is a service in which everything has happened once.
func used(t *testing.T) *Metrics {
	t.Helper()
	m := New("v1.2.3")
	m.Watch(three{})
	m.Called("EC2", "DescribeVpcs", true)
	m.Notified("slack", true)
	m.Pass(ha, busy(), 3*time.Second, noon)
	m.Pass(ha, sync.Result{}, time.Second, noon)
	return m
}

// busy is a pass with steps of all sorts.
func busy() sync.Result {
	vpc := topology.Ref{Kind: topology.KindVPC, Name: "a"}
	plan := diff.Plan{Changes: []diff.Change{{Ref: vpc, Effect: diff.Create}}}
	margin := quorum.Margin{Voters: 3, HealthyNow: 3, Majority: 2}
	return sync.Result{Planned: sync.Planned{Plan: plan}, Report: apply.Report{
		Etcd: []quorum.Verdict{{Cluster: "main", Margin: margin}, {Cluster: "events", Margin: quorum.Margin{Voters: 3, HealthyNow: 1, Majority: 2}}},
		Outcomes: []apply.Outcome{
			{Effect: diff.Create, State: apply.Done, Acted: true},
			{Effect: diff.Roll, State: apply.Waiting, Verdict: &quorum.Verdict{Answer: quorum.Wait}},
			{Effect: diff.Roll, State: apply.Waiting, Verdict: &quorum.Verdict{Answer: quorum.Refuse}},
			{Effect: diff.Create, State: apply.Waiting, Behind: vpc},
		},
	}}
}

// documented reads the table of docs/metrics.md: name → type and labels.
func documented(t *testing.T) map[string]string {
	t.Helper()
	page, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `(quorate_[a-z_]+)` \\| (\\w+) \\| ([^|]*)\\|").FindAllStringSubmatch(string(page), -1) {
		labels := strings.Fields(strings.NewReplacer("`", "", ",", " ").Replace(m[3]))
		slices.Sort(labels)
		rows[m[1]] = m[2] + " " + strings.Join(labels, " ")
	}
	return rows
}

func TestTheDocumentedMetricsAreTheOnesThatThereAre(t *testing.T) {
	families, err := used(t).registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "quorate_") {
			continue
		}
		var labels []string
		for _, l := range f.GetMetric()[0].GetLabel() {
			labels = append(labels, l.GetName())
		}
		slices.Sort(labels)
		found[f.GetName()] = strings.ToLower(f.GetType().String()) + " " + strings.Join(labels, " ")
	}
	if d := gocmp.Diff(documented(t), found); d != "" {
		t.Errorf("-docs/metrics.md +registered:\n%s", d)
	}
}

func TestTheDocumentedOutcomesAndClassesAreTheOnesThatThereAre(t *testing.T) {
	page, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z]+)` \\| [^|]*\\|$").FindAllStringSubmatch(string(page), -1) {
		rows[m[1]] = true
	}
	want := map[string]bool{held: true, unlooked: true, refused: true, failed: true, converged: true, changed: true, waiting: true}
	for _, class := range apply.WaitClasses() {
		want[string(class)] = true
	}
	if d := gocmp.Diff(want, rows); d != "" {
		t.Errorf("-code +docs/metrics.md:\n%s", d)
	}
}

func TestAPassIsCountedAsWhatItCameTo(t *testing.T) {
	forbidden := diff.Plan{Changes: []diff.Change{{Effect: diff.Forbid}}}
	acted := apply.Report{Outcomes: []apply.Outcome{{State: apply.Done, Acted: true}}}
	some := diff.Plan{Changes: []diff.Change{{Effect: diff.Create}}}
	for want, r := range map[string]sync.Result{
		held:      {Err: fmt.Errorf("lease: %w", lease.ErrHeld)},
		unlooked:  {Err: errors.New("no credentials")},
		refused:   {Planned: sync.Planned{Plan: forbidden}, Report: apply.Report{Outcomes: []apply.Outcome{{State: apply.Failed}}}},
		failed:    {Planned: sync.Planned{Plan: some}, Report: apply.Report{Outcomes: []apply.Outcome{{State: apply.Failed}, {State: apply.Done, Acted: true}}}},
		converged: {},
		changed:   {Planned: sync.Planned{Plan: some}, Report: acted},
		waiting:   {Report: apply.Report{Settling: []string{"machines boot"}}},
	} {
		if got := outcomeOf(r); got != want {
			t.Errorf("%s, want %s: %+v", got, want, r)
		}
	}
}

func TestStepsAndMarginsOfAPassAreCounted(t *testing.T) {
	m := used(t)
	for name, c := range map[string]struct{ got, want float64 }{
		"created":                 {testutil.ToFloat64(m.steps.WithLabelValues("create", "done")), 1},
		"what stood behind":       {testutil.ToFloat64(m.steps.WithLabelValues("create", "waiting")), 0},
		"rolls that wait":         {testutil.ToFloat64(m.steps.WithLabelValues("roll", "waiting")), 1},
		"rolls that were refused": {testutil.ToFloat64(m.steps.WithLabelValues("roll", "refused")), 1},
		"waits for the gate":      {testutil.ToFloat64(m.waits.WithLabelValues("quorum")), 2},
		"margin of a whole one":   {testutil.ToFloat64(m.margin.WithLabelValues(ha, "main")), 1},
		"margin without quorum":   {testutil.ToFloat64(m.margin.WithLabelValues(ha, "events")), -1},
		"converged at":            {testutil.ToFloat64(m.converged.WithLabelValues(ha)), float64(noon.Unix())},
		"throttled":               {testutil.ToFloat64(m.throttles.WithLabelValues("EC2", "DescribeVpcs")), 1},
		"spooled":                 {m.spooled(), 3},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
}

func TestDriftLastsUntilTheClusterIsWhole(t *testing.T) {
	m := New("")
	m.Drift(ha, busy().Planned.Plan)
	at := func() float64 { return testutil.ToFloat64(m.drift.WithLabelValues(ha, "in-place")) }
	m.Pass(ha, busy(), 0, noon)
	if at() != 1 {
		t.Errorf("while it is mended: %v", at())
	}
	m.Pass(ha, sync.Result{}, 0, noon)
	if at() != 0 {
		t.Errorf("when it is mended: %v", at())
	}
}

func TestAClusterThatIsGoneTakesItsSeriesWithIt(t *testing.T) {
	m := used(t)
	m.forget(ha)
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if strings.Contains(w.Body.String(), ha) {
		t.Errorf("still there:\n%s", w.Body)
	}
	if !strings.Contains(w.Body.String(), `quorate_build_info{version="v1.2.3"} 1`) {
		t.Error("the version is not there")
	}
}

// TestEveryLabelButThatOfClustersIsBounded knows the values beforehand.
func TestEveryLabelButThatOfClustersIsBounded(t *testing.T) {
	known := map[string]bool{"in-place": true}
	for _, risk := range diff.Risks() {
		known[class(risk)] = true
	}
	families, err := used(t).registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "quorate_drift_changes" {
			continue
		}
		for _, metric := range f.GetMetric() {
			for _, l := range metric.GetLabel() {
				if l.GetName() == "class" && !known[l.GetValue()] {
					t.Errorf("class %q", l.GetValue())
				}
			}
		}
	}
	if !slices.Equal(slices.SortedFunc(maps.Keys(known), cmp.Compare), []string{"destructive", "in-place", "metadata", "nothing", "quorum-affecting", "rolling"}) {
		t.Errorf("classes: %v; docs/metrics.md names them", known)
	}
}
