package commitstatus

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// NotesRef is where statuses are kept: git fetch origin refs/notes/quorate:refs/notes/quorate,
// then git log --notes=quorate.
const NotesRef = "refs/notes/quorate"

// noteEditor is a repository whose notes can be changed without losing other writers' notes.
type noteEditor interface {
	EditNotes(ctx context.Context, ref string, edits map[string]func(old string) string) error
}

// Notes posts to a repository that has no host around it: one Git note per commit, in it one
// line per context. Lines that it did not write stay as they are.
type Notes struct{ repo noteEditor }

// NewNotes posts to the remote of the repository.
func NewNotes(repo noteEditor) *Notes { return &Notes{repo} }

// Post writes the line of the status's context and pushes the note. Nothing is pushed if the
// line already says the same, so a restarted service does not repeat itself.
func (n *Notes) Post(ctx context.Context, s Status) error {
	s, err := s.Normal()
	if err != nil {
		return err
	}
	edit := func(old string) string { return setLine(old, s) }
	if err := n.repo.EditNotes(ctx, NotesRef, map[string]func(string) string{s.Commit: edit}); err != nil {
		return fmt.Errorf("post %s to commit %.12s: %w", s.Context, s.Commit, err)
	}
	return nil
}

// ParseNote reads the statuses out of a note of the given commit, leaving out lines that are
// not statuses.
func ParseNote(commit, note string) []Status {
	var all []Status
	for line := range strings.Lines(note) {
		if s, ok := parseLine(strings.TrimRight(line, "\r\n")); ok {
			s.Commit = commit
			all = append(all, s)
		}
	}
	return all
}

// setLine puts the status in the place of its context's line, or at the end.
func setLine(note string, s Status) string {
	lines := strings.Split(strings.TrimRight(note, "\n"), "\n")
	if note == "" {
		lines = nil
	}
	for i, line := range lines {
		old, ok := parseLine(line)
		if !ok || old.Context != s.Context {
			continue
		}
		old.Commit = s.Commit
		if old.same(s) {
			return note
		}
		lines[i] = s.line()
		return strings.Join(lines, "\n") + "\n"
	}
	return strings.Join(append(lines, s.line()), "\n") + "\n"
}

// line is for people first: context, state, sentence, then when and where to read more.
func (s Status) line() string {
	at := s.At.Format(time.RFC3339)
	if s.URL != "" {
		at += ", " + s.URL
	}
	return fmt.Sprintf("%s: %s: %s (%s)", s.Context, s.State, s.Description, at)
}

var statusLine = regexp.MustCompile(`^(\S+): (pending|success|failure|error): (.*) \(([^\s,()]+)(?:, (\S+))?\)$`)

func parseLine(line string) (Status, bool) {
	m := statusLine.FindStringSubmatch(line)
	if m == nil {
		return Status{}, false
	}
	at, err := time.Parse(time.RFC3339, m[4])
	if err != nil {
		return Status{}, false
	}
	return Status{Context: m[1], State: State(m[2]), Description: m[3], URL: m[5], At: at}, true
}
