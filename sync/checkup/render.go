package checkup

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/quorate/quorate/internal/printable"
)

// A Painter colours a word of the severity; see [Plain].
type Painter func(s Severity, text string) string

// Plain paints nothing.
func Plain(_ Severity, text string) string { return text }

// Text writes the report as a table, with what to do below each finding, and the sum in the last line.
func Text(w io.Writer, r Report, paint Painter) error {
	b := &strings.Builder{}
	check, subject := len("CHECK"), len("SUBJECT")
	for _, f := range r.Findings {
		check, subject = max(check, len(f.Check)), max(subject, utf8.RuneCountInString(line(f.Subject)))
	}
	fmt.Fprintf(b, "%-7s  %-*s  %-*s  %s\n", "STATE", check, "CHECK", subject, "SUBJECT", "FINDING")
	for _, f := range r.Findings {
		state := paint(f.Severity, fmt.Sprintf("%-7s", f.Severity))
		fmt.Fprintf(b, "%s  %-*s  %-*s  %s\n", state, check, f.Check, subject, cmp.Or(line(f.Subject), "-"), line(f.Message))
		if f.Action != "" {
			fmt.Fprintf(b, "%*s→ %s\n", 7+2+check+2+subject+2, "", line(f.Action))
		}
	}
	fmt.Fprintf(b, "\n%s\n", r.Sum(paint))
	_, err := io.WriteString(w, b.String())
	return err
}

// line keeps a sentence of AWS's on one line.
func line(text string) string { return printable.Line(text) }

// Sum is the report in one line.
func (r Report) Sum(paint Painter) string {
	var counts []string
	for _, s := range []Severity{Failure, Unknown, Warning} {
		if n := r.Count(s); n > 0 {
			words := map[Severity]string{Failure: count(n, "failure"), Unknown: fmt.Sprintf("%d unknown", n), Warning: count(n, "warning")}
			counts = append(counts, words[s])
		}
	}
	verdict, severity := "healthy", OK
	if !r.Healthy {
		verdict, severity = "not healthy", Failure
	}
	text := fmt.Sprintf("%s is %s", r.Cluster, paint(severity, verdict))
	if len(counts) > 0 {
		text += ": " + strings.Join(counts, ", ")
	}
	if len(r.Without) > 0 {
		text += " (without " + strings.Join(slices.Sorted(slices.Values(r.Without)), ", ") + ")"
	}
	return text
}

// JSON writes the report for programs; docs/checking.md has the fields.
func JSON(w io.Writer, r Report) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}
