package kopsspec

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed fields.txt
var fieldsText string

// schema is what kops knows of one value: exactly one of scalar, list, each and fields is set.
type schema struct {
	scalar  string             // a type of fields.txt: string, bool, int32, quantity, duration, …
	list    *schema            // the items of a list
	each    *schema            // the values of a map with free keys
	fields  map[string]*schema // the fields of an object
	refused *refusal           // set where the value would shape AWS and is not built yet
}

// kinds are the schemas of the documents, by kind. They are built once: decoding must not cost the
// parsing of fields.txt each time.
var kinds = sync.OnceValue(func() map[string]*schema {
	root := parseFields(fieldsText)
	for path, r := range unsupported {
		if s := root.find(path); s != nil {
			s.refused = &r
		}
	}
	return root.fields
})

// parseFields reads the indented form of fields.txt.
func parseFields(text string) *schema {
	open := []*schema{{fields: map[string]*schema{}}}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		name := strings.TrimLeft(line, "\t")
		depth := len(line) - len(name)
		name, typ, _ := strings.Cut(name, " ")
		parent := open[depth]
		key, whole, inner := newSchema(name, typ)
		parent.fields[key] = whole
		open = append(open[:depth+1], inner)
	}
	return open[0]
}

// newSchema gives the field's key, its schema, and the schema that deeper lines add fields to.
func newSchema(name, typ string) (key string, whole, inner *schema) {
	inner = typeSchema(typ)
	if key, ok := strings.CutSuffix(name, "[]"); ok {
		return key, &schema{list: inner}, inner
	}
	if key, ok := strings.CutSuffix(name, "{}"); ok {
		return key, &schema{each: inner}, inner
	}
	return name, inner, inner
}

func typeSchema(typ string) *schema {
	switch {
	case typ == "" || typ == "object":
		return &schema{fields: map[string]*schema{}}
	case strings.HasPrefix(typ, "[]"):
		return &schema{list: typeSchema(typ[2:])}
	}
	return &schema{scalar: typ}
}

// find follows a path such as Cluster.spec.etcdClusters.name; lists are passed through.
func (s *schema) find(path string) *schema {
	for name := range strings.SplitSeq(path, ".") {
		for s != nil && s.list != nil {
			s = s.list
		}
		if s == nil {
			return nil
		}
		s = s.fields[name]
	}
	return s
}
