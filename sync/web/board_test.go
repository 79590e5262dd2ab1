package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/apply/order"
	"github.com/quorate/quorate/apply/quorum"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/sync/audit"
	"github.com/quorate/quorate/sync/commitstatus"
	"github.com/quorate/quorate/topology"
)

const ha = "ha.example.com"

var (
	noon   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	commit = strings.Repeat("a", 40)
	zoneA  = topology.Ref{Kind: topology.KindAutoScalingGroup, Name: "master-us-east-1a.masters." + ha}
	zoneB  = topology.Ref{Kind: topology.KindAutoScalingGroup, Name: "master-us-east-1b.masters." + ha}
)

// paper is an auditor that keeps what it is told.
type paper struct {
	records []audit.Record
	err     error
}

func (p *paper) Begin(audit.Record) error { return p.err }
func (p *paper) Record(_ context.Context, r audit.Record) error {
	p.records = append(p.records, r)
	return p.err
}
func (p *paper) Forget(string) error                             { return p.err }
func (p *paper) Interrupt(context.Context, string, string) error { return p.err }
func (p *paper) Flush(context.Context) error                     { return p.err }

func board(t *testing.T) *Board { return boardIn(t, t.TempDir()) }

func boardIn(t *testing.T, dir string) *Board {
	t.Helper()
	b := NewBoard(dir, slog.New(slog.NewTextHandler(t.Output(), nil)))
	b.now = func() time.Time { return noon }
	if err := b.Open(); err != nil {
		t.Fatal(err)
	}
	return b
}

// planned is a roll of two zones.
func planned() sync.Planned {
	change := func(ref topology.Ref) diff.Change { return diff.Change{Ref: ref, Effect: diff.Roll} }
	return sync.Planned{
		Cluster: desired.Cluster{Name: ha},
		Plan:    diff.Plan{Cluster: ha, Changes: []diff.Change{change(zoneA), change(zoneB)}},
		Steps: []order.Step{
			{Change: change(zoneA), Why: "it leads no etcd cluster", Zone: "us-east-1a"},
			{Change: change(zoneB), Why: "one zone after the other", Zone: "us-east-1b", After: []topology.Ref{zoneA}},
		},
	}
}

func begun() audit.Record {
	r := audit.Record{Cluster: ha, Commit: commit, Began: noon, Plan: "digest"}
	for _, ref := range []topology.Ref{zoneA, zoneB} {
		r.Steps = append(r.Steps, audit.Step{Ref: ref.String(), Effect: "roll", State: "unknown"})
	}
	return r
}

// ended is how the trail tells of the pass that began.
func ended(result audit.Result, reason string) audit.Record {
	r := begun()
	r.Author, r.Trigger, r.Result, r.Reason = "Ada <ada@example.com>", "poll", result, reason
	r.Ended = noon.Add(42 * time.Second)
	r.Steps = r.Steps[:1]
	r.Steps[0].State, r.Steps[0].Began, r.Steps[0].Milliseconds = "done", noon, 41_500
	r.Steps[0].Quorum = &audit.Quorum{Cluster: "main", Answer: "proceed", Voters: 3, HealthyNow: 3, HealthyAfter: 2, Majority: 2}
	r.Behind = 1
	return r
}

func outcomeA() apply.Outcome {
	return apply.Outcome{
		Ref: zoneA, Effect: diff.Roll, State: apply.Waiting, Reason: "etcd main catches up", Began: noon, Took: 2 * time.Second,
		Verdict: &quorum.Verdict{Answer: quorum.Wait, Cluster: "main", Margin: quorum.Margin{Voters: 3, HealthyNow: 3, HealthyAfter: 2, Majority: 2}},
	}
}

// shows fails unless the page has all of these, and returns it.
func shows(t *testing.T, b *Board, path string, texts ...string) string {
	t.Helper()
	h, _ := healthy(t)
	w := get(t, Handler(Config{Health: h, Board: b, Metrics: http.NotFoundHandler()}), path)
	if w.Code != http.StatusOK {
		t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	for _, text := range texts {
		if !strings.Contains(w.Body.String(), text) {
			t.Errorf("%s does not show %q:\n%s", path, text, w.Body)
		}
	}
	return w.Body.String()
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func TestAPassIsShownWhileItGoesOnAndAfterIt(t *testing.T) {
	b, paper := board(t), &paper{}
	trail := b.Trail(paper)
	b.Planned(planned())
	known := begun()
	known.Author, known.PullRequest, known.Approver = "Grace", "https://git.example.com/pulls/7", "Lin"
	must(t, trail.Begin(known))
	b.Progress(ha, outcomeA())
	of := "/runs/" + ha + "/" + commit
	shows(t, b, of, "The pass that goes on", "going on", "2 roll", "etcd main catches up", "one zone after the other", "not ended yet",
		"Grace", "https://git.example.com/pulls/7", "<dd>Lin</dd>",
		"3 of 3 healthy, 2 after, 2 needed", "2026-03-01 12:00:00 UTC")

	must(t, trail.Record(t.Context(), ended(audit.Changed, "")))
	page := shows(t, b, of, "Ada &lt;ada@example.com&gt;", "changed", "1 more stood behind them", "42s", "it leads no etcd cluster")
	if strings.Contains(page, "goes on") {
		t.Error("it is shown as going on")
	}
	shows(t, b, "/runs/"+ha, of+"/"+paper.records[0].ID)
	shows(t, b, of+"/"+paper.records[0].ID, "changed", commit)
	shows(t, b, "/", "/runs/"+ha)
}

func TestTheClusterIsShownAsTheLastPassFoundIt(t *testing.T) {
	b := board(t)
	b.Passed(ha, commit, sync.Result{Planned: planned(), Report: apply.Report{
		Outcomes: []apply.Outcome{
			{Ref: zoneA, State: apply.Waiting, Reason: "pods may not go", Who: "Deployment/web", Since: noon, Limit: time.Hour},
			{Ref: zoneB, State: apply.Waiting, Behind: zoneA, Reason: "it comes after"},
		},
		Etcd: []quorum.Verdict{{Cluster: "events", Reason: "All are healthy.", Margin: quorum.Margin{Voters: 5, HealthyNow: 4, Majority: 3}}},
	}})
	page := shows(t, b, "/runs/"+ha+"/"+commit, "pods may not go", "Deployment/web", "1h0m0s", "events", "<td>4</td><td>5</td><td>3</td><td>1</td>", "All are healthy.")
	if strings.Contains(page, "it comes after") {
		t.Error("what only stands behind another step is shown as a wait")
	}
	shows(t, b, "/", "pods may not go")
}

func TestAPassThatChangedNothingLeavesNoPage(t *testing.T) {
	b := board(t)
	trail := b.Trail(&paper{})
	must(t, trail.Begin(begun()), trail.Forget(ha))
	if _, known := b.ofCluster(linksOf(nil), ha, commit); known {
		t.Error("there is a page")
	}
	if left, _ := filepath.Glob(filepath.Join(b.shelf.dir, "*", "*")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

func TestARefusalThatIsSaidAgainIsShownOnce(t *testing.T) {
	b := board(t)
	trail := b.Trail(&paper{})
	for i, reason := range []string{"the VPC may not move", "the VPC may not move", "the subnet may not move"} {
		r := begun()
		r.Result, r.Reason, r.Steps, r.Began = audit.Refused, reason, nil, noon.Add(time.Duration(i)*time.Minute)
		must(t, trail.Record(t.Context(), r))
	}
	var reasons []string
	for _, e := range b.runs[ha] {
		reasons = append(reasons, e.reason)
	}
	if d := cmp.Diff([]string{"the VPC may not move", "the subnet may not move"}, reasons); d != "" {
		t.Errorf("-want +shown:\n%s", d)
	}
}

func TestPagesOutliveTheProcess(t *testing.T) {
	dir := t.TempDir()
	first := boardIn(t, dir)
	trail := first.Trail(&paper{})
	must(t, trail.Begin(begun()), trail.Record(t.Context(), ended(audit.Changed, "")))
	first.Planned(planned())
	late := begun()
	late.Began = noon.Add(time.Hour)
	must(t, trail.Begin(late)) // and the process is killed
	must(t, os.WriteFile(filepath.Join(dir, ha, "000000000000001-AAAA.json"), []byte("{"), 0o600))

	second := boardIn(t, dir)
	shows(t, second, "/runs/"+ha, "interrupted: the service ended in the middle of this pass", "changed")
	if n := len(second.runs[ha]); n != 2 {
		t.Errorf("%d pages", n)
	}
}

func TestOldPagesMakePlaceForNewOnes(t *testing.T) {
	b := board(t)
	trail := b.Trail(&paper{})
	for i := range perCluster + 5 {
		r := ended(audit.Changed, "")
		r.Began = noon.Add(time.Duration(i) * time.Minute)
		must(t, trail.Record(t.Context(), r))
	}
	files, err := filepath.Glob(filepath.Join(b.shelf.dir, ha, "*"))
	if err != nil || len(files) != perCluster || len(b.runs[ha]) != perCluster {
		t.Errorf("%d files, %d known: %v", len(files), len(b.runs[ha]), err)
	}
	if oldest := b.runs[ha][0].began; !oldest.Equal(noon.Add(5 * time.Minute)) {
		t.Errorf("the oldest is of %s", oldest)
	}
}

// TestAPageThatCannotBeKeptStopsNothing has a file where the folder should be.
func TestAPageThatCannotBeKeptStopsNothing(t *testing.T) {
	dir := t.TempDir()
	var said bytes.Buffer
	b := NewBoard(dir, slog.New(slog.NewTextHandler(&said, nil)))
	must(t, b.Open(), os.WriteFile(filepath.Join(dir, ha), nil, 0o600))
	paper := &paper{}
	trail := b.Trail(paper)
	must(t, trail.Begin(begun()), trail.Record(t.Context(), ended(audit.Changed, "")))
	if len(paper.records) != 1 || !strings.Contains(said.String(), "not kept") {
		t.Errorf("%d records; log: %s", len(paper.records), said.String())
	}
}

func TestAPassThatCannotBeNotedIsNotShownAsBegun(t *testing.T) {
	b := board(t)
	if err := b.Trail(&paper{err: errors.New("disk full")}).Begin(begun()); err == nil {
		t.Error("it began")
	}
	if len(b.running) > 0 {
		t.Error("it is shown")
	}
}

// TestNothingOfAPageIsTakenForMarkup puts markup into every text that comes from elsewhere.
func TestNothingOfAPageIsTakenForMarkup(t *testing.T) {
	const evil = `"><script>alert(1)</script><a href="javascript:x">`
	b := board(t)
	p := planned()
	p.Steps[0].Why = evil
	b.Planned(p)
	r := ended(audit.Failed, evil)
	r.Author, r.PullRequest, r.Approver, r.Trigger = evil, evil, evil, evil
	r.Steps[0].Reason, r.Steps[0].Zone, r.Steps[0].Effect, r.Steps[0].Quorum.Cluster = evil, evil, evil, evil
	must(t, b.Trail(&paper{}).Record(t.Context(), r))
	b.Passed(ha, commit, sync.Result{Planned: planned(), Report: apply.Report{
		Outcomes: []apply.Outcome{{Ref: topology.Ref{Kind: topology.KindVPC, Name: evil}, State: apply.Waiting, Reason: evil, Who: evil}}, Etcd: []quorum.Verdict{{Cluster: evil, Reason: evil}},
	}})
	page := shows(t, b, "/runs/"+ha+"/"+commit)
	for _, bad := range []string{"<script", `href="javascript`} {
		if strings.Contains(page, bad) {
			t.Errorf("%s is in the page", bad)
		}
	}
}

func TestWhatIsNotKnownIsNotFound(t *testing.T) {
	b := board(t)
	must(t, b.Trail(&paper{}).Record(t.Context(), ended(audit.Changed, "")))
	h, _ := healthy(t)
	handler := Handler(Config{Health: h, Board: b, Metrics: http.NotFoundHandler()})
	id := b.runs[ha][0].id
	for _, path := range []string{"/runs/other", "/runs/" + ha + "/" + strings.Repeat("b", 40), "/runs/" + ha + "/" + commit + "/none",
		"/runs/" + ha + "/" + strings.Repeat("b", 40) + "/" + id, "/runs/..%2f..%2fetc/passwd", "/style.css"} {
		if w := get(t, handler, path); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	w := get(t, handler, "/runs/"+ha)
	if got := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(got, "default-src 'none'; style-src 'sha256-") {
		t.Errorf("policy: %s", got)
	}
}

// board names are checked where files are made.
func TestNoPageLeadsOutOfItsFolder(t *testing.T) {
	b := board(t)
	for _, name := range []string{"../x", "", ".", "..", "a/b", "A"} {
		r := ended(audit.Changed, "")
		r.Cluster = name
		r.ID = "ID"
		if err := b.end(r); err == nil {
			t.Errorf("%q was kept", name)
		}
	}
}

type posted struct{ last commitstatus.Status }

func (p *posted) Post(_ context.Context, s commitstatus.Status) error { p.last = s; return nil }

func TestStatusesLinkToTheirPages(t *testing.T) {
	public, err := url.Parse("https://ops.example.com/quorate/")
	must(t, err)
	for _, c := range []struct{ context, url, want string }{
		{"quorate/apply/" + ha, "", "https://ops.example.com/quorate/runs/" + ha + "/" + commit},
		{"quorate/drift/" + ha, "", "https://ops.example.com/quorate/runs/" + ha + "/" + commit},
		{"quorate/drift/" + ha, "https://elsewhere.example.com", "https://elsewhere.example.com"},
		{"quorate/manifests/root", "", ""},
		{"quorate/apply/../x", "", ""},
	} {
		p := &posted{}
		must(t, Linked{p, public}.Post(t.Context(), commitstatus.Status{Commit: commit, Context: c.context, URL: c.url}))
		if p.last.URL != c.want {
			t.Errorf("%s: %q, want %q", c.context, p.last.URL, c.want)
		}
	}
}

func plansOf(t *testing.T, all ...Plan) http.Handler {
	t.Helper()
	plans := NewPlans(t.TempDir(), slog.New(slog.NewTextHandler(t.Output(), nil)))
	for _, p := range all {
		plans.Keep(p)
	}
	h, _ := healthy(t)
	return Handler(Config{Health: h, Board: board(t), Plans: plans, Metrics: http.NotFoundHandler()})
}

// proposal is a plan with a long text.
func proposal() Plan {
	return Plan{
		Cluster: ha, Head: commit, Base: strings.Repeat("b", 40), Branch: "main", Pull: 7, Risk: "in place", Text: "in place: 2 create",
		Notes: []string{"The branch has changed this cluster."}, Plan: "create vpc/" + ha + strings.Repeat(" and more", 40) + "\n", Digest: strings.Repeat("1", 64), Seen: strings.Repeat("2", 64), At: noon,
	}
}

func TestAPlanHasItsPage(t *testing.T) {
	other := proposal()
	other.Cluster, other.Text = "b.example.com", "in place: 1 update"
	handler := plansOf(t, proposal(), other)
	for path, texts := range map[string][]string{
		"/plans/" + commit:            {"in place: 2 create", "in place: 1 update", "/plans/" + commit + "/" + ha},
		"/plans/" + commit + "/" + ha: {"create vpc/" + ha, "The branch has changed this cluster.", "2026-03-01 12:00:00 UTC", strings.Repeat("1", 64), "main at <code>bbbb"},
	} {
		w := get(t, handler, path)
		for _, text := range texts {
			if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), text) {
				t.Errorf("%s does not show %q: %d\n%s", path, text, w.Code, w.Body)
			}
		}
	}
	for _, path := range []string{"/plans/" + strings.Repeat("c", 40), "/plans/" + commit + "/c.example.com", "/plans/..%2f" + commit + "/" + ha, "/plans/" + commit + "/..%2f" + ha, "/plans/*/*"} {
		if w := get(t, handler, path); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestNothingOfAPlanIsTakenForMarkup(t *testing.T) {
	const evil = `"><script>alert(1)</script><a href="javascript:x">`
	p := proposal()
	p.Branch, p.Risk, p.Text, p.Notes, p.Plan, p.Digest, p.Seen = evil, evil, evil, []string{evil}, "</pre>"+evil, evil, evil
	handler := plansOf(t, p)
	for _, path := range []string{"/plans/" + commit, "/plans/" + commit + "/" + ha} {
		body := get(t, handler, path).Body.String()
		for _, bad := range []string{"<script", `href="javascript`, "</pre>&#34;", `</pre>"`} {
			if strings.Contains(body, bad) {
				t.Errorf("%s is in %s", bad, path)
			}
		}
	}
}

func TestOldPlansMakePlaceAndLongOnesAreCut(t *testing.T) {
	plans := NewPlans(t.TempDir(), slog.New(slog.NewTextHandler(t.Output(), nil)))
	for i := range maxPlans + 3 {
		p := proposal()
		p.Head = fmt.Sprintf("%040x", i)
		if i == maxPlans+2 {
			p.Plan = strings.Repeat("one more line\n", maxPlanText/10)
		}
		plans.Keep(p)
	}
	files, err := filepath.Glob(filepath.Join(plans.dir, "*", "*"))
	if err != nil || len(files) != maxPlans {
		t.Errorf("%d plans: %v", len(files), err)
	}
	last, found := plans.read(fmt.Sprintf("%040x", maxPlans+2), ha)
	if !found || len(last.Plan) > maxPlanText+100 || !strings.HasSuffix(last.Plan, "one more line\nCut here: the whole is longer than a page may be.\n") {
		t.Errorf("found %v, %d bytes", found, len(last.Plan))
	}
	p := proposal()
	p.Cluster = "../x"
	plans.Keep(p)
	if outside, _ := filepath.Glob(filepath.Join(plans.dir, "x*")); len(outside) > 0 {
		t.Errorf("outside: %v", outside)
	}
}

func TestTheLinksOfPlansLeadToThem(t *testing.T) {
	public, err := url.Parse("https://ops.example.com/quorate/")
	must(t, err)
	one, all := PlanPages(public, commit, ha)
	if want := "https://ops.example.com/quorate/plans/" + commit; all != want || one != want+"/"+ha {
		t.Errorf("%s, %s", one, all)
	}
}

// TestLinksWorkBehindAProxyWithAPath asks for the page that a status links to, as the proxy would.
func TestLinksWorkBehindAProxyWithAPath(t *testing.T) {
	public, err := url.Parse("https://ops.example.com/quorate")
	must(t, err)
	b := board(t)
	must(t, b.Trail(&paper{}).Record(t.Context(), ended(audit.Changed, "")))
	h, _ := healthy(t)
	w := get(t, Handler(Config{Health: h, Board: b, Metrics: http.NotFoundHandler(), Public: public}), "/runs/"+ha)
	for _, want := range []string{`href="/quorate/"`, fmt.Sprintf(`href="/quorate/runs/%s/%s"`, ha, commit)} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("no %s in\n%s", want, w.Body)
		}
	}
}

func TestAPageShowsOnlyWhatCanBeSeen(t *testing.T) {
	b := board(t)
	b.Passed(ha, commit, sync.Result{Err: errors.New("a tag reads harm\u202egnp.\x1b[2J\u200bless")})
	if body := shows(t, b, "/runs/"+ha, "harmgnp.[2Jless"); strings.ContainsAny(body, "\x1b\u202e\u200b") {
		t.Errorf("%q", body)
	}
}
