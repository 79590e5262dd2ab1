package render

import (
	"fmt"
	"io"
	"strings"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/internal/printable"
)

// Markdown writes the plan as a table for a pull request, in the order of the steps.
func Markdown(w io.Writer, p Plan) error {
	b := &strings.Builder{}
	fmt.Fprintf(b, "### %s in %s: %s\n", cell(p.Cluster), cell(p.Region), p.Summary())
	for _, warning := range p.Warnings {
		fmt.Fprintf(b, "\n> **Warning:** %s\n", cell(warning))
	}
	if len(p.Lines) > 0 {
		b.WriteString("\n| # | effect | resource | change | why |\n| --- | --- | --- | --- | --- |\n")
	}
	for i, l := range p.Lines {
		fmt.Fprintf(b, "| %d | %s | `%s` | %s | %s |\n", i+1, l.Change.Effect, code(l.Change.Ref.String()), fieldCells(l.Change.Fields), cell(l.reason()))
	}
	markdownRollout(b, p.Rollout)
	for _, k := range p.Kept {
		fmt.Fprintf(b, "\n`%s` stays: %s\n", code(k.Ref.String()), cell(k.Reason))
	}
	for _, n := range p.Notes {
		fmt.Fprintf(b, "\n`%s`: %s\n", code(n.Ref.String()), cell(n.Text))
	}
	for _, m := range p.Machines {
		fmt.Fprintf(b, "\nMachine %s ends.\n", cell(machine(m)))
	}
	for _, l := range p.aged() {
		fmt.Fprintf(b, "\n%s\n", cell(l.String()))
	}
	markdownCost(b, p)
	_, err := io.WriteString(w, b.String())
	return err
}

func fieldCells(fields []diff.FieldChange) string {
	var lines []string
	for _, f := range fields {
		lines = append(lines, fmt.Sprintf("`%s`: `%s` → `%s`", code(f.Path), code(shown(f.Have)), code(shown(f.Want))))
	}
	return strings.Join(lines, "<br>")
}

// escapes make text from a manifest or from AWS plain inside a table cell: it must not end the
// cell, start a link or an element, or call somebody or something up. A backslash would take
// away the meaning of the one that is put behind it, and an entity stands for any character.
var escapes = strings.NewReplacer(`\`, `\\`, "|", `\|`, "\n", " ", "\r", " ", "&", "&amp;", "<", "&lt;", "[", `\[`,
	"@", "@\u200b", "#", "#\u200b", "://", ":\u200b//", "`", "'")

func cell(text string) string { return escapes.Replace(printable.Line(text)) }

// codeEscapes keep a backslash away from the pipe behind it: the pair would end the cell.
var codeEscapes = strings.NewReplacer(`\|`, `\ \|`, "|", `\|`, "\n", " ", "\r", " ", "`", "'")

func code(text string) string { return codeEscapes.Replace(printable.Keep(text)) }
