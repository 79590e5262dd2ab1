package host

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// The longest comment of each host. All count characters, GitHub and GitLab each in their own way, and we
// count bytes, which are never fewer.
//
// GitHub answers "Body is too long (maximum is 65536 characters)". GitLab:
// https://docs.gitlab.com/administration/instance_limits/#size-of-comments-and-descriptions-of-issues-merge-requests-and-epics
// Gitea has none (models/issues/comment.go: LONGTEXT), and gets GitLab's.
const (
	maxGitHubComment = 65536
	maxGitLabComment = 1_000_000
	maxGiteaComment  = maxGitLabComment
)

// Remark is the one comment of ours with its name.
type Remark struct {
	// Name is one word of letters, digits and dashes. It is not shown, and finds the comment again.
	Name string
	// Body is markdown. What the host has no room for is cut off at a line, with a note that says so.
	Body string
	// Full is where to read what was cut off; may be empty.
	Full string
}

// commenter is what keeping a remark needs of a host.
type commenter interface {
	// me is the name that our comments bear.
	me(ctx context.Context) (string, error)
	Comments(ctx context.Context, number int, since time.Time) ([]Comment, error)
	write(ctx context.Context, number int, body string) error
	edit(ctx context.Context, number int, id int64, body string) error
	remove(ctx context.Context, number int, id int64) error
}

// keep looks for the comment each time, since others may have removed it. A comment counts as ours only if
// we wrote it: anybody can copy the marker. Should there be several, after two of us wrote at once, the
// oldest stays.
func keep(ctx context.Context, host commenter, number int, r Remark, limit int) error {
	body, err := r.text(limit)
	if err != nil {
		return err
	}
	ours, err := find(ctx, host, number, r)
	if err != nil {
		return err
	}
	if len(ours) == 0 {
		return host.write(ctx, number, body)
	}
	if !sameText(ours[0].Body, body) {
		if err := host.edit(ctx, number, ours[0].ID, body); err != nil {
			return err
		}
	}
	for _, spare := range ours[1:] {
		if err := host.remove(ctx, number, spare.ID); err != nil {
			return err
		}
	}
	return nil
}

func find(ctx context.Context, host commenter, number int, r Remark) ([]Comment, error) {
	all, err := mine(ctx, host, number)
	ours := slices.DeleteFunc(all, func(c Comment) bool { return !strings.HasPrefix(c.Body, r.marker()) })
	slices.SortFunc(ours, func(a, b Comment) int { return cmp.Compare(a.ID, b.ID) })
	return ours, err
}

var anyMarker = regexp.MustCompile(`^<!-- quorate:([A-Za-z0-9][A-Za-z0-9-]{0,63}) -->`)

// remarks are ours by name, the oldest of each.
func remarks(ctx context.Context, host commenter, number int) (map[string]Comment, error) {
	all, err := mine(ctx, host, number)
	ours := map[string]Comment{}
	for _, c := range all {
		name := anyMarker.FindStringSubmatch(c.Body)
		if name == nil {
			continue
		}
		if other, known := ours[name[1]]; !known || c.ID < other.ID {
			ours[name[1]] = c
		}
	}
	return ours, err
}

// mine are the comments that we wrote.
func mine(ctx context.Context, host commenter, number int) ([]Comment, error) {
	me, err := host.me(ctx)
	if err != nil {
		return nil, err
	}
	if me == "" {
		return nil, &Error{Class: ErrUnavailable, Detail: "it does not say who we are"}
	}
	all, err := host.Comments(ctx, number, time.Time{})
	if err != nil {
		return nil, err
	}
	var ours []Comment
	for _, c := range all {
		if strings.EqualFold(c.Author, me) {
			ours = append(ours, c)
		}
	}
	return ours, nil
}

// sameText leaves out what hosts do to the ends of lines and texts.
func sameText(a, b string) bool {
	plain := func(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")) }
	return plain(a) == plain(b)
}

var remarkName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,63}$`)

// marker is a comment within the comment: no host shows it.
func (r Remark) marker() string { return "<!-- quorate:" + r.Name + " -->" }

func (r Remark) text(limit int) (string, error) {
	if !remarkName.MatchString(r.Name) {
		return "", &Error{Class: ErrRejected, Detail: fmt.Sprintf("%q is no name for a comment", r.Name)}
	}
	head := r.marker() + "\n"
	body := strings.ReplaceAll(strings.ToValidUTF8(r.Body, "\uFFFD"), "\x00", "")
	return head + cut(body, limit-len(head), r.Full), nil
}

// cut keeps as many whole lines as there is room for, of a huge first one its beginning, closes what they opened, and says what is missing.
func cut(body string, limit int, full string) string {
	if len(body) <= limit {
		return body
	}
	lines := strings.SplitAfter(body, "\n")
	if longest := limit / 2; len(lines[0]) > longest {
		lines[0] = characters(lines[0][:longest]) + "…\n" // rather a part of it than nothing at all
	}
	note := cutNote(len(lines), full)
	var kept, size int
	var open, end nesting
	for i, line := range lines {
		size += len(line)
		open.read(line)
		if size+len(open.close())+len(note) > limit {
			break
		}
		kept, end = i+1, open
	}
	return strings.Join(lines[:kept], "") + end.close() + note
}

// characters is a text without what is left of a character that was cut through at its end.
func characters(text string) string {
	for len(text) > 0 {
		if r, size := utf8.DecodeLastRuneInString(text); r != utf8.RuneError || size != 1 {
			break
		}
		text = text[:len(text)-1]
	}
	return text
}

func cutNote(lines int, full string) string {
	note := fmt.Sprintf("\n\n**Cut here**: all %d lines are more than this host allows in a comment.", lines)
	if full != "" {
		note += " [The full text](" + full + ")"
	}
	return note + "\n"
}

// nesting is what is open at the end of a line of markdown.
type nesting struct {
	fence   string // that a block of code was opened with, or empty
	details int
}

var fence = regexp.MustCompile("^ {0,3}(```+|~~~+)")

func (n *nesting) read(line string) {
	if m := fence.FindStringSubmatch(line); m != nil {
		switch {
		case n.fence == "":
			n.fence = m[1]
		case strings.HasPrefix(m[1], n.fence) && strings.TrimSpace(line) == m[1]:
			n.fence = ""
		}
		return
	}
	if n.fence == "" {
		n.details = max(0, n.details+strings.Count(line, "<details")-strings.Count(line, "</details>"))
	}
}

func (n nesting) close() string {
	text := ""
	if n.fence != "" {
		text = "\n" + n.fence
	}
	return text + strings.Repeat("\n\n</details>", n.details)
}
