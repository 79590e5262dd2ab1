package picture

import (
	"fmt"
	"io"
)

// The forms a picture can be written in.
const (
	DOT     = "dot"
	Mermaid = "mermaid"
	SVG     = "svg"
)

// Forms lists them.
func Forms() []string { return []string{DOT, Mermaid, SVG} }

// A Picture is a [Cluster] or a [Graph].
type Picture interface {
	sketch() sketch
	svg() string
}

// Write writes the picture in one of [Forms].
func Write(w io.Writer, form string, p Picture) error {
	var text string
	switch form {
	case DOT:
		text = dotOf(p.sketch())
	case Mermaid:
		text = mermaidOf(p.sketch())
	case SVG:
		text = p.svg()
	default:
		return fmt.Errorf("no picture is written as %q", form)
	}
	_, err := io.WriteString(w, text)
	return err
}
