package sync

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/apply/repair"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/examples"
	"github.com/quorate/quorate/sync/commitstatus"
	"github.com/quorate/quorate/sync/gitrepo"
	"github.com/quorate/quorate/sync/lease"
	"github.com/quorate/quorate/sync/schedule"
	"github.com/quorate/quorate/topology"
)

// branch is a repository in memory.
type branch struct {
	mu      sync.Mutex
	commits map[string]map[string]string // commit → unit path → manifest
	head    gitrepo.Commit
	err     error
}

func (b *branch) push(hash string, units map[string]string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.commits == nil {
		b.commits = map[string]map[string]string{}
	}
	hash = strings.Repeat(hash, 40)
	b.commits[hash] = units
	b.head = gitrepo.Commit{Hash: hash, Previous: b.head.Hash}
}

func (b *branch) Head(context.Context) (gitrepo.Commit, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.head, b.err
}

func (b *branch) Units(commit, _ string) (gitrepo.Listing, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var listing gitrepo.Listing
	for path, manifest := range b.commits[commit] {
		listing.Units = append(listing.Units, gitrepo.Unit{Path: path, TreeHash: path + manifest, Files: []gitrepo.File{{Path: path + "/cluster.yaml", Data: []byte(manifest)}}})
	}
	return listing, nil
}

// wall is where statuses are posted.
type wall struct {
	mu     sync.Mutex
	posted []commitstatus.Status
}

func (w *wall) Post(_ context.Context, s commitstatus.Status) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.posted = append(w.posted, s)
	return nil
}

// last is the last status of a context.
func (w *wall) last(name string) commitstatus.Status {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range slices.Backward(w.posted) {
		if s.Context == name {
			return s
		}
	}
	return commitstatus.Status{}
}

// world is a service with everything around it.
type world struct {
	branch branch
	wall   wall

	mu   sync.Mutex
	runs []string
	// answer is what a pass of the cluster ends in; converged if there is none.
	answer map[string]func() Result
	// left is what a look finds of a cluster.
	left    Planned
	stop    context.CancelFunc
	auditor Auditor
}

func serve(t *testing.T, w *world) {
	t.Helper()
	stream, err := schedule.New(schedule.Config{Poll: 30 * time.Second, Soon: 5 * time.Second, Drift: "@every 10m", FirstRetry: 10 * time.Second, Rand: func() float64 { return 0 }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	w.stop = stop
	s := New(Config{Repository: &w.branch, Poster: &w.wall, Pending: w.wall.pending, Auditor: w.auditor, Schedule: stream, Run: w.run, Look: w.look, Log: slog.New(slog.DiscardHandler)})
	go s.Run(ctx)
	t.Cleanup(func() { stop(); synctest.Wait() })
}

func (w *world) run(_ context.Context, c desired.Cluster, commit string) Result {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.runs = append(w.runs, commit[:1]+" "+c.Name)
	if answer := w.answer[c.Name]; answer != nil {
		return answer()
	}
	return Result{Planned: Planned{Cluster: c}}
}

// ran takes the passes made since the last look at them, sorted.
func (w *world) ran() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	runs := w.runs
	w.runs = nil
	slices.Sort(runs)
	return runs
}

func named(name string) string {
	return strings.ReplaceAll(string(examples.HA), "ha.example.com", name)
}

func after(t *testing.T, w *world, d time.Duration, want ...string) {
	t.Helper()
	time.Sleep(d)
	synctest.Wait()
	if d := cmp.Diff(want, w.ran()); d != "" {
		t.Errorf("passes (-want +got):\n%s", d)
	}
}

func waiting(reason string) func() Result {
	return func() Result { return Result{Report: apply.Report{Settling: []string{reason}}} }
}

func TestOnlyClustersWhoseManifestChangedAreRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		w.branch.push("a", map[string]string{"one": named("one.example.com"), "two": named("two.example.com")})
		serve(t, w)
		after(t, w, time.Second, "a one.example.com", "a two.example.com")
		after(t, w, time.Minute)

		w.branch.push("b", map[string]string{"one": named("one.example.com"), "two": named("two.example.com") + "# edited\n"})
		after(t, w, time.Minute, "b two.example.com")
		if got := w.wall.last("quorate/apply/two.example.com"); got.State != commitstatus.Success || got.Commit[:1] != "b" {
			t.Errorf("status of the edited cluster: %+v", got)
		}
	})
}

// TestAServiceThatStartsDoesNotTakeBackWhatWasSaid of the commit that it finds; of one that the branch comes to later,
// what was said long ago counts no more.
func TestAServiceThatStartsDoesNotTakeBackWhatWasSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		one := map[string]string{"one": named("one.example.com")}
		w.branch.push("a", one)
		serve(t, w)
		after(t, w, time.Minute, "a one.example.com")
		w.branch.push("b", map[string]string{"one": named("one.example.com") + "# edited\n"})
		after(t, w, time.Minute, "b one.example.com")
		w.branch.push("a", one)
		after(t, w, time.Minute, "a one.example.com")
		var looks []string
		for _, s := range w.wall.posted {
			if s.Description == "looking at AWS" {
				looks = append(looks, fmt.Sprintf("%s first=%t", s.Commit[:1], s.First))
			}
		}
		if d := cmp.Diff([]string{"a first=true", "b first=false", "a first=false"}, looks); d != "" {
			t.Error(d)
		}
	})
}

// TestAHaltedRollIsAFailureUntilTheNextCommit posts it once its group is back on the old template, and leaves it.
func TestAHaltedRollIsAFailureUntilTheNextCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		halted := apply.Report{Halted: true, Repairs: []apply.Repair{{Advice: repair.Advice{Verb: repair.Wait, Who: repair.People, Sentence: "halted: zone a"}}}}
		back := halted
		back.Repairs = []apply.Repair{{Advice: repair.Advice{Verb: repair.End, Who: repair.Quorate, Sentence: "halted: going back"}, Acted: true}}
		reports := []apply.Report{back, back, halted, halted, halted}
		w := &world{answer: map[string]func() Result{"one.example.com": func() Result {
			r := reports[0]
			reports = reports[1:]
			return Result{Report: r}
		}}}
		w.branch.push("a", map[string]string{"one": named("one.example.com")})
		serve(t, w)
		after(t, w, 3*time.Second, "a one.example.com")
		if got := w.wall.last("quorate/apply/one.example.com"); got.State != commitstatus.Pending || got.Description != "waiting: halted: going back" {
			t.Errorf("status while it steps back: %+v", got)
		}
		after(t, w, time.Minute, "a one.example.com", "a one.example.com")
		if got := w.wall.last("quorate/apply/one.example.com"); got.State != commitstatus.Failure || got.Description != "halted: zone a" {
			t.Errorf("status when it has stepped back: %+v", got)
		}
	})
}

func TestAClusterThatWaitsIsRunAgainSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{answer: map[string]func() Result{"one.example.com": waiting("zone us-east-1a is under way")}}
		w.branch.push("a", map[string]string{"one": named("one.example.com")})
		serve(t, w)
		after(t, w, 6*time.Second, "a one.example.com", "a one.example.com")
		if got := w.wall.last("quorate/apply/one.example.com"); got.State != commitstatus.Pending || !strings.Contains(got.Description, "zone us-east-1a is under way") {
			t.Errorf("status: %+v", got)
		}
	})
}

// TestAStatusTellsHowLongAClusterHasWaited lets the sentence change in its numbers, which is the same wait, and
// then in its words.
func TestAStatusTellsHowLongAClusterHasWaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		behind, zone := 9000, "b"
		w := &world{answer: map[string]func() Result{"one.example.com": func() Result {
			behind -= 100
			return waiting(fmt.Sprintf("etcd main in us-east-1%s is %d entries behind", zone, behind))()
		}}}
		w.branch.push("a", map[string]string{"one": named("one.example.com")})
		serve(t, w)
		said := func() string { return w.wall.last("quorate/apply/one.example.com").Description }
		time.Sleep(time.Second)
		if got := said(); !strings.HasPrefix(got, "waiting: ") {
			t.Errorf("at first: %q", got)
		}
		time.Sleep(47 * time.Second)
		if got := said(); !strings.HasPrefix(got, "waiting 40 s: ") {
			t.Errorf("after 48 s: %q", got)
		}
		w.mu.Lock()
		zone = "c"
		w.mu.Unlock()
		time.Sleep(6 * time.Second)
		if got := said(); !strings.HasPrefix(got, "waiting: ") || !strings.Contains(got, "us-east-1c") {
			t.Errorf("before the next wait: %q", got)
		}
	})
}

func TestAClusterThatSomebodyElseChangesIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		held := fmt.Errorf("%w: process 7 holds it", lease.ErrHeld)
		w := &world{answer: map[string]func() Result{"one.example.com": func() Result { return Result{Err: held} }}}
		w.branch.push("a", map[string]string{"one": named("one.example.com")})
		serve(t, w)
		after(t, w, 6*time.Second, "a one.example.com", "a one.example.com")
		want := "waiting: somebody else is changing this cluster: process 7 holds it"
		if got := w.wall.last("quorate/apply/one.example.com"); got.State != commitstatus.Pending || got.Description != want {
			t.Errorf("status: %+v", got)
		}
	})
}

func TestAFailingClusterIsRunAgainLaterAndLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{answer: map[string]func() Result{"one.example.com": func() Result { return Result{Err: errors.New("no route to AWS")} }}}
		w.branch.push("a", map[string]string{"one": named("one.example.com")})
		serve(t, w)
		after(t, w, 9*time.Second, "a one.example.com")
		after(t, w, 6*time.Second, "a one.example.com")  // after 10 s
		after(t, w, 10*time.Second)                      // not yet
		after(t, w, 10*time.Second, "a one.example.com") // 20 s after the second
		if got := w.wall.last("quorate/apply/one.example.com"); got.State != commitstatus.Error {
			t.Errorf("status: %+v", got)
		}
	})
}

func TestDriftIsLookedForOnSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		w.branch.push("a", map[string]string{"one": named("one.example.com")})
		serve(t, w)
		after(t, w, time.Minute, "a one.example.com")
		after(t, w, 11*time.Minute, "a one.example.com")
	})
}

func TestAVanishedManifestDestroysNothingAndIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		w.branch.push("a", map[string]string{"one": named("one.example.com"), "two": named("two.example.com")})
		serve(t, w)
		after(t, w, time.Second, "a one.example.com", "a two.example.com")
		w.branch.push("b", map[string]string{"two": named("two.example.com")})
		after(t, w, time.Minute)
		got := w.wall.last("quorate/apply/one.example.com")
		if got.Commit[:1] != "b" || got.State != commitstatus.Failure || !strings.Contains(got.Description, "nothing is destroyed") {
			t.Errorf("status: %+v", got)
		}
		after(t, w, 11*time.Minute, "b two.example.com") // drift looks at what is left
	})
}

func TestAManifestThatVanishedWhileNobodyWatchedIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		w.branch.push("a", map[string]string{"one": named("one.example.com")})
		w.branch.push("b", map[string]string{"two": named("two.example.com")})
		serve(t, w)
		after(t, w, time.Second, "b two.example.com")
		if got := w.wall.last("quorate/apply/one.example.com"); got.State != commitstatus.Failure {
			t.Errorf("status: %+v", got)
		}
	})
}

func TestTwoManifestsOfOneClusterAreBothRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		w.branch.push("a", map[string]string{"one": named("one.example.com"), "copy": named("one.example.com"), "two": named("two.example.com")})
		serve(t, w)
		after(t, w, time.Second, "a two.example.com")
		for _, unit := range []string{"one", "copy"} {
			got := w.wall.last("quorate/manifests/" + unit)
			if got.State != commitstatus.Failure || !strings.Contains(got.Description, "copy and one") {
				t.Errorf("status of %s: %+v", unit, got)
			}
		}
		w.branch.push("b", map[string]string{"one": named("one.example.com"), "two": named("two.example.com")})
		after(t, w, time.Minute, "b one.example.com")
		if got := w.wall.last("quorate/manifests/one"); got.State != commitstatus.Success {
			t.Errorf("the mended unit: %+v", got)
		}
	})
}

func TestABrokenManifestStopsOnlyItsOwnCluster(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		w.branch.push("a", map[string]string{"one": "kind: [", "two": named("two.example.com")})
		serve(t, w)
		after(t, w, time.Second, "a two.example.com")
		if got := w.wall.last("quorate/manifests/one"); got.State != commitstatus.Failure || !strings.Contains(got.Description, "one/cluster.yaml:2") {
			t.Errorf("status: %+v", got)
		}
	})
}

func TestAForbiddenChangeIsRefusedAndNotTriedOverAndOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		forbidden := diff.Plan{Changes: []diff.Change{{Ref: topology.Ref{Kind: topology.KindVPC, Name: "one"}, Effect: diff.Forbid, Reason: "AWS cannot change the CIDR of a VPC"}}}
		w := &world{answer: map[string]func() Result{"one.example.com": func() Result {
			return Result{Planned: Planned{Plan: forbidden}, Report: apply.Report{Outcomes: []apply.Outcome{{State: apply.Failed}}}}
		}}}
		w.branch.push("a", map[string]string{"one": named("one.example.com")})
		serve(t, w)
		after(t, w, 5*time.Minute, "a one.example.com")
		if got := w.wall.last("quorate/apply/one.example.com"); got.State != commitstatus.Failure || !strings.Contains(got.Description, "AWS cannot change the CIDR") {
			t.Errorf("status: %+v", got)
		}
	})
}

func TestABugInOnePassEndsNobodysService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{answer: map[string]func() Result{"one.example.com": func() Result { panic("index out of range") }}}
		w.branch.push("a", map[string]string{"one": named("one.example.com"), "two": named("two.example.com")})
		serve(t, w)
		after(t, w, time.Second, "a one.example.com", "a two.example.com")
		got := w.wall.last("quorate/apply/one.example.com")
		if got.State != commitstatus.Error || strings.Contains(got.Description, "goroutine") {
			t.Errorf("status: %+v", got)
		}
	})
}

func TestAForcePushIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		w.branch.push("a", map[string]string{"one": named("one.example.com")})
		serve(t, w)
		after(t, w, time.Second, "a one.example.com")
		w.branch.push("b", map[string]string{"one": named("one.example.com")})
		w.branch.mu.Lock()
		w.branch.head.Rewritten = true
		w.branch.mu.Unlock()
		after(t, w, time.Minute)
		if got := w.wall.last("quorate/history"); !strings.Contains(got.Description, "force-pushed") {
			t.Errorf("status: %+v", got)
		}
	})
}

func TestStoppingPostsBeforeItEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		w.answer = map[string]func() Result{"one.example.com": func() Result {
			w.stop()
			return Result{Err: context.Canceled}
		}}
		w.branch.push("a", map[string]string{"one": named("one.example.com")})
		serve(t, w)
		after(t, w, time.Minute, "a one.example.com")
		if got := w.wall.last("quorate/apply/one.example.com"); got.State != commitstatus.Pending || !strings.Contains(got.Description, "stopped") {
			t.Errorf("status: %+v", got)
		}
	})
}

// pending are the statuses that were never ended.
func (w *wall) pending() []commitstatus.Status {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []commitstatus.Status
	for i, s := range w.posted {
		later := func(o commitstatus.Status) bool { return o.Commit == s.Commit && o.Context == s.Context }
		if s.State == commitstatus.Pending && !slices.ContainsFunc(w.posted[i+1:], later) {
			all = append(all, s)
		}
	}
	return all
}

// TestNoCommitStaysPending lets commits come while a cluster waits: one that says the same of it, and one that
// says something else.
func TestNoCommitStaysPending(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{answer: map[string]func() Result{"one.example.com": waiting("etcd main catches up")}}
		w.branch.push("a", map[string]string{"one": named("one.example.com")})
		serve(t, w)
		time.Sleep(time.Minute)
		other := named("one.example.com") + "# a remark\n"
		w.branch.push("b", map[string]string{"one": other})
		time.Sleep(time.Minute)
		w.branch.push("c", map[string]string{"one": strings.Replace(other, "maxSize: 6", "maxSize: 7", 1)})
		time.Sleep(time.Minute)
		w.branch.push("d", map[string]string{"one": strings.Replace(other, "maxSize: 6", "maxSize: 7", 1), "two": named("two.example.com")})
		time.Sleep(time.Minute)
		w.mu.Lock()
		delete(w.answer, "one.example.com")
		w.mu.Unlock()
		time.Sleep(time.Minute)
		synctest.Wait()
		if left := w.wall.pending(); len(left) > 0 {
			t.Errorf("pending for ever: %+v", left)
		}
		var said []string
		w.wall.mu.Lock()
		defer w.wall.mu.Unlock()
		for _, commit := range []string{"a", "b", "c", "d"} {
			for _, s := range slices.Backward(w.wall.posted) {
				if s.Commit == strings.Repeat(commit, 40) && s.Context == "quorate/apply/one.example.com" {
					said = append(said, fmt.Sprintf("%s %s: %s", commit, s.State, s.Description))
					break
				}
			}
		}
		const done, overtaken = "success: 0 resources as the manifest says, nothing to change", "failure: overtaken by commit dddddddddd before it was done"
		if diff := cmp.Diff([]string{"a " + overtaken, "b " + overtaken, "c " + done, "d " + done}, said); diff != "" {
			t.Errorf("-want +said:\n%s", diff)
		}
	})
}

// TestNoCommitStaysPendingWhoseManifestIsGone removes the manifest of a cluster while it waits.
func TestNoCommitStaysPendingWhoseManifestIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{answer: map[string]func() Result{"one.example.com": waiting("etcd main catches up")}}
		w.branch.push("a", map[string]string{"one": named("one.example.com")})
		serve(t, w)
		time.Sleep(time.Minute)
		w.branch.push("b", nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		if left := w.wall.pending(); len(left) > 0 {
			t.Errorf("pending for ever: %+v", left)
		}
		if got := w.wall.last("quorate/apply/one.example.com"); got.State != commitstatus.Failure || !strings.Contains(got.Description, "nothing is destroyed") {
			t.Errorf("said %+v", got)
		}
	})
}
