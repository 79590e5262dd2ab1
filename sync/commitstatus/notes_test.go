package commitstatus_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/sync/commitstatus"
	"github.com/quorate/quorate/sync/gitrepo"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// upstream is a bare repository with one commit, made and read with the real git.
type upstream struct {
	t      *testing.T
	dir    string
	commit string
}

func newUpstream(t *testing.T) upstream {
	t.Helper()
	u := upstream{t: t, dir: filepath.Join(t.TempDir(), "clusters.git")}
	u.git("init", "--quiet", "--bare", "--initial-branch=main", u.dir)
	tree := strings.TrimSpace(u.git("-C", u.dir, "mktree"))
	u.commit = strings.TrimSpace(u.git("-C", u.dir, "commit-tree", "-m", "Add a cluster", tree))
	u.git("-C", u.dir, "update-ref", "refs/heads/main", u.commit)
	return u
}

func (u upstream) git(args ...string) string {
	u.t.Helper()
	cmd := exec.CommandContext(u.t.Context(), "git", args...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=Bob", "GIT_AUTHOR_EMAIL=b@example.com", "GIT_COMMITTER_NAME=Bob", "GIT_COMMITTER_EMAIL=b@example.com")
	out, err := cmd.CombinedOutput()
	if err != nil {
		u.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func (u upstream) note() string {
	u.t.Helper()
	return u.git("-C", u.dir, "notes", "--ref=quorate", "show", u.commit)
}

func (u upstream) poster() commitstatus.Poster {
	u.t.Helper()
	repo, err := gitrepo.Open(gitrepo.Config{URL: u.dir, Dir: u.t.TempDir()})
	if err != nil {
		u.t.Fatal(err)
	}
	return commitstatus.NewNotes(repo)
}

func (u upstream) status(context string, state commitstatus.State, text string) commitstatus.Status {
	return commitstatus.Status{Commit: u.commit, Context: context, State: state, Description: text, At: noon}
}

func post(t *testing.T, p commitstatus.Poster, all ...commitstatus.Status) {
	t.Helper()
	for _, s := range all {
		if err := p.Post(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
}

func TestGitLogShowsTheLatestStatusOfEachContext(t *testing.T) {
	u := newUpstream(t)
	linked := u.status("quorate/plan/ha.example.com", commitstatus.Success, "48 to create (3 zones)")
	linked.URL = "https://quorate.example.com/ha"
	post(t, u.poster(),
		u.status("quorate/apply/ha.example.com", commitstatus.Pending, "waiting: etcd main has 2 of 3 healthy members"),
		linked,
		u.status("quorate/apply/ha.example.com", commitstatus.Success, "converged, 0 changes"),
	)
	log := u.git("-C", u.dir, "log", "--notes=quorate", "--format=medium", "main")
	_, notes, _ := strings.Cut(log, "Notes (quorate):\n")
	want := `    quorate/apply/ha.example.com: success: converged, 0 changes (2026-03-01T12:00:00Z)
    quorate/plan/ha.example.com: success: 48 to create (3 zones) (2026-03-01T12:00:00Z, https://quorate.example.com/ha)
`
	if diff := cmp.Diff(want, notes); diff != "" {
		t.Errorf("git log (-want +got):\n%s", diff)
	}
	read := commitstatus.ParseNote(u.commit, u.note())
	if len(read) != 2 {
		t.Fatalf("read back %d statuses", len(read))
	}
	if diff := cmp.Diff(linked, read[1]); diff != "" {
		t.Errorf("read back (-posted +read):\n%s", diff)
	}
}

func TestARestartedServiceDoesNotRepeatItself(t *testing.T) {
	u := newUpstream(t)
	first := u.status("quorate/apply/ha", commitstatus.Success, "converged")
	post(t, u.poster(), first)
	before := u.git("-C", u.dir, "rev-parse", commitstatus.NotesRef)
	first.At = noon.Add(time.Hour)
	post(t, u.poster(), first)
	if after := u.git("-C", u.dir, "rev-parse", commitstatus.NotesRef); after != before {
		t.Error("the same status was pushed again")
	}
}

func TestLinesOfOthersAreKept(t *testing.T) {
	u := newUpstream(t)
	u.git("-C", u.dir, "notes", "--ref=quorate", "add", "-m", "Reviewed by Ada: looks fine (really)\n\nquorate/apply/ha: success: no time here", u.commit)
	p := u.poster()
	post(t, p,
		u.status("quorate/apply/ha", commitstatus.Failure, "subnet outside the network"),
		u.status("quorate/apply/ha", commitstatus.Success, "converged"),
	)
	want := `Reviewed by Ada: looks fine (really)

quorate/apply/ha: success: no time here
quorate/apply/ha: success: converged (2026-03-01T12:00:00Z)
`
	if diff := cmp.Diff(want, u.note()); diff != "" {
		t.Errorf("note (-want +got):\n%s", diff)
	}
}

func TestASpooledNoteArrivesWhenTheRepositoryIsBack(t *testing.T) {
	u := newUpstream(t)
	ledger, err := commitstatus.NewLedger(t.TempDir(), u.poster())
	if err != nil {
		t.Fatal(err)
	}
	p, err := commitstatus.NewSpool(t.TempDir(), ledger)
	if err != nil {
		t.Fatal(err)
	}
	away := u.dir + ".away"
	if err := os.Rename(u.dir, away); err != nil {
		t.Fatal(err)
	}
	s := u.status("quorate/apply/ha", commitstatus.Success, "converged")
	if err := p.Post(t.Context(), s); !errors.Is(err, commitstatus.ErrDeferred) || !errors.Is(err, gitrepo.ErrNotFound) {
		t.Fatalf("error = %v", err)
	}
	if err := os.Rename(away, u.dir); err != nil {
		t.Fatal(err)
	}
	post(t, p, s) // the same again: it was not said yet
	if got := commitstatus.ParseNote(u.commit, u.note()); len(got) != 1 || got[0] != s {
		t.Errorf("note = %+v", got)
	}
}
