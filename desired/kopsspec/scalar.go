package kopsspec

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// checkScalar accepts what kops's own decoder accepts for a type, and says what was expected otherwise.
func (c *checker) checkScalar(v *value, s *schema, path string) any {
	if v.kind != yaml.ScalarNode {
		c.problem(v, path, "expected %s, found %s", expected(s.scalar), v.describe())
		return nil
	}
	got, ok := v.scalar(s.scalar)
	switch {
	case ok:
		return got
	case s.scalar == "string" && v.plain:
		c.problem(v, path, "expected a string, found %s; put it in quotes", v.describe())
	default:
		c.problem(v, path, "expected %s, found %s", expected(s.scalar), v.describe())
	}
	return nil
}

func (v *value) scalar(typ string) (any, bool) {
	switch typ {
	case "string":
		return v.text, v.isString()
	case "bool":
		return v.boolean()
	case "duration":
		_, err := time.ParseDuration(v.text)
		return v.text, err == nil && v.isString()
	case "quantity":
		return v.text, quantity.MatchString(v.text)
	case "intOrString":
		if n, ok := v.integer("int32"); ok {
			return n, true
		}
		return v.text, v.isString()
	}
	return v.integer(typ)
}

// isString counts a date as a string: kops's decoder has no dates.
func (v *value) isString() bool { return v.tag == "!!str" || v.tag == "!!timestamp" }

// boolean knows the words of YAML 1.1 as well, because kops reads them.
func (v *value) boolean() (any, bool) {
	if !v.plain {
		return nil, false
	}
	switch strings.ToLower(v.text) {
	case "true", "yes", "on":
		return true, true
	case "false", "no", "off":
		return false, true
	}
	return nil, false
}

// integerBits gives the range of each integer type of fields.txt; negative means unsigned.
var integerBits = map[string]int{"int": 64, "int16": 16, "int32": 32, "int64": 64, "uint8": -8, "uint32": -32}

func (v *value) integer(typ string) (any, bool) {
	bits, known := integerBits[typ]
	if !known || v.tag != "!!int" {
		return nil, false
	}
	n, err := strconv.ParseInt(strings.ReplaceAll(v.text, "_", ""), 0, max(bits, -bits+1))
	return n, err == nil && (bits > 0 || n >= 0 && n < 1<<-bits)
}

// quantity is the notation of Kubernetes: a decimal number with a binary, decimal or exponent suffix.
var quantity = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$`)

func expected(typ string) string {
	switch typ {
	case "string":
		return "a string"
	case "bool":
		return "true or false"
	case "duration":
		return "a duration such as 48h20m"
	case "quantity":
		return "a quantity such as 100m or 64Mi"
	case "intOrString":
		return "a whole number or a percentage such as 25%"
	}
	return "a whole number (" + typ + ")"
}

// plainValue keeps a value whose type kops does not fix. Numbers stay as they were written: they are
// only compared, never calculated with.
func plainValue(v *value) any {
	switch v.kind {
	case yaml.MappingNode:
		object := map[string]any{}
		for _, f := range v.fields {
			object[f.key] = plainValue(f.value)
		}
		return object
	case yaml.SequenceNode:
		list := make([]any, len(v.items))
		for i, item := range v.items {
			list[i] = plainValue(item)
		}
		return list
	}
	if v.isNull() {
		return nil
	}
	if b, ok := v.boolean(); ok {
		return b
	}
	return v.text
}
