package picture

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// mermaidOf writes a Mermaid flowchart.
func mermaidOf(s sketch) string {
	b := &strings.Builder{}
	direction := "TB"
	if s.leftRight {
		direction = "LR"
	}
	fmt.Fprintf(b, "%%%% %s\nflowchart %s\n", mermaidText(s.title), direction)
	mermaidFrame(b, s.root, direction, "  ")
	for _, e := range s.edges {
		arrow := "-->"
		if e.strong {
			arrow = "==>"
		}
		fmt.Fprintf(b, "  %s %s %s\n", e.from, arrow, e.to)
	}
	for _, st := range s.styles {
		fmt.Fprintf(b, "  classDef %s fill:%s,stroke:%s,color:#1f2937\n", st.name, st.fill, st.stroke)
	}
	return b.String()
}

// mermaidFrame repeats the direction in every frame: Mermaid turns each by a right angle
// otherwise.
func mermaidFrame(b *strings.Builder, f frame, direction, indent string) {
	for _, d := range f.dots {
		left, right := "[", "]"
		if d.disk {
			left, right = "[(", ")]"
		}
		fmt.Fprintf(b, "%s%s%s\"%s\"%s:::%s\n", indent, d.id, left, mermaidLines(d.lines), right, d.style)
	}
	for _, inner := range f.frames {
		fmt.Fprintf(b, "%ssubgraph %s[\"%s\"]\n", indent, inner.id, mermaidText(inner.label))
		fmt.Fprintf(b, "%s  direction %s\n", indent, direction)
		mermaidFrame(b, inner, direction, indent+"  ")
		fmt.Fprintf(b, "%send\n%sstyle %s fill:#fbfcfe,stroke:#94a3b8\n", indent, indent, inner.id)
	}
}

func mermaidLines(lines []string) string {
	var escaped []string
	for _, line := range slices.DeleteFunc(slices.Clone(lines), empty) {
		escaped = append(escaped, mermaidText(line))
	}
	return strings.Join(escaped, "<br>")
}

// mermaidText writes everything that could mean something to Mermaid, or to the HTML
// that it makes, as the number of its character.
func mermaidText(text string) string {
	b := &strings.Builder{}
	for _, r := range text {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), strings.ContainsRune(" .-/:,+~±−↻✗×", r):
			b.WriteRune(r)
		case unicode.IsPrint(r):
			fmt.Fprintf(b, "#%d;", r)
		default:
			b.WriteByte(' ')
		}
	}
	return b.String()
}
