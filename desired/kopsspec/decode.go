package kopsspec

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Documents are the kops documents of one or more files, in the order they were written.
type Documents struct {
	Clusters       []Cluster
	InstanceGroups []InstanceGroup
	SSHCredentials []SSHCredential
}

// Decode reads the kops documents of a file. It returns every problem it can find, sorted by position,
// and the documents as far as they could be read: a value that is wrong is as if it were not written.
// The cost is bounded by the limits of this package whatever the data.
func Decode(file string, data []byte) (Documents, []Problem) {
	d := decoder{file: file}
	if p, bad := textProblem(file, data); bad {
		return Documents{}, []Problem{p}
	}
	for c := range chunks(data) {
		if !d.chunk(c) {
			break
		}
	}
	SortProblems(d.found)
	return d.docs, d.found
}

type decoder struct {
	file  string
	count int
	docs  Documents
	found []Problem
}

// chunk reports false once the file has too many documents to go on.
func (d *decoder) chunk(c chunk) bool {
	for node, err := range parse(c) {
		if err != nil {
			d.found = append(d.found, syntaxProblem(d.file, c.before, err))
			return true
		}
		e := expander{file: d.file, before: c.before}
		v := e.expand(node, 0)
		d.found = append(d.found, e.found...)
		if e.full || v.isNull() {
			continue
		}
		if d.count++; d.count > MaxDocuments {
			d.problem(v, "", "the file has more than %d documents; split it by cluster", MaxDocuments)
			return false
		}
		d.document(v)
	}
	return true
}

func (d *decoder) problem(v *value, path, format string, args ...any) {
	d.found = append(d.found, Problem{
		File: d.file, Line: v.line, Column: v.column, Path: path,
		Severity: Error, Message: fmt.Sprintf(format, args...),
	})
}

func (d *decoder) document(v *value) {
	kind, ok := d.kind(v)
	if !ok {
		return
	}
	c := checker{file: d.file, at: map[string]Position{}}
	tree, _ := c.check(v, kinds()[kind], "").(map[string]any)
	d.found = append(d.found, c.found...)
	d.keep(kind, tree, Source{file: d.file, start: Position{d.file, v.line, v.column}, at: c.at})
}

// kind finds out which schema a document claims to follow.
func (d *decoder) kind(v *value) (string, bool) {
	if v.kind != yaml.MappingNode {
		d.problem(v, "", "a document must be a mapping that starts with apiVersion and kind, found %s", v.describe())
		return "", false
	}
	version, kind := v.get("apiVersion"), v.get("kind")
	if version == nil || kind == nil {
		d.problem(v, "", "the document has no apiVersion or no kind; a cluster starts with apiVersion: kops.k8s.io/v1alpha2 and kind: Cluster")
		return "", false
	}
	return kind.text, d.checkVersion(version) && d.checkKind(kind)
}

func (d *decoder) checkVersion(v *value) bool {
	switch group, _, _ := strings.Cut(v.text, "/"); {
	case v.text == "kops.k8s.io/v1alpha2", v.text == "kops/v1alpha2":
		return true
	case group == "kops.k8s.io" || group == "kops":
		d.problem(v, "apiVersion", "version %q is not read; write the document as kops.k8s.io/v1alpha2, the form that `kops get -o yaml` prints", abridge(v.text))
	default:
		d.problem(v, "apiVersion", "%q is not a kops document; keep only kops.k8s.io/v1alpha2 documents in cluster files", abridge(v.text))
	}
	return false
}

func (d *decoder) checkKind(v *value) bool {
	names := kinds()
	if _, ok := names[v.text]; ok {
		return true
	}
	known := strings.Join(slices.Sorted(maps.Keys(names)), ", ")
	if name, ok := Nearest(v.text, maps.Keys(names)); ok {
		d.problem(v, "kind", "unknown kind %q; did you mean %q?", abridge(v.text), name)
	} else {
		d.problem(v, "kind", "unknown kind %q; cluster files hold the kinds %s", abridge(v.text), known)
	}
	return false
}

// keep decodes a checked document into its struct.
func (d *decoder) keep(kind string, tree map[string]any, source Source) {
	raw, _ := tree["spec"].(map[string]any)
	var err error
	switch kind {
	case "Cluster":
		doc := Cluster{Raw: raw, Source: source}
		err = convert(tree, &doc)
		d.docs.Clusters = append(d.docs.Clusters, doc)
	case "InstanceGroup":
		doc := InstanceGroup{Raw: raw, Source: source}
		err = convert(tree, &doc)
		d.docs.InstanceGroups = append(d.docs.InstanceGroups, doc)
	case "SSHCredential":
		doc := SSHCredential{Source: source}
		err = convert(tree, &doc)
		d.docs.SSHCredentials = append(d.docs.SSHCredentials, doc)
	}
	if err != nil {
		d.found = append(d.found, source.Problem(Error, "", fmt.Sprintf("the document cannot be read: %v", err)))
	}
}

// convert goes through JSON, whose decoder matches names and types; the check before it has made sure
// that they do match.
func convert(tree map[string]any, into any) error {
	data, err := json.Marshal(tree)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}
