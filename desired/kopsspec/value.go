package kopsspec

import (
	"fmt"

	"go.yaml.in/yaml/v4"
)

// value is a YAML value with its aliases and merges expanded. Working on it instead of on the
// parser's nodes means that the cost of expansion is paid, and bounded, in one place.
type value struct {
	line, column int
	kind         yaml.Kind // ScalarNode, SequenceNode or MappingNode
	tag          string    // short form of the resolved tag, for scalars
	plain        bool      // a scalar written without quotes
	text         string
	fields       []field
	items        []*value
}

type field struct {
	key          string
	line, column int
	value        *value
}

func (v *value) isNull() bool { return v.kind == yaml.ScalarNode && v.tag == "!!null" }

// get finds the value of a key, nil if there is none.
func (v *value) get(key string) *value {
	for _, f := range v.fields {
		if f.key == key {
			return f.value
		}
	}
	return nil
}

// expander turns the nodes of one document into values.
type expander struct {
	file   string
	before int // lines of the file before the document
	values int
	full   bool // a limit was hit; what is built from here on is thrown away
	found  []Problem
}

func (e *expander) problem(n *yaml.Node, format string, args ...any) {
	e.found = append(e.found, Problem{
		File: e.file, Line: e.before + n.Line, Column: n.Column,
		Severity: Error, Message: fmt.Sprintf(format, args...),
	})
}

// refuse notes that a limit was hit, once: an alias bomb would otherwise be reported a million times.
func (e *expander) refuse(n *yaml.Node, format string, args ...any) {
	if !e.full {
		e.problem(n, format, args...)
	}
	e.full = true
}

// expand copies a node. An alias to one of its own ancestors ends at the depth limit, an alias bomb at
// the limit on values.
func (e *expander) expand(n *yaml.Node, depth int) *value {
	v := &value{line: e.before + n.Line, column: n.Column, kind: yaml.ScalarNode, tag: "!!null"}
	e.values++
	switch {
	case e.full:
		return v
	case depth > MaxDepth:
		e.refuse(n, "values are nested more than %d deep; kops manifests never are", MaxDepth)
		return v
	case e.values > MaxValues:
		e.refuse(n, "the document has more than %d values after its aliases are expanded; write it without aliases", MaxValues)
		return v
	}
	switch n.Kind {
	case yaml.DocumentNode:
		return e.expand(n.Content[0], depth)
	case yaml.AliasNode:
		return e.expandAlias(n, depth)
	case yaml.MappingNode:
		v.kind = n.Kind
		e.expandFields(v, n, depth)
	case yaml.SequenceNode:
		v.kind = n.Kind
		for _, item := range n.Content {
			v.items = append(v.items, e.expand(item, depth+1))
		}
	default:
		v.tag, v.text = n.ShortTag(), n.Value
		v.plain = n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0
	}
	return v
}

// expandAlias copies what the alias names, but says that it stands where the alias stands.
func (e *expander) expandAlias(n *yaml.Node, depth int) *value {
	v := e.expand(n.Alias, depth+1)
	v.line, v.column = e.before+n.Line, n.Column
	return v
}

// expandFields copies the keys of a mapping. Keys of merges ("<<") come last and give way to keys that
// are written out.
func (e *expander) expandFields(v *value, n *yaml.Node, depth int) {
	var merges []*value
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content) && !e.full; i += 2 {
		key, val := n.Content[i], n.Content[i+1]
		if key.ShortTag() == "!!merge" {
			merges = append(merges, e.expand(val, depth+1))
			continue
		}
		if key.Kind != yaml.ScalarNode {
			e.problem(key, "a key must be a plain name, not a list or a mapping")
			continue
		}
		if line, twice := first[key.Value]; twice {
			e.problem(key, "%q is written twice, first on line %d; keep one of them", key.Value, line)
			continue
		}
		first[key.Value] = e.before + key.Line
		v.fields = append(v.fields, field{key.Value, e.before + key.Line, key.Column, e.expand(val, depth+1)})
	}
	for _, m := range merges {
		e.merge(v, m, first)
	}
}

func (e *expander) merge(v, from *value, taken map[string]int) {
	for _, item := range from.items {
		if item.kind == yaml.MappingNode {
			e.merge(v, item, taken)
		}
	}
	for _, f := range from.fields {
		if _, ok := taken[f.key]; !ok {
			taken[f.key] = f.line
			v.fields = append(v.fields, f)
		}
	}
}
