package kopsspec

import (
	"fmt"
	"maps"
	"regexp"

	"go.yaml.in/yaml/v4"
)

// checker compares one document with its schema. What fits is returned as plain Go values, ready to be
// decoded into structs; what does not fit becomes a problem and is left out.
type checker struct {
	file  string
	at    map[string]Position
	found []Problem
}

func (c *checker) problem(v *value, path, format string, args ...any) {
	c.report(Error, v, path, fmt.Sprintf(format, args...))
}

func (c *checker) report(s Severity, v *value, path, message string) {
	c.found = append(c.found, Problem{File: c.file, Line: v.line, Column: v.column, Path: path, Severity: s, Message: message})
}

// check returns nil for null and for a value of the wrong type: kops reads null as "not written".
func (c *checker) check(v *value, s *schema, path string) any {
	if v.isNull() {
		return nil
	}
	if v.kind == yaml.ScalarNode || c.at[path].Line == 0 {
		c.at[path] = Position{c.file, v.line, v.column}
	}
	switch {
	case s.list != nil:
		return c.checkList(v, s, path)
	case s.each != nil:
		return c.checkMap(v, s, path)
	case s.fields != nil:
		return c.checkObject(v, s, path)
	case s.scalar == "any":
		return plainValue(v)
	}
	return c.checkScalar(v, s, path)
}

func (c *checker) checkList(v *value, s *schema, path string) any {
	if v.kind != yaml.SequenceNode {
		c.problem(v, path, "expected a list, found %s; start each item with a dash", v.describe())
		return nil
	}
	list := make([]any, len(v.items))
	for i, item := range v.items {
		list[i] = c.check(item, s.list, fmt.Sprintf("%s[%d]", path, i))
	}
	return list
}

func (c *checker) checkMap(v *value, s *schema, path string) any {
	if v.kind != yaml.MappingNode {
		c.problem(v, path, "expected a mapping of names to values, found %s", v.describe())
		return nil
	}
	entries := map[string]any{}
	for _, f := range v.fields {
		at := Join(path, f.key)
		c.at[at] = Position{c.file, f.line, f.column}
		if got := c.check(f.value, s.each, at); got != nil {
			entries[f.key] = got
		}
	}
	return entries
}

func (c *checker) checkObject(v *value, s *schema, path string) any {
	if v.kind != yaml.MappingNode {
		c.problem(v, path, "expected a mapping of fields, found %s", v.describe())
		return nil
	}
	object := map[string]any{}
	for _, f := range v.fields {
		at := Join(path, f.key)
		known, ok := s.fields[f.key]
		if !ok {
			c.unknown(f, s, at)
			continue
		}
		if !f.value.isNull() {
			// A list or mapping starts on the line after its key; the key is what people look for.
			c.at[at] = Position{c.file, f.line, f.column}
		}
		if got := c.check(f.value, known, at); got != nil {
			object[f.key] = got
			c.refuse(f, known, at, got)
		}
	}
	return object
}

// mostSuggestions bounds the search for what was meant, in a document that is not a kops manifest at all.
const mostSuggestions = 1000

// unknown reports a field that kops would drop silently: what may be a slip of the pen is an error.
func (c *checker) unknown(f field, s *schema, path string) {
	at := &value{line: f.line, column: f.column}
	if len(c.found) < mostSuggestions {
		if name, ok := Nearest(f.key, maps.Keys(s.fields)); ok {
			c.problem(at, path, "kops v1alpha2 has no field %q here; did you mean %q?", abridge(f.key), name)
			return
		}
	}
	// Manifests from older versions of kops are full of these, and kops makes the same cluster without them.
	c.report(Warning, at, path, fmt.Sprintf("kops v1alpha2 has no field %q here; kops would ignore it, so remove it", abridge(f.key)))
}

// refuse reports a field that would shape AWS and that nothing here builds yet.
func (c *checker) refuse(f field, s *schema, path string, got any) {
	if s.refused == nil || !s.refused.when(got) {
		return
	}
	c.problem(&value{line: f.line, column: f.column}, path, "this field is not supported yet: %s", s.refused.advice)
}

// describe names a value in a sentence about what was found.
func (v *value) describe() string {
	switch v.kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch v.tag {
	case "!!bool":
		return "the boolean " + abridge(v.text)
	case "!!int", "!!float":
		return "the number " + abridge(v.text)
	}
	return fmt.Sprintf("the text %q", abridge(v.text))
}

// abridge keeps a hostile value from filling the report.
func abridge(s string) string {
	const most = 60
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}

var plainKey = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// Join appends a key to a path; a key with dots or slashes is bracketed, so that the path stays readable.
func Join(path, key string) string {
	key = abridge(key)
	switch {
	case !plainKey.MatchString(key):
		return fmt.Sprintf("%s[%q]", path, key)
	case path == "":
		return key
	}
	return path + "." + key
}
