package gitrepo

import (
	"regexp"
	"strings"

	"github.com/quorate/quorate/internal/printable"
)

// Trailers are the "Name: value" lines that a commit message ends with.
type Trailers []Trailer

// A Trailer is one of them, without control characters.
type Trailer struct{ Name, Value string }

// Get is the first value of a name, in whatever case it is written; empty without one.
func (t Trailers) Get(name string) string {
	for _, trailer := range t {
		if strings.EqualFold(trailer.Name, name) {
			return trailer.Value
		}
	}
	return ""
}

var trailerLine = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9-]*)[ \t]*:[ \t]*(.*)$`)

// trailers reads the last paragraph of a message, if there is one below the subject and every line of it is a
// trailer or continues one with a space before it. That is git-interpret-trailers(1), but for its leniency
// toward paragraphs of prose: what stands in a sentence was not meant to be one.
func trailers(message string) Trailers {
	message = strings.TrimSpace(strings.ReplaceAll(message, "\r\n", "\n"))
	paragraphs := blankLines.Split(message, -1)
	if len(paragraphs) < 2 {
		return nil
	}
	var all Trailers
	for line := range strings.SplitSeq(paragraphs[len(paragraphs)-1], "\n") {
		found := trailerLine.FindStringSubmatch(line)
		switch {
		case found != nil:
			all = append(all, Trailer{found[1], printable.Line(found[2])})
		case len(all) > 0 && strings.TrimLeft(line, " \t") != line:
			last := &all[len(all)-1]
			last.Value = strings.TrimSpace(last.Value + " " + printable.Line(line))
		default:
			return nil
		}
	}
	return all
}

var blankLines = regexp.MustCompile(`\n[ \t]*\n+`)
