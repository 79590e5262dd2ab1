package gitrepo

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
)

const notesRef = "refs/notes/quorate"

func appendLine(line string) NoteEdit {
	return func(old string) string { return old + line + "\n" }
}

func TestNotesAreReadableWithGit(t *testing.T) {
	for _, transport := range []string{"path", "HTTP"} {
		t.Run(transport, func(t *testing.T) {
			o := newOrigin(t)
			url := o.dir
			if transport == "HTTP" {
				url = o.serve("").url()
			}
			first, second := o.commit(someFiles), o.commit(map[string]string{"a": "b"})
			r := open(t, url)
			for _, edits := range []map[string]NoteEdit{
				{first: appendLine("one"), second: appendLine("two")},
				{first: appendLine("three")},
			} {
				if err := r.EditNotes(t.Context(), notesRef, edits); err != nil {
					t.Fatal(err)
				}
			}
			if got := o.git("notes", "--ref=quorate", "show", first); got != "one\nthree\n" {
				t.Errorf("note of the first commit = %q", got)
			}
			log := o.git("log", "--notes=quorate", "--format=%s%n%N", "main")
			if log != "Change the clusters\ntwo\n\nChange the clusters\none\nthree\n\n" {
				t.Errorf("git log shows %q", log)
			}
			o.git("fsck", "--strict")
			if n := o.git("rev-list", "--count", notesRef); n != "2\n" {
				t.Errorf("%s commits of notes, want one per edit", strings.TrimSpace(n))
			}
		})
	}
}

func TestAnEditThatChangesNothingWritesNothing(t *testing.T) {
	o := newOrigin(t)
	hash := o.commit(someFiles)
	r := open(t, o.dir)
	for range 2 {
		edit := map[string]NoteEdit{hash: func(string) string { return "same\n" }}
		if err := r.EditNotes(t.Context(), notesRef, edit); err != nil {
			t.Fatal(err)
		}
	}
	if n := o.git("rev-list", "--count", notesRef); n != "1\n" {
		t.Errorf("%s commits of notes, want 1", strings.TrimSpace(n))
	}
}

func TestNotesSpreadOverFoldersByGitAreFoundAndKept(t *testing.T) {
	o := newOrigin(t)
	head := o.commit(someFiles)
	o.git("notes", "--ref=quorate", "add", "-m", "from git", head)
	var copies strings.Builder
	const others = 400 // enough for git to make folders of two digits
	for n := range others {
		fmt.Fprintf(&copies, "%s %s\n", head, plumbing.ComputeHash(plumbing.BlobObject, fmt.Append(nil, n)))
	}
	runGit(t, copies.String(), "-C", o.dir, "notes", "--ref=quorate", "copy", "--stdin")
	if !strings.Contains(o.git("ls-tree", notesRef), " tree ") {
		t.Fatal("git did not spread the notes, so this test shows nothing")
	}
	added := o.commit(map[string]string{"a": "b"})
	r := open(t, o.dir)
	edits := map[string]NoteEdit{head: appendLine("from us"), added: appendLine("new")}
	if err := r.EditNotes(t.Context(), notesRef, edits); err != nil {
		t.Fatal(err)
	}
	if got := o.git("notes", "--ref=quorate", "show", head); got != "from git\nfrom us\n" {
		t.Errorf("note = %q", got)
	}
	if got := o.git("notes", "--ref=quorate", "show", added); got != "new\n" {
		t.Errorf("new note = %q", got)
	}
	if got := strings.Count(o.git("notes", "--ref=quorate", "list"), "\n"); got != others+2 {
		t.Errorf("%d notes, want %d", got, others+2)
	}
	o.git("fsck", "--strict")
}

func TestWritersAtTheSameTimeLoseNothing(t *testing.T) {
	o := newOrigin(t)
	hash := o.commit(someFiles)
	const writers, each = 3, 4
	var group sync.WaitGroup
	for w := range writers {
		r := open(t, o.dir) // a process of its own, as far as the repository can tell
		group.Go(func() {
			for n := range each {
				edit := map[string]NoteEdit{hash: appendLine(fmt.Sprintf("writer %d line %d", w, n))}
				if err := r.EditNotes(t.Context(), notesRef, edit); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	note := o.git("notes", "--ref=quorate", "show", hash)
	for w := range writers {
		for n := range each {
			if line := fmt.Sprintf("writer %d line %d\n", w, n); strings.Count(note, line) != 1 {
				t.Errorf("%q is there %d times", line, strings.Count(note, line))
			}
		}
	}
}

func TestAWriterWhoComesBetweenLookAndPushIsKept(t *testing.T) {
	for _, transport := range []string{"path", "HTTP"} {
		t.Run(transport, func(t *testing.T) {
			o := newOrigin(t)
			hash := o.commit(someFiles)
			url := o.dir
			if transport == "HTTP" {
				url = o.serve("").url()
			}
			calls := 0
			edit := func(old string) string {
				if calls++; calls == 1 { // the base is fixed now, the push is still to come
					o.git("notes", "--ref=quorate", "add", "-m", "a person was faster", hash)
				}
				return old + "quorate\n"
			}
			if err := open(t, url).EditNotes(t.Context(), notesRef, map[string]NoteEdit{hash: edit}); err != nil {
				t.Fatal(err)
			}
			if got := o.git("notes", "--ref=quorate", "show", hash); got != "a person was faster\nquorate\n" {
				t.Errorf("note = %q", got)
			}
		})
	}
}

func TestNoProgramOfTheRepositoryIsRun(t *testing.T) {
	o := newOrigin(t)
	hash := o.commit(someFiles)
	trace := filepath.Join(t.TempDir(), "ran")
	script := "#!/bin/sh\necho ran >> " + trace + "\n"
	for _, hook := range []string{"pre-receive", "update", "post-receive", "post-update", "reference-transaction", "pre-push", "post-checkout"} {
		if err := os.MkdirAll(filepath.Join(o.dir, "hooks"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(o.dir, "hooks", hook), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", t.TempDir()) // and none is needed: there is no git on this path
	r := open(t, o.dir)
	head(t, r)
	if err := r.EditNotes(t.Context(), notesRef, map[string]NoteEdit{hash: appendLine("x")}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(trace); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a hook ran (%v)", err)
	}
}

func TestARefLockedByGitIsNotWritten(t *testing.T) {
	o := newOrigin(t)
	hash := o.commit(someFiles)
	lock := filepath.Join(o.dir, "refs", "notes", "quorate.lock")
	if err := errors.Join(os.MkdirAll(filepath.Dir(lock), 0o700), os.WriteFile(lock, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	r := open(t, o.dir)
	edit := map[string]NoteEdit{hash: appendLine("x")}
	if err := r.EditNotes(t.Context(), notesRef, edit); err == nil || !strings.Contains(err.Error(), "lock refs/notes/quorate") {
		t.Errorf("error = %v", err)
	}
	old := modTime(t, lock).Add(-2 * staleLock)
	if err := os.Chtimes(lock, old, old); err != nil {
		t.Fatal(err)
	}
	if err := r.EditNotes(t.Context(), notesRef, edit); err != nil {
		t.Errorf("a lock left by a killed process blocks for ever: %v", err)
	}
	o.git("notes", "--ref=quorate", "show", hash)
}

func TestARemoteThatRefusesNotesIsToldApart(t *testing.T) {
	o := newOrigin(t)
	hash := o.commit(someFiles)
	web := o.serve("")
	o.git("config", "http.receivepack", "false") // readable, not writable
	err := open(t, web.url()).EditNotes(t.Context(), notesRef, map[string]NoteEdit{hash: appendLine("x")})
	if !errors.Is(err, ErrAuth) || !strings.Contains(err.Error(), notesRef) {
		t.Errorf("error = %v, want %v", err, ErrAuth)
	}
}

func TestOnlyNotesCanBeWritten(t *testing.T) {
	o := newOrigin(t)
	hash := o.commit(someFiles)
	r := open(t, o.dir)
	if err := r.EditNotes(t.Context(), "refs/heads/main", map[string]NoteEdit{hash: appendLine("x")}); err == nil {
		t.Error("a branch was accepted")
	}
	if err := r.EditNotes(t.Context(), notesRef, map[string]NoteEdit{"main": appendLine("x")}); err == nil {
		t.Error("a note on something that is no hash was accepted")
	}
}
