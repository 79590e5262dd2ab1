package strictyaml

import (
	"fmt"

	"go.yaml.in/yaml/v4"

	"github.com/quorate/quorate/desired/kopsspec"
)

// walk counts what a document holds, and looks for keys that are written twice.
type walk struct {
	file   string
	values int
	found  []kopsspec.Problem
	full   bool // the limits are reached, and said
}

func (w *walk) problem(at *yaml.Node, format string, args ...any) {
	w.found = append(w.found, kopsspec.Problem{
		File: w.file, Line: max(at.Line, 1), Column: max(at.Column, 1), Severity: kopsspec.Error, Message: fmt.Sprintf(format, args...),
	})
}

// node goes into aliases as well, which is where the decoder goes.
func (w *walk) node(n *yaml.Node, depth int) {
	if w.full {
		return
	}
	w.values++
	switch {
	case w.values > MaxValues:
		w.full = true
		w.problem(n, "the file has more than %d values after its aliases are expanded", MaxValues)
	case depth > MaxDepth:
		w.full = true
		w.problem(n, "values are nested more than %d deep", MaxDepth)
	case n.Kind == yaml.AliasNode:
		w.node(n.Alias, depth+1)
	default:
		w.keys(n)
		for _, c := range n.Content {
			w.node(c, depth+1)
		}
	}
}

func (w *walk) keys(n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content) && i < MaxValues; i += 2 {
		key := resolve(n.Content[i])
		if key.Kind != yaml.ScalarNode {
			w.problem(n.Content[i], "a key must be one word")
		} else if line, twice := seen[key.Value]; twice {
			w.problem(n.Content[i], "%.60q is already written in line %d; keep one", key.Value, line)
		} else {
			seen[key.Value] = n.Content[i].Line
		}
	}
}
