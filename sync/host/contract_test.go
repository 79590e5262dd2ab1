package host_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/sync/commitstatus"
	"github.com/quorate/quorate/sync/host"
)

// ground is a repository on a host, with people around it: ada administers it, bob may write, cleo may
// read, mallory has an account and no more. The robot, as whom we speak, administers it.
type ground interface {
	// open is the host as the robot reaches it, through the weather.
	open(t *testing.T) host.Host
	weather() weather
	// commit is the tip of main.
	commit(t *testing.T) string
	// statuses are what people see of a commit: "state: description" by context.
	statuses(t *testing.T, commit string) map[string]string

	// reviewed says that there are pull requests. Where there are none, nothing below is called.
	reviewed() bool
	// propose opens a pull request with these files, from a fork or not.
	propose(t *testing.T, author string, fork bool, files ...string) (number int, head string)
	// page is how many pull requests the host lists at once, at most.
	page() int
	// proposeMany opens as many pull requests.
	proposeMany(t *testing.T, count int)
	say(t *testing.T, number int, author, body string) (id int64)
	// reword changes a comment of somebody's.
	reword(t *testing.T, number int, id int64, body string)
	approve(t *testing.T, number int, reviewer string)
	comments(t *testing.T, number int) []said
	// merge has ada merge a pull request in one of [ways], and returns what the branch is at then.
	merge(t *testing.T, number int, way string) (commit string)
}

// ways are how pull requests are merged on every host.
var ways = []string{"merge", "squash", "rebase"}

type said struct{ Author, Body string }

// weather is what lies between us and a host.
type weather interface {
	// clear is the start.
	clear()
	// ways are those in which the host asks for silence, and limit makes it ask for a second or two.
	ways() []string
	limit(way string)
	// storm makes the host answer, but not as itself.
	storm()
	// down breaks every connection, and crawl lets nobody wait long enough for an answer.
	down()
	crawl()
	// asked counts the requests that reached the host, or what is left of it, by method.
	asked(method string) int
}

// contract is what every host must do.
func contract(t *testing.T, g ground) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, g ground)
	}{
		{"a status moves, and each context stands alone", statusMoves},
		{"the same status is posted once", statusOnce},
		{"a status that cannot be taken is rejected for good", statusRejected},
		{"a rate limit is waited out in silence", rateLimited},
		{"an outage loses nothing", outage},
		{"pull requests", pullRequests},
		{"long lists are read to their end", longLists},
		{"one comment is kept in its place", commentKept},
		{"a comment that is too long is cut with a note", commentCut},
		{"comments are read with who wrote them", commentsRead},
		{"roles", roles},
		{"who is in a team", teams},
		{"reviews", reviews},
		{"whoever asks how a commit came hears of the pull request that brought it", merged},
		{"an outage is no commit that came by itself", mergedInAStorm},
	} {
		t.Run(c.name, func(t *testing.T) {
			g.weather().clear()
			c.test(t, g)
		})
	}
}

func status(t *testing.T, g ground, state commitstatus.State, text string) commitstatus.Status {
	name := strings.NewReplacer("/", "-", "_", "-").Replace(t.Name())
	return commitstatus.Status{Commit: g.commit(t), Context: "quorate/" + name, State: state, Description: text, URL: "https://quorate.example.com/7"}
}

func post(t *testing.T, p commitstatus.Poster, s commitstatus.Status) {
	t.Helper()
	if err := p.Post(t.Context(), s); err != nil {
		t.Fatal(err)
	}
}

func wantStatus(t *testing.T, g ground, s commitstatus.Status, want string) {
	t.Helper()
	if got := g.statuses(t, s.Commit)[s.Context]; got != want {
		t.Errorf("%s is %q, want %q", s.Context, got, want)
	}
}

func statusMoves(t *testing.T, g ground) {
	h := g.open(t)
	s := status(t, g, commitstatus.Pending, "waiting: control plane 1/3")
	other := s
	other.Context += "-other"
	post(t, h, s)
	wantStatus(t, g, s, "pending: waiting: control plane 1/3")
	post(t, h, other)
	s.Description = "waiting: control plane 2/3"
	post(t, h, s)
	wantStatus(t, g, s, "pending: waiting: control plane 2/3")
	for _, next := range []commitstatus.State{commitstatus.Failure, commitstatus.Error, commitstatus.Pending, commitstatus.Success} {
		s.State, s.Description = next, "now "+strings.Repeat("és ", 200)
		post(t, h, s)
	}
	wantStatus(t, g, s, "success: "+commitstatus.Shorten(s.Description, 140))
	wantStatus(t, g, other, "pending: waiting: control plane 1/3")
}

// poster is the host with what stands before it in the service, and what that keeps in a folder.
func poster(t *testing.T, h host.Host, dir string) *commitstatus.Spool {
	t.Helper()
	ledger, err := commitstatus.NewLedger(filepath.Join(dir, "said"), h)
	if err != nil {
		t.Fatal(err)
	}
	spool, err := commitstatus.NewSpool(filepath.Join(dir, "spool"), ledger)
	if err != nil {
		t.Fatal(err)
	}
	return spool
}

func statusOnce(t *testing.T, g ground) {
	dir := t.TempDir()
	s := status(t, g, commitstatus.Success, "converged")
	post(t, poster(t, g.open(t), dir), s)
	before := g.weather().asked("POST")
	p := poster(t, g.open(t), dir) // of the next process
	post(t, p, s)
	post(t, p, s)
	if after := g.weather().asked("POST"); after != before {
		t.Errorf("posted %d times more", after-before)
	}
	wantStatus(t, g, s, "success: converged")
}

func statusRejected(t *testing.T, g ground) {
	h := g.open(t)
	bad := status(t, g, "perhaps", "?")
	if err := h.Post(t.Context(), bad); !errors.Is(err, commitstatus.ErrRejected) {
		t.Errorf("an unknown state: %v", err)
	}
	if !g.reviewed() {
		return // a note can be written about any commit
	}
	gone := status(t, g, commitstatus.Success, "converged")
	gone.Commit = strings.Repeat("1", 40)
	if err := h.Post(t.Context(), gone); !errors.Is(err, commitstatus.ErrRejected) {
		t.Errorf("a commit that is not there: %v", err)
	}
}

func rateLimited(t *testing.T, g ground) {
	if !g.reviewed() {
		t.Skip("Git has no rate limits")
	}
	for _, way := range g.weather().ways() {
		t.Run(way, func(t *testing.T) { silent(t, g, way) })
	}
}

func silent(t *testing.T, g ground, way string) {
	h := g.open(t)
	spool := poster(t, h, t.TempDir())
	s := status(t, g, commitstatus.Success, "converged")
	g.weather().limit(way)
	err := spool.Post(t.Context(), s)
	until, limited := host.RetryAt(err)
	if !limited || !errors.Is(err, commitstatus.ErrDeferred) || time.Until(until) > 3*time.Second {
		t.Fatalf("limited until %v: %v", until, err)
	}
	asked := g.weather().asked("POST")
	g.weather().clear()
	reads := g.weather().asked("GET")
	if _, err := h.PullRequests(t.Context()); errors.Is(err, host.ErrRateLimited) && g.weather().asked("GET") != reads {
		t.Errorf("asked in the silence: %v", err)
	} else if err == nil && time.Now().Before(until) {
		t.Error("read in the silence")
	}
	for err = spool.Flush(t.Context()); err != nil; err = spool.Flush(t.Context()) {
		if now := g.weather().asked("POST"); now != asked || time.Now().After(until.Add(10*time.Second)) {
			t.Fatalf("asked %d times in the silence: %v", now-asked, err)
		}
		waitUntil(t, until)
	}
	wantStatus(t, g, s, "success: converged")
}

func waitUntil(t *testing.T, at time.Time) {
	timer := time.NewTimer(time.Until(at) + time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-t.Context().Done():
	}
}

// patience is how long is waited for a host that never answers; the others fail at once.
const patience = 500 * time.Millisecond

func outage(t *testing.T, g ground) {
	for name, fail := range map[string]func(){
		"answers 502": g.weather().storm, "breaks connections": g.weather().down, "does not answer": g.weather().crawl,
	} {
		spool := poster(t, g.open(t), t.TempDir())
		s := status(t, g, commitstatus.Success, "converged though it "+name)
		fail()
		brief, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		if err := spool.Post(brief, s); !errors.Is(err, commitstatus.ErrDeferred) {
			t.Fatalf("%s: %v", name, err)
		}
		if g.reviewed() {
			brief, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			if _, err := g.open(t).PullRequests(brief); !errors.Is(err, host.ErrUnavailable) {
				t.Errorf("%s: pull requests: %v", name, err)
			}
		}
		g.weather().clear()
		if err := spool.Flush(t.Context()); err != nil {
			t.Fatalf("%s: flush: %v", name, err)
		}
		wantStatus(t, g, s, "success: "+s.Description)
	}
}

// find is the pull request with the number.
func find(t *testing.T, h host.Host, number int) (host.PullRequest, []host.PullRequest) {
	t.Helper()
	all, err := h.PullRequests(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(all, func(pr host.PullRequest) bool { return pr.Number == number })
	if at < 0 {
		t.Fatalf("pull request %d is not among %d", number, len(all))
	}
	return all[at], all
}

func pullRequests(t *testing.T, g ground) {
	h := g.open(t)
	if !g.reviewed() {
		if all, err := h.PullRequests(t.Context()); err != nil || len(all) != 0 {
			t.Errorf("%v, %v", all, err)
		}
		if err := h.Keep(t.Context(), 1, host.Remark{Name: "plan"}); !errors.Is(err, host.ErrNotFound) {
			t.Errorf("comment: %v", err)
		}
		return
	}
	for _, c := range []struct {
		author string
		fork   bool
	}{{"bob", false}, {"cleo", true}} {
		number, head := g.propose(t, c.author, c.fork, "clusters/"+c.author+".yaml", "README of "+c.author)
		got, _ := find(t, h, number)
		if !strings.Contains(got.URL, fmt.Sprint(number)) || !strings.HasSuffix(got.HeadRef, fmt.Sprintf("/%d/head", number)) {
			t.Errorf("at %s, kept in %s", got.URL, got.HeadRef)
		}
		got.URL, got.HeadRef, got.Updated = "", "", time.Time{}
		want := host.PullRequest{Number: number, Head: head, Base: "main", BaseCommit: g.commit(t), Author: c.author, Fork: c.fork}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("by %s (-want +got):\n%s", c.author, diff)
		}
		changed, err := h.Changed(t.Context(), number)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(host.Changed{Files: []string{"README of " + c.author, "clusters/" + c.author + ".yaml"}}, changed); diff != "" {
			t.Errorf("by %s (-want +got):\n%s", c.author, diff)
		}
		s := status(t, g, commitstatus.Failure, "3 problems")
		s.Commit = head
		post(t, h, s)
		wantStatus(t, g, s, "failure: 3 problems")
	}
	if _, err := h.Changed(t.Context(), 999_999); !errors.Is(err, host.ErrNotFound) {
		t.Errorf("of no pull request: %v", err)
	}
}

func longLists(t *testing.T, g ground) {
	if !g.reviewed() {
		t.Skip("plain Git has no lists")
	}
	h := g.open(t)
	var files []string
	for n := range 120 {
		files = append(files, fmt.Sprintf("many/%03d.yaml", n))
	}
	number, _ := g.propose(t, "bob", false, files...)
	changed, err := h.Changed(t.Context(), number)
	if err != nil || changed.Truncated || !slices.Equal(changed.Files, files) {
		t.Errorf("%d files: %v", len(changed.Files), err)
	}
	many := g.page() + 1
	_, before := find(t, h, number)
	g.proposeMany(t, many)
	_, after := find(t, h, number)
	if len(after) != len(before)+many {
		t.Errorf("%d pull requests, want %d", len(after), len(before)+many)
	}
	if !slices.IsSortedFunc(after, func(a, b host.PullRequest) int { return a.Number - b.Number }) {
		t.Error("they are not sorted")
	}
}

func commentKept(t *testing.T, g ground) {
	if !g.reviewed() {
		t.Skip("plain Git has no comments")
	}
	h := g.open(t)
	number, _ := g.propose(t, "bob", false, "kept.yaml")
	g.say(t, number, "bob", "Please look.")
	g.say(t, number, "bob", "<!-- quorate:plan -->\nAll is well, says bob.")
	for _, body := range []string{"| cluster | steps |\n| --- | --- |\n| ha | 3 |", "4 steps", "4 steps"} {
		h = g.open(t) // as the next process does
		if err := h.Keep(t.Context(), number, host.Remark{Name: "plan", Body: body}); err != nil {
			t.Fatal(err)
		}
		g.say(t, number, "cleo", "Ah.")
	}
	if err := h.Keep(t.Context(), number, host.Remark{Name: "drift", Body: "none"}); err != nil {
		t.Fatal(err)
	}
	want := []said{
		{"bob", "Please look."}, {"bob", "<!-- quorate:plan -->\nAll is well, says bob."},
		{"robot", "<!-- quorate:plan -->\n4 steps"}, {"cleo", "Ah."}, {"cleo", "Ah."}, {"cleo", "Ah."},
		{"robot", "<!-- quorate:drift -->\nnone"},
	}
	if diff := cmp.Diff(want, g.comments(t, number)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	ours, err := h.Remarks(t.Context(), number)
	if err != nil || len(ours) != 2 || !strings.HasSuffix(ours["plan"].Body, "4 steps") || !strings.HasSuffix(ours["drift"].Body, "none") {
		t.Errorf("found again: %+v, %v", ours, err)
	}
	before := g.weather().asked("PATCH") + g.weather().asked("PUT")
	if err := h.Keep(t.Context(), number, host.Remark{Name: "plan", Body: "4 steps"}); err != nil {
		t.Fatal(err)
	}
	if after := g.weather().asked("PATCH") + g.weather().asked("PUT"); after != before {
		t.Error("the same text was written again")
	}
}

func commentCut(t *testing.T, g ground) {
	if !g.reviewed() {
		t.Skip("plain Git has no comments")
	}
	h := g.open(t)
	number, _ := g.propose(t, "bob", false, "cut.yaml")
	body := "<details><summary>ha</summary>\n\n```\n" + strings.Repeat("+ subnet/us-east-1a.ha.example.com …\n", 30_000) + "```\n\n</details>\n"
	if err := h.Keep(t.Context(), number, host.Remark{Name: "plan", Body: body, Full: "https://quorate.example.com/7"}); err != nil {
		t.Fatal(err)
	}
	all := g.comments(t, number)
	if len(all) != 1 {
		t.Fatalf("%d comments", len(all))
	}
	got := all[0].Body
	if len(got) >= len(body) || len(got) < 60_000 || !strings.Contains(got, "[The full text](https://quorate.example.com/7)") || !strings.Contains(got, "\n```\n\n</details>\n\n**Cut here**") {
		t.Errorf("%d bytes that end in %q", len(got), got[max(0, len(got)-200):])
	}
	if err := h.Keep(t.Context(), number, host.Remark{Name: "plan", Body: "é" + strings.Repeat("🏠", 400_000)}); err != nil {
		t.Fatal(err)
	}
	if got := g.comments(t, number)[0].Body; !utf8.ValidString(got) || strings.Contains(got, "\ufffd") || strings.Count(got, "🏠") < 5000 || !strings.Contains(got, "**Cut here**") {
		t.Errorf("one line: %d bytes that end in %q", len(got), got[max(0, len(got)-200):])
	}
}

func commentsRead(t *testing.T, g ground) {
	if !g.reviewed() {
		t.Skip("plain Git has no comments")
	}
	h := g.open(t)
	number, _ := g.propose(t, "bob", false, "read.yaml")
	for n := range 60 {
		g.say(t, number, "bob", fmt.Sprintf("line %d", n))
	}
	id := g.say(t, number, "ada", "/quorate plan")
	all, err := h.Comments(t.Context(), number, time.Time{})
	if err != nil || len(all) != 61 {
		t.Fatalf("%d comments: %v", len(all), err)
	}
	last := all[60]
	if last.Author != "ada" || last.Body != "/quorate plan" || last.Edited || last.ID != id || time.Since(last.At) > time.Hour {
		t.Errorf("%+v", last)
	}
	waitUntil(t, last.At.Add(1100*time.Millisecond)) // hosts count in seconds
	g.reword(t, number, id, "/quorate approve")
	recent, err := h.Comments(t.Context(), number, last.At.Add(time.Second))
	if err != nil || len(recent) != 1 || recent[0].Body != "/quorate approve" || !recent[0].Edited {
		t.Errorf("since then: %+v, %v", recent, err)
	}
}

func roles(t *testing.T, g ground) {
	h := g.open(t)
	want := map[string]host.Role{"ada": host.Admin, "bob": host.Write, "cleo": host.Read, "mallory": host.None, "nobody-at-all": host.None, "": host.None}
	if !g.reviewed() {
		want = map[string]host.Role{"ada": host.None}
	}
	for user, role := range want {
		if got, err := h.Role(t.Context(), user); err != nil || got != role {
			t.Errorf("%s: %v, want %v: %v", user, got, role, err)
		}
	}
	for _, odd := range []string{"../../user", "a/b", "ada\n", "?x=y", strings.Repeat("x", 5000)} {
		if got, err := h.Role(t.Context(), odd); got != host.None {
			t.Errorf("%.20q: %v, %v", odd, got, err)
		}
	}
}

func teams(t *testing.T, g ground) {
	h, knows := g.open(t).(host.Teams)
	if knows != g.reviewed() {
		t.Fatalf("it knows of teams: %t", knows)
	}
	if !knows {
		return
	}
	for _, c := range []struct {
		team, user string
		in         bool
	}{
		{sre, "bob", true}, {sre, "ada", false}, {sre, "cleo", false}, {sre, "nobody-at-all", false}, {sre, "", false},
		{"acme/nobody", "bob", false}, {"nobody/sre", "bob", false}, {"sre", "bob", false}, {"bob", "bob", false}, {"", "bob", false},
		{"../../user", "bob", false}, {"acme/sre/../../x", "bob", false}, {"acme/sre?x=", "bob", false}, {sre, "../bob", false}, {strings.Repeat("a/", 3000) + "b", "bob", false},
	} {
		if got, err := h.InTeam(t.Context(), c.team, c.user); err != nil || got != c.in {
			t.Errorf("%.40q in %.40q: %t, %v", c.user, c.team, got, err)
		}
	}
	g.weather().down()
	if in, err := h.InTeam(t.Context(), sre, "bob"); in || !errors.Is(err, host.ErrUnavailable) {
		t.Errorf("while the host is away: %t, %v", in, err)
	}
	g.weather().clear()
}

func reviews(t *testing.T, g ground) {
	if !g.reviewed() {
		t.Skip("plain Git has no reviews")
	}
	h := g.open(t)
	number, head := g.propose(t, "bob", false, "reviewed.yaml")
	if all, err := h.Reviews(t.Context(), number); err != nil || len(all) != 0 {
		t.Fatalf("before: %+v, %v", all, err)
	}
	g.approve(t, number, "ada")
	all, err := h.Reviews(t.Context(), number)
	if err != nil || len(all) != 1 || time.Since(all[0].At) > time.Hour {
		t.Fatalf("%+v, %v", all, err)
	}
	all[0].At = time.Time{}
	if diff := cmp.Diff(host.Review{Author: "ada", Commit: head, Approved: true}, all[0]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// merger is the host as one that knows how commits came.
func merger(t *testing.T, h host.Host) host.Merger {
	t.Helper()
	m, ok := h.(host.Merger)
	if !ok {
		t.Fatalf("%s does not know how commits came", h)
	}
	return m
}

func merged(t *testing.T, g ground) {
	h := g.open(t)
	if !g.reviewed() {
		if _, knows := h.(host.Merger); knows {
			t.Error("plain Git says that it knows how commits came")
		}
		return
	}
	before := g.commit(t)
	none := map[string]string{"a commit that came by itself": before, "a commit that is not there": strings.Repeat("1", 40)}
	for _, way := range ways {
		number, head := g.propose(t, "bob", false, "merged/"+way+".yaml")
		g.approve(t, number, "ada")
		if _, err := merger(t, h).Merged(t.Context(), "main", head); !errors.Is(err, host.ErrNotFound) {
			t.Errorf("%s: while it is open: %v", way, err)
		}
		commit := g.merge(t, number, way)
		got, err := merger(t, h).Merged(t.Context(), "main", commit)
		if err != nil {
			t.Errorf("%s: %v", way, err)
			continue
		}
		if got.Number != number || got.Head != head || got.Author != "bob" || got.MergedBy != "ada" || got.Base != "main" || !strings.Contains(got.URL, fmt.Sprint(number)) {
			t.Errorf("%s: %+v", way, got)
		}
		if _, err := merger(t, h).Merged(t.Context(), "release", commit); !errors.Is(err, host.ErrNotFound) {
			t.Errorf("%s: to another branch: %v", way, err)
		}
		if given, err := h.Reviews(t.Context(), number); err != nil || len(given) != 1 || !given[0].Approved || given[0].Commit != head {
			t.Errorf("%s: its reviews are %+v: %v", way, given, err)
		}
		open, err := h.PullRequests(t.Context())
		if err != nil || slices.ContainsFunc(open, func(pr host.PullRequest) bool { return pr.Number == number }) {
			t.Errorf("%s: it is among the open ones: %v", way, err)
		}
	}
	for what, commit := range none {
		if pr, err := merger(t, h).Merged(t.Context(), "main", commit); !errors.Is(err, host.ErrNotFound) {
			t.Errorf("%s: %+v, %v", what, pr, err)
		}
	}
	for _, odd := range []string{"", "main", "../../user", "?x=y", before[:39] + "/"} {
		if pr, err := merger(t, h).Merged(t.Context(), "main", odd); !errors.Is(err, host.ErrNotFound) {
			t.Errorf("%q: %+v, %v", odd, pr, err)
		}
	}
}

func mergedInAStorm(t *testing.T, g ground) {
	if !g.reviewed() {
		t.Skip("plain Git does not know how commits came")
	}
	h := g.open(t)
	number, _ := g.propose(t, "bob", false, "storm.yaml")
	commit := g.merge(t, number, "merge")
	for name, fail := range map[string]func(){"answers 502": g.weather().storm, "breaks connections": g.weather().down} {
		fail()
		if _, err := merger(t, h).Merged(t.Context(), "main", commit); !errors.Is(err, host.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
		g.weather().clear()
	}
	if pr, err := merger(t, h).Merged(t.Context(), "main", commit); err != nil || pr.Number != number {
		t.Errorf("after it: %+v, %v", pr, err)
	}
}

// tokenFile holds the robot's token.
func tokenFile(t *testing.T, token string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
