package picture

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// dotOf writes a Graphviz digraph.
func dotOf(s sketch) string {
	b := &strings.Builder{}
	direction := "TB"
	if s.leftRight {
		direction = "LR"
	}
	fmt.Fprintf(b, "digraph {\n  label=%s labelloc=t rankdir=%s fontname=Helvetica fontsize=18\n", quoted(s.title), direction)
	b.WriteString("  node [shape=box style=\"rounded,filled\" fontname=Helvetica fontsize=11]\n  edge [color=\"#64748b\" arrowsize=0.7]\n")
	colors := map[string]style{}
	for _, st := range s.styles {
		colors[st.name] = st
	}
	dotFrame(b, s.root, colors, "  ")
	for _, e := range s.edges {
		heavy := ""
		if e.strong {
			heavy = " [penwidth=2.5]"
		}
		fmt.Fprintf(b, "  %s -> %s%s\n", e.from, e.to, heavy)
	}
	b.WriteString("}\n")
	return b.String()
}

func dotFrame(b *strings.Builder, f frame, colors map[string]style, indent string) {
	for _, d := range f.dots {
		shape := ""
		if d.disk {
			shape = " shape=cylinder style=filled"
		}
		lines := slices.DeleteFunc(slices.Clone(d.lines), empty)
		fmt.Fprintf(b, "%s%s [label=%s fillcolor=%q color=%q%s]\n", indent, d.id, quoted(lines...), colors[d.style].fill, colors[d.style].stroke, shape)
	}
	for _, inner := range f.frames {
		fmt.Fprintf(b, "%ssubgraph cluster_%s {\n%s  label=%s style=rounded color=\"#94a3b8\"\n", indent, inner.id, indent, quoted(inner.label))
		dotFrame(b, inner, colors, indent+"  ")
		fmt.Fprintf(b, "%s}\n", indent)
	}
}

// quoted is a DOT string: a backslash would start an escape such as \N, and a newline
// is only what stands between our own lines.
func quoted(lines ...string) string {
	var escaped []string
	for _, line := range lines {
		plain := strings.Map(func(r rune) rune {
			if !unicode.IsPrint(r) {
				return ' '
			}
			return r
		}, line)
		escaped = append(escaped, strings.NewReplacer(`\`, `\\`, `"`, `\"`, "&", "&amp;").Replace(plain))
	}
	return `"` + strings.Join(escaped, `\n`) + `"`
}
