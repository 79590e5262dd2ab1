package signature

import (
	"fmt"

	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/desired/strictyaml"
	"github.com/quorate/quorate/internal/pathpattern"
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
	whole, problems := strictyaml.Parse(File, data)
	if len(problems) > 0 {
		return Policy{}, problems
	}
	section, ok := whole.Section("signatures")
	if !ok {
		return Policy{}, nil
	}
	var doc document
	if problems := section.Decode(&doc); len(problems) > 0 {
		return Policy{}, problems
	}
	r := &reader{file: file, section: section}
	p := r.policy(doc)
	if len(r.problems) > 0 {
		return Policy{}, r.problems
	}
	return p, nil
}

type reader struct {
	file     func(path string) ([]byte, error)
	section  strictyaml.Document
	problems []desired.Problem
}

func (r *reader) problem(path, format string, args ...any) {
	r.problems = append(r.problems, r.section.Problem(path, format, args...))
}

// text is what is written inline, or the file that is named instead; place is where its first line
// stands, for problems with one of its lines.
func (r *reader) text(path, inline, name string, sources *[]string) (text string, place lines) {
	if inline != "" && name != "" {
		r.problem(path, "it is written here and in a file; keep one")
	}
	if name == "" {
		return inline, lines{file: File, before: max(r.section.Text(path)-1, 0), path: path}
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
	if err := pathpattern.Check(a.Path); err != nil {
		r.problem(path+".path", "%q %v", a.Path, err)
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
