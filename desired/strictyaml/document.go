// Package strictyaml answers one question: what does a YAML file of Quorate's own say, and where does each of its
// values stand?
//
// Start reading at [Parse]. Such files come from whoever may push, like manifests: a field that is misspelt, a key
// that is written twice or a second document is a problem with its place and never passed over, and the cost is
// bounded by the limits of this package whatever the data. It imports kopsspec for what a problem is, and the YAML
// parser.
package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"

	"github.com/quorate/quorate/desired/kopsspec"
)

// Limits on one file. They are far above any agreement that people can keep in mind.
const (
	MaxBytes = 1 << 20
	MaxDepth = 64
	// MaxValues counts values, keys among them, after aliases are expanded. Decoding compares each key of a mapping
	// with each other one, so it bounds the time, too.
	MaxValues = 20_000
)

// A Document is a file that was parsed, or a part of it.
type Document struct {
	file string
	path string // of the part
	node *yaml.Node
}

// Parse reads a file that holds one document. With a problem there is no document.
func Parse(file string, data []byte) (Document, []kopsspec.Problem) {
	d := Document{file: file}
	if len(data) > MaxBytes {
		return d, d.problems("the file has more than %d bytes", MaxBytes)
	}
	loader, err := yaml.NewLoader(bytes.NewReader(data), yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(MaxDepth))))
	if err != nil {
		return d, d.problems("it cannot be read as YAML: %v", err)
	}
	var root, second yaml.Node
	if err := loader.Load(&root); errors.Is(err, io.EOF) {
		return d, d.problems("it is empty")
	} else if err != nil {
		return d, d.unread(err)
	}
	if err := loader.Load(&second); err == nil {
		p := kopsspec.Problem{File: file, Line: second.Line, Column: second.Column, Severity: kopsspec.Error}
		p.Message = "another document begins here; the file holds one"
		return d, []kopsspec.Problem{p}
	} else if !errors.Is(err, io.EOF) {
		return d, d.unread(err)
	}
	w := walk{file: file}
	w.node(&root, 0)
	d.node = &root
	return d, w.found
}

// Section is the value of a key at the top; false if there is none.
func (d Document) Section(key string) (Document, bool) {
	top := resolve(d.node)
	if top == nil || top.Kind != yaml.MappingNode {
		return Document{}, false
	}
	for i := 0; i+1 < len(top.Content); i += 2 {
		if top.Content[i].Value == key {
			return Document{file: d.file, path: key, node: top.Content[i+1]}, true
		}
	}
	return Document{}, false
}

// Decode fills a struct; what it has no field for is a problem.
func (d Document) Decode(into any) []kopsspec.Problem {
	if err := d.node.Load(into, yaml.WithKnownFields()); err != nil {
		return d.unread(err)
	}
	return nil
}

// Problem is about the value at a path such as environments[0].name, or about the nearest one above it that is
// written.
func (d Document) Problem(path, format string, args ...any) kopsspec.Problem {
	p := kopsspec.Problem{File: d.file, Line: 1, Column: 1, Path: path, Severity: kopsspec.Error, Message: fmt.Sprintf(format, args...)}
	if n, _ := find(d.node, d.below(path)); n != nil && n.Line > 0 {
		p.Line, p.Column = n.Line, n.Column
	}
	return p
}

// Text says where the first line of a text value stands, which is below the bar of a literal one; 0 if the value is
// not written.
func (d Document) Text(path string) (line int) {
	n, left := find(d.node, d.below(path))
	switch {
	case n == nil || left != "":
		return 0
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return n.Line + 1
	}
	return n.Line
}

// below is a path from the part on.
func (d Document) below(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, d.path), ".")
}

func (d Document) problems(format string, args ...any) []kopsspec.Problem {
	return []kopsspec.Problem{{File: d.file, Line: 1, Column: 1, Severity: kopsspec.Error, Message: fmt.Sprintf(format, args...)}}
}

// unread tells every place that the parser or the decoder does not take.
func (d Document) unread(err error) []kopsspec.Problem {
	var all []*yaml.LoadError
	if many, ok := errors.AsType[*yaml.LoadErrors](err); ok {
		all = many.Errors
	} else if one, ok := errors.AsType[*yaml.LoadError](err); ok {
		all = append(all, one)
	} else {
		return d.problems("it cannot be read as YAML: %v", err)
	}
	var problems []kopsspec.Problem
	for _, e := range all {
		problems = append(problems, kopsspec.Problem{
			File: d.file, Line: max(e.Mark.Line, 1), Column: max(e.Mark.Column, 1), Severity: kopsspec.Error, Message: sentence(e.Message),
		})
	}
	return problems
}

var (
	unknownField = regexp.MustCompile(`^field (.+) not found in type \S+$`)
	wrongType    = regexp.MustCompile("(?s)^cannot construct !!(\\w+)(?: `(.*)`)? into \\S+$")
)

// sentence puts into an author's words what the decoder says in those of Go.
func sentence(message string) string {
	if m := unknownField.FindStringSubmatch(message); m != nil {
		return fmt.Sprintf("%.60q is no field here", m[1])
	}
	if m := wrongType.FindStringSubmatch(message); m != nil {
		kind := map[string]string{"seq": "a list", "map": "a mapping", "str": "a text", "int": "a number", "bool": "true or false", "null": "nothing"}[m[1]]
		if kind == "" {
			kind = "a value of kind " + m[1]
		}
		if m[2] != "" {
			kind += fmt.Sprintf(", %.60q,", m[2])
		}
		return kind + " does not belong here"
	}
	return "it cannot be read as YAML: " + message
}

// find follows a path as far as it is written, and returns what is left of it.
func find(n *yaml.Node, path string) (at *yaml.Node, left string) {
	n = resolve(n)
	at, left = n, path
	if n == nil || path == "" {
		return at, left
	}
	switch n.Kind {
	case yaml.SequenceNode:
		number, rest, _ := strings.Cut(strings.TrimPrefix(path, "["), "]")
		if i, err := strconv.Atoi(number); err == nil && i >= 0 && i < len(n.Content) {
			return find(n.Content[i], strings.TrimPrefix(rest, "."))
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			rest, ok := strings.CutPrefix(path, n.Content[i].Value)
			if !ok || rest != "" && rest[0] != '.' && rest[0] != '[' {
				continue
			}
			// A key may have dots in it, so that another one fits better.
			if further, rest := find(n.Content[i+1], strings.TrimPrefix(rest, ".")); len(rest) < len(left) || left == path {
				at, left = further, rest
			}
		}
	}
	return at, left
}

// resolve is the value itself of a document or an alias.
func resolve(n *yaml.Node) *yaml.Node {
	for n != nil {
		switch {
		case n.Kind == yaml.AliasNode:
			n = n.Alias
		case n.Kind == yaml.DocumentNode && len(n.Content) > 0:
			n = n.Content[0]
		default:
			return n
		}
	}
	return nil
}
