// Package signature answers one question: was every commit of a push signed by somebody who may
// change what it changes?
//
// Start reading at [Policy.Judge], which is a pure function: commits come in as values, with the time
// at which they are judged. Read (policy.go) makes the policy of quorate.yaml; ssh.go and openpgp.go
// know the two kinds of signatures. It talks to no repository and to no key server.
package signature

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/quorate/quorate/internal/pathpattern"
)

// A Commit is one commit as it is to be judged.
type Commit struct {
	Hash string // 40 hex digits
	// Author is who the commit says made it; it is only shown.
	Author string
	// When is the committer's time, which the signature covers, and which its maker chose.
	When time.Time
	// Signed is the commit object without its signature, and Signature the text of that, empty if
	// there is none.
	Signed    []byte
	Signature string
	// Paths are what the commit itself changes, from the repository's root: of a merge, what is
	// not just what one of its parents brought.
	Paths []string
}

// A Push is what came since the last applied commit.
type Push struct {
	// Applied is the last applied commit; Descends reports that Head is made on top of it.
	Applied, Head string
	Descends      bool
	Commits       []Commit // all that are reachable from Head and not from Applied, oldest first
}

// A Verdict is about a whole push: one commit that may not be applied holds all of it back, for a
// later commit contains it.
type Verdict struct {
	Refused bool
	// Commit is the one that is refused, and Reason the sentence that names it.
	Commit, Reason string
	// Signers of the commits, sorted, if none is refused.
	Signers []string
}

// Judge decides under the policy of the last applied commit: nobody gives himself rights. What the
// policy at the head of the push revokes or no longer knows, next, is revoked already: who finds a stolen key
// need not wait for anything. A policy that is not in force refuses nothing.
func (p Policy) Judge(push Push, next Policy, now time.Time) Verdict {
	if !p.InForce() {
		return Verdict{}
	}
	if !push.Descends {
		return Verdict{Refused: true, Commit: push.Head, Reason: fmt.Sprintf(
			"the branch no longer holds commit %.10s, which was applied last; push a commit on top of it, or name another one as trusted", push.Applied)}
	}
	signers := map[string]bool{}
	for _, c := range push.Commits {
		signer, objection := p.judge(c, next, now)
		if objection != "" {
			return Verdict{Refused: true, Commit: c.Hash, Reason: fmt.Sprintf("commit %.10s %s", c.Hash, objection)}
		}
		signers[signer] = true
	}
	var v Verdict
	for s := range signers {
		v.Signers = append(v.Signers, s)
	}
	slices.Sort(v.Signers)
	return v
}

// identity is who a signature is by: all the names that its key goes by.
type identity struct {
	names []string
	// keys are fingerprints of everything that, revoked, takes the signature's worth.
	keys []string
}

func (i identity) String() string { return strings.Join(i.names, ", ") }

// judge returns the signer, or the objection as the end of a sentence about the commit.
func (p Policy) judge(c Commit, next Policy, now time.Time) (signer, objection string) {
	if strings.TrimSpace(c.Signature) == "" {
		return "", "is not signed"
	}
	who, err := p.verify(c, now)
	if err != nil {
		return "", err.Error()
	}
	for _, key := range who.keys {
		if p.revoked[key] || next.revoked[key] {
			return "", "is signed with a revoked key of " + who.String()
		}
	}
	// Whoever finds a stolen key may as well take its line away as list it.
	if _, err := next.verify(c, now); next.InForce() && err != nil {
		return "", fmt.Sprintf("is signed with a key of %s that the push itself takes away", who)
	}
	if len(c.Paths) == 0 && !slices.ContainsFunc(p.rules, func(r rule) bool { return r.allows(who) }) {
		return "", fmt.Sprintf("is signed by %s, who may not change anything", who)
	}
	for _, path := range c.Paths {
		if objection := p.may(who, path); objection != "" {
			return "", objection
		}
	}
	return who.String(), ""
}

// verify finds out whose signature it is. The key must be good when the commit says it was made,
// and still be good now: whoever stole an expired key can write any time into a commit.
func (p Policy) verify(c Commit, now time.Time) (identity, error) {
	switch {
	case strings.HasPrefix(c.Signature, sshArmorBegin):
		return p.verifySSH(c, now)
	case strings.HasPrefix(c.Signature, "-----BEGIN PGP SIGNATURE-----"):
		return p.verifyOpenPGP(c, now)
	}
	return identity{}, errors.New("has a signature of a kind that is not read; sign with SSH or OpenPGP")
}

// may says nothing if the signer may change the path.
func (p Policy) may(who identity, path string) string {
	shown := strings.Trim(strconv.Quote(path), `"`)
	if p.guards(path) {
		if !slices.ContainsFunc(p.rules, func(r rule) bool { return !r.allows(who) }) {
			return ""
		}
		return fmt.Sprintf("is signed by %s, who may not change %s: it says who may sign, so only who is in every rule may", who, shown)
	}
	r, covered := p.ruleFor(path)
	switch {
	case !covered:
		return fmt.Sprintf("changes %s, and no rule says who may", shown)
	case !r.allows(who):
		return fmt.Sprintf("is signed by %s, who may not change %s", who, shown)
	}
	return ""
}

// ruleFor is the last rule that matches, as in CODEOWNERS.
func (p Policy) ruleFor(path string) (rule, bool) {
	for _, r := range slices.Backward(p.rules) {
		if pathpattern.Match(r.path, path) {
			return r, true
		}
	}
	return rule{}, false
}

// guards reports whether the path is one from which the policy is read and no rule names it outright:
// a rule for ** must not let everybody grant himself the rest.
func (p Policy) guards(path string) bool {
	named := slices.ContainsFunc(p.rules, func(r rule) bool { return r.path == path })
	return slices.Contains(p.sources, path) && !named
}

func (r rule) allows(who identity) bool {
	return slices.ContainsFunc(r.signers, func(pattern string) bool {
		return slices.ContainsFunc(who.names, func(name string) bool { return matches(pattern, name) })
	})
}

// matches is OpenSSH's idea of a pattern: * and ? stand for any characters.
func matches(pattern, name string) bool {
	quoted := strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(pattern))
	re, err := regexp.Compile(`(?s)^(?:` + quoted + `)$`)
	return err == nil && re.MatchString(name)
}
