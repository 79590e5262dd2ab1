package awssim

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// filter is one Filter.N of a Describe: any of its values must match.
type filter struct {
	Name   string
	Values []string `wire:"Value"`
}

// filterTable says for each filter of a kind which values an object has for it. The tag filters
// (tag:KEY, tag-key, tag-value) need no row.
type filterTable[T any] map[string]func(*world, T) []string

// matches says whether an object with an id passes all filters. A filter without a row is refused.
func (t filterTable[T]) matches(w *world, id string, object T, filters []filter) (bool, error) {
	all := true
	for _, f := range filters {
		values, err := t.values(w, id, object, f.Name)
		if err != nil {
			return false, err
		}
		all = all && slices.ContainsFunc(f.Values, func(pattern string) bool {
			return slices.ContainsFunc(values, func(v string) bool { return like(pattern, v) })
		})
	}
	return all, nil
}

func (t filterTable[T]) values(w *world, id string, object T, name string) ([]string, error) {
	if key, isTag := strings.CutPrefix(name, "tag:"); isTag {
		if v, tagged := w.Tags[id][key]; tagged {
			return []string{v}, nil
		}
		return nil, nil
	}
	switch name {
	case "tag-key":
		return slices.Collect(maps.Keys(w.Tags[id])), nil
	case "tag-value":
		return slices.Collect(maps.Values(w.Tags[id])), nil
	}
	get, known := t[name]
	if !known {
		return nil, refuse("InvalidParameterValue", "The filter '%s' is invalid", name)
	}
	return get(w, object), nil
}

// check refuses unknown filters even where there is no object to try them on.
func (t filterTable[T]) check(filters []filter) error {
	for _, f := range filters {
		_, known := t[f.Name]
		if !known && !strings.HasPrefix(f.Name, "tag:") && f.Name != "tag-key" && f.Name != "tag-value" {
			return refuse("InvalidParameterValue", "The filter '%s' is invalid", f.Name)
		}
	}
	return nil
}

// like matches AWS's filter patterns: * for any run of characters, ? for any one.
func like(pattern, value string) bool {
	if !strings.ContainsAny(pattern, `*?\`) {
		return pattern == value
	}
	// path.Match stops * at slashes and reads [ as a class; neither is so in AWS.
	flat := strings.NewReplacer("/", "\x00", "[", `\[`)
	matched, err := path.Match(flat.Replace(pattern), strings.ReplaceAll(value, "/", "\x00"))
	return err == nil && matched
}

// one and flag make the values of single-valued filters.
func one(v string) []string { return []string{v} }

func flag(b bool) []string {
	if b {
		return one("true")
	}
	return one("false")
}
