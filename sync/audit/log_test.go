package audit_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/sync/audit"
	"github.com/quorate/quorate/sync/gitrepo"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// upstream is a bare repository with two commits, made and read with the real git.
type upstream struct {
	t             *testing.T
	dir           string
	first, second string
}

func newUpstream(t *testing.T) upstream {
	t.Helper()
	u := upstream{t: t, dir: filepath.Join(t.TempDir(), "clusters.git")}
	u.git("init", "--quiet", "--bare", "--initial-branch=main", u.dir)
	tree := strings.TrimSpace(u.git("-C", u.dir, "mktree"))
	u.first = strings.TrimSpace(u.git("-C", u.dir, "commit-tree", "-m", "Add a cluster", tree))
	u.second = strings.TrimSpace(u.git("-C", u.dir, "commit-tree", "-p", u.first, "-m", "Change a cluster", tree))
	u.git("-C", u.dir, "update-ref", "refs/heads/main", u.second)
	return u
}

func (u upstream) git(args ...string) string {
	u.t.Helper()
	cmd := exec.CommandContext(u.t.Context(), "git", args...)
	cmd.Stdin = strings.NewReader("")
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=Eve", "GIT_AUTHOR_EMAIL=e@example.com", "GIT_COMMITTER_NAME=Eve", "GIT_COMMITTER_EMAIL=e@example.com")
	out, err := cmd.CombinedOutput()
	if err != nil {
		u.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// log opens the log of a service whose folder is dir.
func (u upstream) log(dir, holder string, tampered func(audit.Finding)) *audit.Log {
	u.t.Helper()
	repo, err := gitrepo.Open(gitrepo.Config{URL: u.dir, Dir: u.t.TempDir()})
	if err != nil {
		u.t.Fatal(err)
	}
	l, err := audit.Open(audit.Config{
		Dir: dir, Holder: holder, Version: "1.0", Tampered: tampered,
		Write: func(ctx context.Context, change func(audit.Tree) error) error {
			return repo.WriteNotes(ctx, audit.Ref, func(n *gitrepo.Notes) error { return change(n) })
		},
	})
	if err != nil {
		u.t.Fatal(err)
	}
	return l
}

// trail reads what the repository has, as quorate audit verify does.
func (u upstream) trail() audit.Trail {
	u.t.Helper()
	archive, err := gitrepo.OpenArchive(u.dir)
	if err != nil {
		u.t.Fatal(err)
	}
	notes, err := archive.Notes(audit.Ref)
	if err != nil {
		u.t.Fatal(err)
	}
	trail, err := audit.Load(notes)
	if err != nil {
		u.t.Fatal(err)
	}
	losses, err := archive.Losses(audit.Ref, audit.Root)
	if err != nil {
		u.t.Fatal(err)
	}
	for _, l := range losses {
		trail.Losses = append(trail.Losses, audit.Loss(l))
	}
	trail.Has = archive.Has
	return trail
}

func (u upstream) wantFindings(want ...string) {
	u.t.Helper()
	var got []string
	for _, f := range u.trail().Verify() {
		got = append(got, f.Text)
	}
	if d := cmp.Diff(want, got); d != "" {
		u.t.Errorf("findings (-want +got):\n%s", d)
	}
}

func pass(cluster, commit string, minute int) audit.Record {
	at := noon.Add(time.Duration(minute) * time.Minute)
	return audit.Record{
		Cluster: cluster, Commit: commit, Result: audit.Changed, Began: at, Ended: at.Add(time.Second),
		Steps: []audit.Step{{Ref: "vpc/" + cluster, Effect: "create", State: "done"}},
	}
}

func record(t *testing.T, l *audit.Log, r audit.Record) {
	t.Helper()
	if err := l.Record(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

// told is the trail in one line for each record.
func told(trail audit.Trail) []string {
	var lines []string
	for _, r := range trail.Records() {
		lines = append(lines, fmt.Sprintf("%s %d %s", r.Cluster, r.Sequence, r.Result))
	}
	return lines
}

func TestRecordsAreReadableWithGit(t *testing.T) {
	u := newUpstream(t)
	l := u.log(t.TempDir(), "a/1", nil)
	record(t, l, pass("ha.example.com", u.first, 0))
	record(t, l, pass("small.example.com", u.first, 1))
	record(t, l, pass("ha.example.com", u.second, 2))
	u.wantFindings()
	text := u.git("-C", u.dir, "show", "refs/notes/quorate:audit/records/ha.example.com/00000/002.json")
	if !strings.Contains(text, `"sequence":2`) || strings.Count(text, "\n") != 1 {
		t.Errorf("the second record reads %q", text)
	}
	note := u.git("-C", u.dir, "notes", "--ref=quorate", "show", u.second)
	if !strings.HasPrefix(note, "audit: ha.example.com record 2 sha256:") {
		t.Errorf("the note of the second commit reads %q", note)
	}
	u.git("-C", u.dir, "fsck", "--strict")
}

func TestGitAndStatusesLeaveTheTrailWhereItIs(t *testing.T) {
	u := newUpstream(t)
	l := u.log(t.TempDir(), "a/1", nil)
	record(t, l, pass("ha.example.com", u.first, 0))
	u.git("-C", u.dir, "notes", "--ref=quorate", "append", "-m", "a person's word", u.first)
	u.git("-C", u.dir, "notes", "--ref=quorate", "add", "-m", "another", u.second)
	record(t, l, pass("ha.example.com", u.second, 1))
	u.wantFindings()
	if note := u.git("-C", u.dir, "notes", "--ref=quorate", "show", u.first); !strings.Contains(note, "a person's word") {
		t.Errorf("the note reads %q", note)
	}
}

func TestServicesThatWriteAtOnceLoseNothingAndDoNotFork(t *testing.T) {
	u := newUpstream(t)
	const services, each = 3, 4
	var group sync.WaitGroup
	for s := range services {
		l := u.log(t.TempDir(), fmt.Sprintf("host/%d", s), nil)
		group.Go(func() {
			for n := range each {
				err := l.Record(t.Context(), pass(fmt.Sprintf("c%d.example.com", s), u.first, n))
				if err != nil && !errors.Is(err, audit.ErrDeferred) {
					t.Error(err)
				}
			}
			for l.Flush(t.Context()) != nil {
				if t.Context().Err() != nil {
					return
				}
			}
		})
	}
	group.Wait()
	u.wantFindings()
	if n := len(told(u.trail())); n != services*each {
		t.Errorf("%d records, want %d", n, services*each)
	}
}

func TestTwoServicesOnOneClusterAreFoundOut(t *testing.T) {
	u := newUpstream(t)
	one, two := u.log(t.TempDir(), "a/1", nil), u.log(t.TempDir(), "b/2", nil)
	long := pass("ha.example.com", u.first, 0)
	long.Ended = noon.Add(time.Hour)
	record(t, one, long)
	record(t, two, pass("ha.example.com", u.first, 30))
	u.wantFindings("record 2 of ha.example.com began before record 1 ended, and another service wrote it (b/2, a/1): two worked on the cluster at once")
}

func TestWhatCannotBePushedIsKeptOverARestart(t *testing.T) {
	u := newUpstream(t)
	state := t.TempDir()
	l := u.log(state, "a/1", nil)
	record(t, l, pass("ha.example.com", u.first, 0))
	if err := os.Rename(u.dir, u.dir+"-away"); err != nil {
		t.Fatal(err)
	}
	for n := range 40 { // more than one push takes
		if err := l.Record(t.Context(), pass("ha.example.com", u.first, 1+n)); !errors.Is(err, audit.ErrDeferred) {
			t.Fatalf("with the repository away: %v", err)
		}
	}
	if err := os.Rename(u.dir+"-away", u.dir); err != nil {
		t.Fatal(err)
	}
	again := u.log(state, "a/2", nil)
	if err := again.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	u.wantFindings()
	if n := len(told(u.trail())); n != 41 {
		t.Errorf("%d records, want 41", n)
	}
	if left, err := filepath.Glob(filepath.Join(state, "wait-*")); err != nil || len(left) > 0 {
		t.Errorf("left in the spool: %v, %v", left, err)
	}
}

// TestAPushWhoseAnswerWasLostIsNotMadeTwice: the process is killed between the push and the removal.
func TestAPushWhoseAnswerWasLostIsNotMadeTwice(t *testing.T) {
	u := newUpstream(t)
	state := t.TempDir()
	l := u.log(state, "a/1", nil)
	if err := os.Rename(u.dir, u.dir+"-away"); err != nil {
		t.Fatal(err)
	}
	if err := l.Record(t.Context(), pass("ha.example.com", u.first, 0)); !errors.Is(err, audit.ErrDeferred) {
		t.Fatal(err)
	}
	if err := os.Rename(u.dir+"-away", u.dir); err != nil {
		t.Fatal(err)
	}
	kept, err := filepath.Glob(filepath.Join(state, "wait-*"))
	if err != nil || len(kept) != 1 {
		t.Fatal(kept, err)
	}
	data, err := os.ReadFile(kept[0])
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := os.WriteFile(kept[0], data, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := u.log(state, "a/1", nil).Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	u.wantFindings()
	if d := cmp.Diff([]string{"ha.example.com 1 changed"}, told(u.trail())); d != "" {
		t.Errorf("records (-want +got):\n%s", d)
	}
}

func TestAKilledPassLeavesARecord(t *testing.T) {
	u := newUpstream(t)
	state := t.TempDir()
	l := u.log(state, "a/1", nil)
	begun := pass("ha.example.com", u.first, 0)
	begun.Steps[0].State = "unknown"
	if err := l.Begin(begun); err != nil {
		t.Fatal(err)
	}
	// Another cluster's pass ends well, and a third one's has nothing to tell.
	for _, cluster := range []string{"small.example.com", "tiny.example.com"} {
		if err := l.Begin(pass(cluster, u.first, 1)); err != nil {
			t.Fatal(err)
		}
	}
	record(t, l, pass("small.example.com", u.first, 1))
	if err := l.Forget("tiny.example.com"); err != nil {
		t.Fatal(err)
	}
	again := u.log(state, "a/2", nil)
	if err := again.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	u.wantFindings()
	if d := cmp.Diff([]string{"ha.example.com 1 interrupted", "small.example.com 1 changed"}, told(u.trail())); d != "" {
		t.Errorf("records (-want +got):\n%s", d)
	}
}

func TestTheSameRefusalIsRecordedOnce(t *testing.T) {
	u := newUpstream(t)
	state := t.TempDir()
	refused := func(minute int, reason string) audit.Record {
		at := noon.Add(time.Duration(minute) * time.Minute)
		return audit.Record{Cluster: "ha.example.com", Commit: u.first, Plan: "12", Result: audit.Refused, Reason: reason, Began: at, Ended: at}
	}
	l := u.log(state, "a/1", nil)
	record(t, l, refused(0, "AWS cannot shrink a volume"))
	record(t, l, refused(10, "AWS cannot shrink a volume"))
	record(t, u.log(state, "a/2", nil), refused(20, "AWS cannot shrink a volume"))
	record(t, l, refused(30, "a VPC's CIDR cannot be changed"))
	record(t, l, refused(40, "AWS cannot shrink a volume"))
	if n := len(told(u.trail())); n != 3 {
		t.Errorf("%d records, want 3: %v", n, told(u.trail()))
	}
}

func TestWhoTakesARecordAwayIsNamedByTheHistoryOfTheNotes(t *testing.T) {
	u := newUpstream(t)
	l := u.log(t.TempDir(), "a/1", nil)
	record(t, l, pass("ha.example.com", u.first, 0))
	before := strings.TrimSpace(u.git("-C", u.dir, "rev-parse", "refs/notes/quorate^{tree}"))
	record(t, l, pass("ha.example.com", u.second, 1))
	// Eve puts the notes back to how they were, with everything in them consistent.
	tip := strings.TrimSpace(u.git("-C", u.dir, "rev-parse", "refs/notes/quorate"))
	eve := strings.TrimSpace(u.git("-C", u.dir, "commit-tree", "-p", tip, "-m", "Notes", before))
	u.git("-C", u.dir, "update-ref", "refs/notes/quorate", eve)
	found := u.trail().Verify()
	if len(found) != 1 || !strings.HasPrefix(found[0].Text, "record 2 of ha.example.com was taken away by Eve at ") {
		t.Errorf("findings: %v", found)
	}
}

func TestTheServiceNoticesThatTheNotesWereRewritten(t *testing.T) {
	u := newUpstream(t)
	var noticed []string
	l := u.log(t.TempDir(), "a/1", func(f audit.Finding) { noticed = append(noticed, f.Text) })
	record(t, l, pass("ha.example.com", u.first, 0))
	before := strings.TrimSpace(u.git("-C", u.dir, "rev-parse", "refs/notes/quorate"))
	record(t, l, pass("ha.example.com", u.first, 1))
	u.git("-C", u.dir, "update-ref", "refs/notes/quorate", before) // a force push
	u.wantFindings()
	record(t, l, pass("ha.example.com", u.first, 2))
	if d := cmp.Diff([]string{"record 2 of ha.example.com, which this service wrote, is gone from the notes or was edited"}, noticed); d != "" {
		t.Errorf("noticed (-want +got):\n%s", d)
	}
	u.wantFindings("record 2 of ha.example.com is missing")
}

func TestADamagedSpoolFileIsSetAside(t *testing.T) {
	u := newUpstream(t)
	state := t.TempDir()
	l := u.log(state, "a/1", nil)
	if err := os.WriteFile(filepath.Join(state, "wait-x.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := l.Flush(t.Context()); err == nil || !strings.Contains(err.Error(), "wait-x.json.damaged is no record") {
		t.Errorf("with a damaged file: %v", err)
	}
	record(t, l, pass("ha.example.com", u.first, 0))
	u.wantFindings()
}

func TestARecordOfNoClusterOrNoCommitIsRefused(t *testing.T) {
	u := newUpstream(t)
	l := u.log(t.TempDir(), "a/1", nil)
	for _, r := range []audit.Record{pass("../../x", u.first, 0), pass("", u.first, 0), pass("ha.example.com", "main", 0)} {
		if err := l.Record(t.Context(), r); err == nil || errors.Is(err, audit.ErrDeferred) {
			t.Errorf("a record of %q at %q: %v", r.Cluster, r.Commit, err)
		}
	}
}

// TestAnOrderIsOnRecordWhileAPassGoesOn tells of an order in the middle of a pass of the same cluster, twice the
// same, and both the orders and the pass are there afterwards.
func TestAnOrderIsOnRecordWhileAPassGoesOn(t *testing.T) {
	u := newUpstream(t)
	l := u.log(t.TempDir(), "host/1", nil)
	changed := pass("ha.example.com", u.first, 1)
	if err := l.Begin(changed); err != nil {
		t.Fatal(err)
	}
	order := audit.Record{Cluster: "ha.example.com", Commit: u.second, Author: "bob", PullRequest: "#7", Trigger: "comment", Result: audit.Ordered, Reason: "pause the shop is open", Began: noon, Ended: noon}
	for range 2 {
		if err := l.Tell(t.Context(), order); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Record(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	u.wantFindings()
	var got []string
	for _, r := range u.trail().Records() {
		got = append(got, fmt.Sprintf("%d %s %s %s", r.Sequence, r.Result, r.Author, r.Reason))
	}
	if len(got) != 3 || !strings.Contains(strings.Join(got, "\n"), "1 ordered bob pause the shop is open") {
		t.Errorf("records: %q", got)
	}
	order.Cluster = "../x"
	if err := l.Tell(t.Context(), order); err == nil {
		t.Error("it is on record under a name that is none")
	}
	if err := l.Flush(t.Context()); err != nil {
		t.Errorf("what has no place keeps all others from theirs: %v", err)
	}
}
