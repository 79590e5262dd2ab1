package notify

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/apply/quorum"
	"github.com/quorate/quorate/diff"
	service "github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/sync/lease"
	"github.com/quorate/quorate/topology"
)

const ha = "ha.example.com"

var (
	noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	vpc  = topology.Ref{Kind: topology.KindVPC, Name: ha}

	fine    = service.Result{}
	broken  = service.Result{Err: errors.New("no credentials")}
	failing = service.Result{Report: apply.Report{Outcomes: []apply.Outcome{{Ref: vpc, State: apply.Failed, Reason: "AWS said no 3 times"}}}}
	halted  = service.Result{Report: apply.Report{Halted: true, Settling: []string{"halted: zone a, for 10 min"}}}
	refused = service.Result{Planned: service.Planned{Plan: diff.Plan{Changes: []diff.Change{{Ref: vpc, Effect: diff.Forbid, Reason: "it may not move"}}}}}
	waits   = service.Result{Report: apply.Report{Settling: []string{"machines boot"}}}
	lost    = service.Result{Report: apply.Report{Outcomes: []apply.Outcome{{Ref: vpc, State: apply.Waiting, Reason: "no majority is left", Verdict: &quorum.Verdict{Answer: quorum.Refuse}}}}}
	busy    = service.Result{Err: fmt.Errorf("lease: %w", lease.ErrHeld)}
	stopped = service.Result{Err: context.Canceled}
)

// said plays passes a minute apart, and is what people are told in between.
func said(m memory, passes ...service.Result) []string {
	var all []string
	for i, r := range passes {
		c, ok := CauseOf(r)
		if !ok {
			continue
		}
		if n, tell := m.hear(ha, c, noon.Add(time.Duration(i)*time.Minute)); tell {
			_, body := n.text()
			all = append(all, string(n.Kind)+" | "+body)
		}
	}
	return all
}

func TestACauseIsSaidOnceAndOnceMoreWhenItIsOver(t *testing.T) {
	later := service.Result{Report: apply.Report{Halted: true, Settling: []string{"halted: zone a, for 25 min"}}}
	for name, c := range map[string]struct {
		passes []service.Result
		want   []string
	}{
		"nothing is wrong":                {[]service.Result{fine, waits, fine}, nil},
		"one pass that fails":             {[]service.Result{fine, broken, fine}, nil},
		"passes that fail":                {[]service.Result{broken, broken, broken, fine, fine}, []string{"failed | no credentials", "recovered | Over after 3m0s: no credentials"}},
		"steps that fail":                 {[]service.Result{failing, failing}, []string{"failed | vpc/ha.example.com: AWS said no 3 times"}},
		"a halt, which lasts":             {[]service.Result{halted, later, later}, []string{"halted | halted: zone a, for 10 min"}},
		"a refusal, then the next commit": {[]service.Result{refused, refused, waits}, []string{"needs people | vpc/ha.example.com: it may not move", "recovered | Over after 2m0s: vpc/ha.example.com: it may not move"}},
		"a gate that will never open":     {[]service.Result{lost}, []string{"needs people | vpc/ha.example.com: no majority is left"}},
		"one cause after another":         {[]service.Result{halted, refused, fine}, []string{"halted | halted: zone a, for 10 min", "needs people | vpc/ha.example.com: it may not move", "recovered | Over after 1m0s: vpc/ha.example.com: it may not move"}},
		"passes that tell nothing":        {[]service.Result{halted, busy, stopped, halted}, []string{"halted | halted: zone a, for 10 min"}},
		"failures apart":                  {[]service.Result{broken, fine, broken, fine}, nil},
	} {
		if d := cmp.Diff(c.want, said(memory{}, c.passes...)); d != "" {
			t.Errorf("%s (-want +said):\n%s", name, d)
		}
	}
}

// inbox is a receiver's server.
type inbox struct {
	mu     sync.Mutex
	got    []string
	answer []int // codes of the first answers; 200 after them
}

func (i *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.got = append(i.got, string(body))
	code := http.StatusOK
	if len(i.answer) > 0 {
		code, i.answer = i.answer[0], i.answer[1:]
	}
	w.WriteHeader(code)
}

// told is what a notifier says of how its notices fared.
type told struct {
	mu  sync.Mutex
	all []string
}

func (o *told) hear(service string, sent bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all = append(o.all, fmt.Sprintf("%s %v", service, sent))
}

// play lets a notifier hear the passes, and stops it, which sends what it can.
func play(t *testing.T, receivers []Receiver, file string, log io.Writer, passes ...service.Result) *told {
	t.Helper()
	n, outcomes := notifier(t, receivers, file, log)
	for _, r := range passes {
		n.Passed(ha, "abc", r)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	n.Run(ctx)
	return outcomes
}

func notifier(t *testing.T, receivers []Receiver, file string, log io.Writer) (*Notifier, *told) {
	t.Helper()
	outcomes := &told{}
	n, err := New(Config{
		Receivers: receivers, File: file, Told: outcomes.hear, Log: slog.New(slog.NewTextHandler(log, nil)),
		Page: func(cluster, commit string) string { return "https://q.example.com/runs/" + cluster + "/" + commit },
	})
	if err != nil {
		t.Fatal(err)
	}
	return n, outcomes
}

func parsed(t *testing.T, lines string) []Receiver {
	t.Helper()
	all, err := ParseReceivers(lines)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEachReceiverIsSpokenToInItsWay(t *testing.T) {
	in := &inbox{}
	server := httptest.NewServer(in)
	defer server.Close()
	evil := service.Result{Planned: service.Planned{Plan: diff.Plan{Changes: []diff.Change{{Ref: vpc, Effect: diff.Forbid, Reason: "<!channel> [here](https://evil.example.com)"}}}}}
	for name, want := range map[string]string{
		"slack":   "*ha.example.com: needs people*\nvpc/ha.example.com: &lt;!channel&gt; [here](https://evil.example.com)\n<https://q.example.com/runs/ha.example.com/abc|More>",
		"teams":   `vpc/ha.example.com: <!channel> \[here\](https://evil.example.com)`,
		"webhook": "vpc/ha.example.com: <!channel> [here](https://evil.example.com)",
	} {
		in.got = nil
		play(t, parsed(t, name+" "+server.URL+"/T0/B0/hush"), filepath.Join(t.TempDir(), "said.json"), t.Output(), evil)
		if len(in.got) != 1 {
			t.Fatalf("%s: %d messages", name, len(in.got))
		}
		var tree any
		if err := json.Unmarshal([]byte(in.got[0]), &tree); err != nil {
			t.Fatal(err)
		}
		if !holds(tree, want) {
			t.Errorf("%s: no %q in %s", name, want, in.got[0])
		}
	}
}

// holds reports whether some text of the JSON is that.
func holds(tree any, text string) bool {
	switch v := tree.(type) {
	case string:
		return v == text
	case []any:
		for _, e := range v {
			if holds(e, text) {
				return true
			}
		}
	case map[string]any:
		for _, e := range v {
			if holds(e, text) {
				return true
			}
		}
	}
	return false
}

func TestAReceiverSaysWhetherTryingAgainIsOfUse(t *testing.T) {
	for code, useful := range map[int]bool{503: true, 500: true, 429: true, 408: true, 404: false, 403: false, 302: false} {
		in := &inbox{answer: []int{code}}
		server := httptest.NewServer(in)
		err := parsed(t, "slack "+server.URL+"/T0/B0/hush")[0].Send(t.Context(), Notice{Cluster: ha, Kind: Halted})
		server.Close()
		if err == nil || errors.Is(err, ErrRefused) == useful || strings.Contains(err.Error(), "hush") || len(in.got) != 1 {
			t.Errorf("HTTP %d: %v after %d messages", code, err, len(in.got))
		}
	}
}

// pager is a receiver that is away until a time.
type pager struct {
	name  string
	until time.Time
	err   error
	got   []string
	asked int
}

func (p *pager) Service() string { return p.name }

func (p *pager) Send(_ context.Context, n Notice) error {
	p.asked++
	if time.Now().Before(p.until) {
		return p.err
	}
	p.got = append(p.got, string(n.Kind))
	return nil
}

func TestAReceiverThatIsAwayGetsAllInOrderWhenItIsBack(t *testing.T) {
	errAway := errors.New("no route to host")
	for name, c := range map[string]struct {
		away  time.Duration
		err   error
		got   []string
		told  []string
		asked int // at most
	}{
		"away for a moment":   {3 * time.Second, errAway, []string{"halted", "recovered"}, []string{"away true", "away true"}, 5},
		"away for the night":  {8 * time.Hour, errAway, []string{"halted", "recovered"}, []string{"away true", "away true"}, 120},
		"away for days":       {72 * time.Hour, errAway, nil, []string{"away false", "away false"}, 320},
		"it refuses for good": {72 * time.Hour, ErrRefused, nil, []string{"away false", "away false"}, 2},
	} {
		synctest.Test(t, func(t *testing.T) {
			away := &pager{name: "away", until: time.Now().Add(c.away), err: c.err}
			here := &pager{name: "here"}
			n, outcomes := notifier(t, []Receiver{away, here}, filepath.Join(t.TempDir(), "said.json"), io.Discard)
			ctx, stop := context.WithCancel(t.Context())
			var run sync.WaitGroup
			run.Go(func() { n.Run(ctx) })
			n.Passed(ha, "abc", halted)
			synctest.Wait()
			n.Passed(ha, "abc", fine)
			synctest.Wait()
			if d := cmp.Diff([]string{"halted", "recovered"}, here.got); d != "" {
				t.Errorf("%s: who is there waits for who is not: %s", name, d)
			}
			time.Sleep(30 * time.Hour)
			synctest.Wait()
			if d := cmp.Diff(c.got, away.got); d != "" || away.asked > c.asked {
				t.Errorf("%s: asked %d times: %s", name, away.asked, d)
			}
			ofAway := slices.DeleteFunc(outcomes.all, func(o string) bool { return strings.HasPrefix(o, "here") })
			if d := cmp.Diff(c.told, ofAway); d != "" {
				t.Errorf("%s: %s", name, d)
			}
			stop()
			run.Wait()
		})
	}
}

func TestWhatAKilledProcessCouldNotSendTheNextOneSends(t *testing.T) {
	file := filepath.Join(t.TempDir(), "said.json")
	killed, _ := notifier(t, []Receiver{&pager{}}, file, t.Output())
	killed.Passed(ha, "abc", halted) // and it never runs
	next := &pager{}
	play(t, []Receiver{next}, file, t.Output(), halted)
	if d := cmp.Diff([]string{"halted"}, next.got); d != "" {
		t.Error(d)
	}
	third := &pager{}
	play(t, []Receiver{third}, file, t.Output(), halted)
	if len(third.got) != 0 {
		t.Errorf("said again: %v", third.got)
	}
}

func TestNobodyWaitsForAReceiverThatWasTakenOffTheList(t *testing.T) {
	file := filepath.Join(t.TempDir(), "said.json")
	n, _ := notifier(t, []Receiver{&pager{}, &pager{}}, file, t.Output())
	n.Passed(ha, "abc", halted)
	n, _ = notifier(t, []Receiver{&pager{}}, file, t.Output())
	if left := n.round(t.Context()); left {
		t.Errorf("it waits: %v", n.kept.Outbox)
	}
}

func TestTheOldestNoticeGivesWay(t *testing.T) {
	p, away := &pager{}, errors.New("no route to host")
	p.err, p.until = away, time.Now().Add(time.Hour)
	var log bytes.Buffer
	n, _ := notifier(t, []Receiver{p}, filepath.Join(t.TempDir(), "said.json"), &log)
	for i := range queued + 1 {
		n.Passed(fmt.Sprint("cluster-", i), "abc", halted)
	}
	if len(n.kept.Outbox) != queued || n.kept.Outbox[0].Notice.Cluster != "cluster-1" || !strings.Contains(log.String(), "cluster-0") {
		t.Errorf("%d wait, the first about %s; log: %s", len(n.kept.Outbox), n.kept.Outbox[0].Notice.Cluster, log.String())
	}
}

func TestNoErrorTellsASecret(t *testing.T) {
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	var log bytes.Buffer
	play(t, parsed(t, "webhook "+closed.URL+"/hush\nemail smtp://me:hush@"+strings.TrimPrefix(closed.URL, "http://")+"/?from=a@example.com&to=b@example.com&tls=none"),
		filepath.Join(t.TempDir(), "said.json"), &log, halted)
	if strings.Count(log.String(), "people were not notified") != 2 || strings.Contains(log.String(), "hush") || !strings.Contains(log.String(), "refused") {
		t.Errorf("log: %s", log.String())
	}
	for _, bad := range []string{"slack ://hush", "pager https://hush", "email smtp://u:hush@mail/?from=x&to=y", "email https://u:hush@mail/?from=a@b.c&to=a@b.c", "teams ftp://hush/"} {
		if _, err := ParseReceivers("# fine\n\n" + bad); err == nil || strings.Contains(err.Error(), "hush") || !strings.Contains(err.Error(), "line 3") {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestARestartDoesNotRepeatWhatWasSaid(t *testing.T) {
	in := &inbox{}
	server := httptest.NewServer(in)
	defer server.Close()
	file := filepath.Join(t.TempDir(), "said.json")
	play(t, parsed(t, "webhook "+server.URL), file, t.Output(), halted)
	play(t, parsed(t, "webhook "+server.URL), file, t.Output(), halted)
	if len(in.got) != 1 {
		t.Errorf("%d messages", len(in.got))
	}
	play(t, parsed(t, "webhook "+server.URL), file, t.Output(), fine)
	if len(in.got) != 2 || !strings.Contains(in.got[1], `"kind":"recovered"`) {
		t.Errorf("messages: %v", in.got)
	}
}

func TestMailGoesOutThroughAServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	mails := make(chan string, 1)
	go receive(l, mails)
	o := play(t, parsed(t, "email smtp://"+l.Addr().String()+"/?from=quorate@example.com&to=ops@example.com,night@example.com&tls=none"), filepath.Join(t.TempDir(), "said.json"), t.Output(), halted)
	if d := cmp.Diff([]string{"email true"}, o.all); d != "" {
		t.Fatal(d)
	}
	got := <-mails
	for _, want := range []string{"MAIL FROM:<quorate@example.com>", "RCPT TO:<ops@example.com>", "RCPT TO:<night@example.com>", "Subject: [quorate] ha.example.com: halted", "halted: zone a, for 10 min", "https://q.example.com/runs/ha.example.com/abc"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

// receive speaks SMTP (RFC 5321) with one client, and hands on all that it said.
func receive(l net.Listener, mails chan<- string) {
	conn, err := l.Accept()
	if err != nil {
		return
	}
	defer conn.Close()
	var all strings.Builder
	lines := bufio.NewScanner(conn)
	fmt.Fprint(conn, "220 test\r\n")
	for data := false; lines.Scan(); {
		line := lines.Text()
		all.WriteString(line + "\n")
		switch verb, _, _ := strings.Cut(line, " "); {
		case data && line == ".":
			data = false
			fmt.Fprint(conn, "250 taken\r\n")
		case data:
		case verb == "DATA":
			data = true
			fmt.Fprint(conn, "354 go on\r\n")
		case verb == "QUIT":
			fmt.Fprint(conn, "221 bye\r\n")
			mails <- all.String()
			return
		default:
			fmt.Fprint(conn, "250 fine\r\n")
		}
	}
}
