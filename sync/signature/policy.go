package signature

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"go.yaml.in/yaml/v4"

	"github.com/quorate/quorate/desired"
)

// File is where the policy stands, at the root of the repository, beside the other rules.
const File = "quorate.yaml"

// A Policy says who may sign for what. The zero value is not in force, and refuses nothing.
type Policy struct {
	ssh     []allowed
	pgp     []pgpSigner
	rules   []rule
	revoked map[string]bool // fingerprints
	sources []string        // files that it was read from
	lost    bool
}

type rule struct {
	path    string // a pattern of paths; ** matches folders
	signers []string
}

// InForce reports whether there is a policy at all.
func (p Policy) InForce() bool { return p.lost || len(p.rules) > 0 }

// Lost is a policy that is known to have been in force and cannot be read any more. It allows nothing.
func Lost() Policy { return Policy{lost: true} }

// document is the part of quorate.yaml about signatures; see docs/signatures.md.
type document struct {
	AllowedSigners     string          `yaml:"allowedSigners"`
	AllowedSignersFile string          `yaml:"allowedSignersFile"`
	RevokedKeys        string          `yaml:"revokedKeys"`
	RevokedKeysFile    string          `yaml:"revokedKeysFile"`
	OpenPGP            []keyDocument   `yaml:"openpgp"`
	Allow              []allowDocument `yaml:"allow"`
}

type keyDocument struct {
	Name    string `yaml:"name"`
	Key     string `yaml:"key"`
	KeyFile string `yaml:"keyFile"`
}

type allowDocument struct {
	Path    string   `yaml:"path"`
	Signers []string `yaml:"signers"`
}

// Read makes the policy of a quorate.yaml, none if it says nothing of signatures. file reads the
// files that it names, from the same commit. With any problem the policy must not be gone by.
func Read(data []byte, file func(path string) ([]byte, error)) (Policy, []desired.Problem) {
	r := &reader{file: file, at: map[string]*yaml.Node{}}
	var root yaml.Node
	if err := yaml.Load(data, &root, yaml.WithUniqueKeys()); err != nil {
		r.syntax(err)
		return Policy{}, r.problems
	}
	node := section(&root)
	if node == nil {
		return Policy{}, nil
	}
	r.locate(node, "signatures")
	var doc document
	if err := node.Load(&doc, yaml.WithKnownFields()); err != nil {
		r.syntax(err)
		return Policy{}, r.problems
	}
	p := r.policy(doc)
	if len(r.problems) > 0 {
		return Policy{}, r.problems
	}
	return p, nil
}

// section is the value of signatures, nil if there is none.
func section(root *yaml.Node) *yaml.Node {
	if root.Kind == yaml.DocumentNode && len(root.Content) == 1 {
		root = root.Content[0]
	}
	if root.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value == "signatures" {
			return root.Content[i+1]
		}
	}
	return nil
}

type reader struct {
	file     func(path string) ([]byte, error)
	at       map[string]*yaml.Node // by YAML path
	problems []desired.Problem
}

func (r *reader) syntax(err error) {
	if all, ok := errors.AsType[*yaml.LoadErrors](err); ok {
		for _, e := range all.Errors {
			r.problems = append(r.problems, desired.Problem{File: File, Line: e.Mark.Line, Column: e.Mark.Column, Severity: desired.Error, Message: e.Message})
		}
		return
	}
	r.problems = append(r.problems, desired.Problem{File: File, Severity: desired.Error, Message: "it cannot be read as YAML: " + err.Error()})
}

func (r *reader) locate(n *yaml.Node, path string) {
	r.at[path] = n
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			r.locate(n.Content[i+1], path+"."+n.Content[i].Value)
		}
	case yaml.SequenceNode:
		for i, c := range n.Content {
			r.locate(c, path+"["+strconv.Itoa(i)+"]")
		}
	}
}

// problem is about a value of quorate.yaml, or about the nearest one above it that is written.
func (r *reader) problem(path, format string, args ...any) {
	at := path
	for r.at[at] == nil && at != "" {
		at = at[:max(strings.LastIndexAny(at, ".["), 0)]
	}
	p := desired.Problem{File: File, Path: path, Severity: desired.Error, Message: fmt.Sprintf(format, args...)}
	if n := r.at[at]; n != nil {
		p.Line, p.Column = n.Line, n.Column
	}
	r.problems = append(r.problems, p)
}

// text is what is written inline, or the file that is named instead; place is where its first line
// stands, for problems with one of its lines.
func (r *reader) text(path, inline, name string, sources *[]string) (text string, place lines) {
	if inline != "" && name != "" {
		r.problem(path, "it is written here and in a file; keep one")
	}
	if name == "" {
		n := r.at[path]
		if n == nil {
			return inline, lines{file: File}
		}
		first := n.Line - 1
		if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
			first = n.Line // the text begins behind the bar
		}
		return inline, lines{file: File, before: first, path: path}
	}
	data, err := r.file(name)
	if err != nil {
		r.problem(path+"File", "%s cannot be read: %v", name, err)
		return "", lines{}
	}
	*sources = append(*sources, name)
	return string(data), lines{file: name}
}

// lines says where a line of a text stands.
type lines struct {
	file   string
	before int
	path   string
}

func (r *reader) lineProblem(l lines, line int, message string) {
	r.problems = append(r.problems, desired.Problem{File: l.file, Line: l.before + line, Column: 1, Path: l.path, Severity: desired.Error, Message: message})
}

func (r *reader) policy(doc document) Policy {
	p := Policy{revoked: map[string]bool{}, sources: []string{File}}
	text, place := r.text("signatures.allowedSigners", doc.AllowedSigners, doc.AllowedSignersFile, &p.sources)
	p.ssh = r.allowedSigners(text, place)
	text, place = r.text("signatures.revokedKeys", doc.RevokedKeys, doc.RevokedKeysFile, &p.sources)
	r.revokedKeys(text, place, p.revoked)
	for i, k := range doc.OpenPGP {
		r.openPGP(fmt.Sprintf("signatures.openpgp[%d]", i), k, &p)
	}
	if len(doc.Allow) == 0 {
		r.problem("signatures.allow", "nobody may sign anything; write which signers may change which paths")
	}
	for i, a := range doc.Allow {
		r.rule(fmt.Sprintf("signatures.allow[%d]", i), a, &p)
	}
	return p
}

func (r *reader) openPGP(path string, k keyDocument, p *Policy) {
	if k.Name == "" {
		r.problem(path+".name", "the key needs the name by which rules call its owner")
	}
	text, _ := r.text(path+".key", k.Key, k.KeyFile, &p.sources)
	entity, err := readKey(text)
	if err != nil {
		r.problem(path+".key", "%v", err)
		return
	}
	s := pgpSigner{k.Name, entity}
	p.pgp = append(p.pgp, s)
	for _, fingerprint := range s.withdrawn() {
		p.revoked[fingerprint] = true
	}
}

func (r *reader) rule(path string, a allowDocument, p *Policy) {
	if a.Path == "" || strings.HasPrefix(a.Path, "/") || !doublestar.ValidatePattern(a.Path) {
		r.problem(path+".path", "%q is no pattern of paths from the root of the repository, such as clusters/prod/**", a.Path)
	}
	if len(a.Signers) == 0 {
		r.problem(path+".signers", "nobody may change %s; name who may", a.Path)
	}
	for i, name := range a.Signers {
		if !p.knows(name) {
			r.problem(fmt.Sprintf("%s.signers[%d]", path, i), "%q is nobody whose key is known here", name)
		}
	}
	p.rules = append(p.rules, rule{a.Path, a.Signers})
}

// knows reports whether a rule's signer can be anybody: a name or a pattern of names, or somebody for
// whom an authority vouches.
func (p Policy) knows(signer string) bool {
	for _, a := range p.ssh {
		for _, principal := range a.principals {
			if matches(signer, principal) || a.authority && anyMatches(a.principals, signer) {
				return true
			}
		}
	}
	for _, s := range p.pgp {
		if matches(signer, s.name) {
			return true
		}
	}
	return false
}
