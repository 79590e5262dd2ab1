package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/internal/printable"
)

// signs are what plans of this field are read by: plus, tilde, minus.
var signs = map[diff.Effect]string{
	diff.Create: "+", diff.InPlace: "~", diff.Roll: "↻", diff.Replace: "±", diff.Delete: "-", diff.Retire: "⊖", diff.Forbid: "✗",
}

// A Painter colours a piece of text by the effect it belongs to; see [Plain].
type Painter func(effect diff.Effect, text string) string

// Plain paints nothing.
func Plain(_ diff.Effect, text string) string { return text }

// Text writes the plan for a terminal: one line for each change in the order they
// happen, the fields that differ beneath, and the reason where it says more than
// that a parent comes first.
func Text(w io.Writer, p Plan, paint Painter) error {
	b := &strings.Builder{}
	fmt.Fprintf(b, "Plan for %s in %s: %s\n", p.Cluster, p.Region, p.Summary())
	for _, warning := range p.Warnings {
		fmt.Fprintf(b, "  warning: %s\n", printable.Line(warning))
	}
	for _, l := range p.Lines {
		textLine(b, l, paint)
	}
	textRollout(b, p.Rollout)
	for _, k := range p.Kept {
		fmt.Fprintf(b, "  = %s stays: %s\n", k.Ref, printable.Line(k.Reason))
	}
	for _, n := range p.Notes {
		fmt.Fprintf(b, "  i %s: %s\n", n.Ref, printable.Line(n.Text))
	}
	for _, m := range p.Machines {
		fmt.Fprintf(b, "  %s\n", paint(diff.Delete, "- ends     machine "+machine(m)))
	}
	for _, l := range p.aged() {
		fmt.Fprintf(b, "  ? %s\n", printable.Line(l.String()))
	}
	if line := p.costLine(); line != "" {
		b.WriteString(line + "\n")
	}
	if p.Bill {
		textCost(b, p.Cost)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func textLine(b *strings.Builder, l Line, paint Painter) {
	e := l.Change.Effect
	fmt.Fprintf(b, "  %s\n", paint(e, fmt.Sprintf("%s %-8s %s", signs[e], e, l.Change.Ref)))
	for _, f := range l.Change.Fields {
		fmt.Fprintf(b, "      %s: %s → %s\n", f.Path, shown(f.Have), shown(f.Want))
	}
	if e >= diff.Roll && l.reason() != "" {
		fmt.Fprintf(b, "      %s\n", l.reason())
	}
}

// longest is where a value is cut in text for people; JSON has it whole.
const longest = 96

func shown(value string) string {
	if value == "" {
		return "(none)"
	}
	value = printable.Line(value)
	if runes := []rune(value); len(runes) > longest {
		return string(runes[:longest-1]) + "…"
	}
	return value
}
