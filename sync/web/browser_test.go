package web

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/apply/quorum"
	"github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/sync/audit"
)

// browser is a real Chromium, spoken to over a pipe.
// https://chromedevtools.github.io/devtools-protocol/
type browser struct {
	t       *testing.T
	to      *os.File
	from    *bufio.Reader
	session string
	last    int
}

// reply is an answer, or an event, which has a method.
type reply struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Result json.RawMessage `json:"result"`
	Error  json.RawMessage `json:"error"`
}

// open starts the browser, of the width of a phone.
func open(t *testing.T) *browser {
	t.Helper()
	program, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("chromium is required here")
		}
		t.Skip("there is no chromium here")
	}
	theirIn, to, err := os.Pipe()
	must(t, err)
	from, theirOut, err := os.Pipe()
	must(t, err)
	// It is its own sandbox that root may not have; what it shows here is ours.
	cmd := exec.CommandContext(t.Context(), program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--remote-debugging-pipe", "--user-data-dir="+t.TempDir(), "about:blank")
	cmd.Stderr = t.Output()
	cmd.ExtraFiles = []*os.File{theirIn, theirOut} // 3 and 4
	must(t, cmd.Start())
	must(t, theirIn.Close(), theirOut.Close(), from.SetReadDeadline(time.Now().Add(2*time.Minute)))
	b := &browser{t: t, to: to, from: bufio.NewReader(from)}
	t.Cleanup(func() {
		io.WriteString(to, `{"id": 0, "method": "Browser.close"}`+"\x00") // it ends rather than answers
		cmd.Wait()
		to.Close()
		from.Close()
	})
	var target struct{ TargetID string }
	b.do("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var session struct{ SessionID string }
	b.do("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &session)
	b.session = session.SessionID
	b.do("Emulation.setDeviceMetricsOverride", map[string]any{"width": 360, "height": 800, "deviceScaleFactor": 1, "mobile": true}, nil)
	b.do("Page.enable", nil, nil)
	return b
}

// do asks, and waits for the answer.
func (b *browser) do(method string, params, result any) {
	b.t.Helper()
	b.last++
	call := map[string]any{"id": b.last, "method": method}
	if params != nil {
		call["params"] = params
	}
	if b.session != "" {
		call["sessionId"] = b.session
	}
	data, err := json.Marshal(call)
	must(b.t, err)
	_, err = b.to.Write(append(data, 0))
	must(b.t, err)
	for {
		r := b.read()
		if r.ID != b.last {
			continue
		}
		if len(r.Error) > 0 {
			b.t.Fatalf("%s: %s", method, r.Error)
		}
		if result != nil {
			must(b.t, json.Unmarshal(r.Result, result))
		}
		return
	}
}

func (b *browser) read() (r reply) {
	b.t.Helper()
	data, err := b.from.ReadBytes(0)
	must(b.t, err)
	must(b.t, json.Unmarshal(data[:len(data)-1], &r))
	return r
}

// visit waits until the page is there.
func (b *browser) visit(url string) {
	b.t.Helper()
	b.do("Page.navigate", map[string]any{"url": url}, nil)
	for b.eval("document.readyState") != "complete" || b.eval("location.href") != url {
	}
}

func (b *browser) eval(expression string) any {
	b.t.Helper()
	var got struct{ Result struct{ Value any } }
	b.do("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true}, &got)
	return got.Result.Value
}

// heard is what a screen reader is told: role and name of everything.
func (b *browser) heard() []string {
	b.t.Helper()
	var tree struct {
		Nodes []struct{ Role, Name struct{ Value string } }
	}
	b.do("Accessibility.getFullAXTree", nil, &tree)
	var all []string
	for _, n := range tree.Nodes {
		all = append(all, n.Role.Value+" "+n.Name.Value)
	}
	return all
}

// crowded is a board whose page has everything on it, with names as long as real ones.
func crowded(t *testing.T) *Board {
	t.Helper()
	b := board(t)
	trail := b.Trail(&paper{})
	b.Planned(planned())
	must(t, trail.Begin(begun()), trail.Record(t.Context(), ended(audit.Changed, "")))
	b.Planned(planned())
	later := begun()
	later.Began = noon.Add(time.Hour)
	must(t, trail.Begin(later))
	b.Progress(ha, outcomeA())
	b.Passed(ha, commit, sync.Result{Planned: planned(), Report: apply.Report{
		Outcomes: []apply.Outcome{{Ref: zoneA, State: apply.Waiting, Reason: "the pods of Deployment/web may not go yet", Who: "Deployment/web", Since: noon, Limit: time.Hour}},
		Etcd:     []quorum.Verdict{{Cluster: "main", Reason: "All members are healthy.", Margin: quorum.Margin{Voters: 3, HealthyNow: 3, Majority: 2}}},
	}})
	return b
}

func TestABrowserShowsThePageOfARun(t *testing.T) {
	b := open(t)
	health, _ := healthy(t)
	server := httptest.NewServer(Handler(Config{Health: health, Board: crowded(t), Metrics: http.NotFoundHandler()}))
	defer server.Close()
	b.visit(server.URL + "/runs/" + ha + "/" + commit)
	if file := os.Getenv("QUORATE_SCREENSHOT"); file != "" {
		var shot struct{ Data string }
		b.do("Page.captureScreenshot", map[string]any{"captureBeyondViewport": true}, &shot)
		image, err := base64.StdEncoding.DecodeString(shot.Data)
		must(t, err, os.WriteFile(filepath.Clean(file), image, 0o600))
	}
	if width := b.eval("document.documentElement.scrollWidth"); width != 360.0 {
		t.Errorf("the page of a phone of 360 pixels is %v wide", width)
	}
	if got := b.eval("getComputedStyle(document.querySelector('table')).borderCollapse"); got != "collapse" {
		t.Errorf("the policy keeps the style out: %v", got)
	}
	if n := b.eval("performance.getEntriesByType('resource').filter(e => !e.name.endsWith('/favicon.ico')).length"); n != 0.0 {
		t.Errorf("the page loads %v other things", n)
	}
	heard := b.heard()
	for _, want := range []string{
		"heading " + ha + " at aaaaaaaaaa", "heading How it is", "heading The pass that goes on", "heading Passes", "navigation Breadcrumb",
		"table What is waited for", "table Quorum of etcd", "table Passes that changed or refused something, the newest first",
		"columnheader Outcome", "rowheader " + zoneA.String(), "link Look again",
	} {
		if !slices.Contains(heard, want) {
			t.Errorf("a screen reader does not say %q:\n%s", want, strings.Join(heard, "\n"))
		}
	}
	b.eval("document.querySelector('nav a').click()")
	for b.eval("document.title") != "Clusters – Quorate" {
	}
}

func TestABrowserShowsThePageOfAPlan(t *testing.T) {
	b := open(t)
	server := httptest.NewServer(plansOf(t, proposal()))
	defer server.Close()
	b.visit(server.URL + "/plans/" + commit)
	if width := b.eval("document.documentElement.scrollWidth"); width != 360.0 {
		t.Errorf("the list of plans is %v wide on a phone of 360 pixels", width)
	}
	b.eval("document.querySelector('main a').click()")
	for b.eval("document.readyState") != "complete" || b.eval("document.title") != "Plan of "+ha+" at aaaaaaaaaa – Quorate" {
	}
	if width := b.eval("document.documentElement.scrollWidth"); width != 360.0 {
		t.Errorf("the plan is %v wide on a phone of 360 pixels", width)
	}
	heard := b.heard()
	for _, want := range []string{"heading Plan of " + ha + " at aaaaaaaaaa", "heading What a merge would do", "region The plan", "link Plans of aaaaaaaaaa"} {
		if !slices.Contains(heard, want) {
			t.Errorf("a screen reader does not say %q:\n%s", want, strings.Join(heard, "\n"))
		}
	}
}

// TestABrowserRunsNothingThatAPageHolds puts scripts and styles into a page past its template.
func TestABrowserRunsNothingThatAPageHolds(t *testing.T) {
	b := open(t)
	server := httptest.NewServer(careful(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte(`<title>before</title><style>p { color: rgb(1, 2, 3) }</style><p style="margin: 77px">x</p><script>document.title = "after"</script>`))
	})))
	defer server.Close()
	b.visit(server.URL + "/")
	if got := b.eval("document.title"); got != "before" {
		t.Errorf("a script ran: %v", got)
	}
	if got := b.eval("getComputedStyle(document.querySelector('p')).color"); got == "rgb(1, 2, 3)" {
		t.Error("a style counts that is not ours")
	}
}
