package explain

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/quorate/quorate/internal/printable"
)

// A Painter colours what the eye looks for; see [Plain].
type Painter func(text string) string

// Plain paints nothing.
func Plain(text string) string { return text }

// Text writes the report for people. Times of another day come with their date.
func Text(w io.Writer, r Report, paint Painter) error {
	b := &strings.Builder{}
	switch n := len(r.Waiting); n {
	case 0:
		fmt.Fprintf(b, "%s waits for nothing: it is as its manifest says, and works\n", r.Cluster)
	case 1:
		fmt.Fprintf(b, "%s waits for one thing\n", r.Cluster)
	default:
		fmt.Fprintf(b, "%s waits for %d things\n", r.Cluster, n)
	}
	for _, waiting := range r.Waiting {
		fmt.Fprintf(b, "\n  %s\n", paint(printable.Line(waiting.What)))
		for _, l := range waiting.lines(r.At) {
			fmt.Fprintf(b, "    %s\n", printable.Keep(l))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (w Waiting) lines(now time.Time) []string {
	var lines []string
	if !w.Since.IsZero() {
		lines = append(lines, fmt.Sprintf("since %s (%s)", clock(w.Since, now), now.Sub(w.Since).Abs().Round(time.Second)))
	}
	if w.Until.After(now) {
		lines = append(lines, "nobody needs to do anything before "+clock(w.Until, now))
	}
	who := w.Who
	switch {
	case w.Action != "":
		who += ": " + w.Action
	case w.Who == Quorate:
		who += ", in its next passes"
	}
	return append(lines, "who can unblock it: "+who)
}

// clock is a time of this day, or with its date.
func clock(t, now time.Time) string {
	t, now = t.Local(), now.Local()
	if t.YearDay() == now.YearDay() && t.Year() == now.Year() {
		return t.Format("15:04")
	}
	return t.Format("2006-01-02 15:04")
}

// JSON writes the report for programs; docs/checking.md has the fields.
func JSON(w io.Writer, r Report) error {
	if r.Waiting == nil {
		r.Waiting = []Waiting{}
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}
