package sync

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/quorate/quorate/sync/signature"
)

// lenient lets everybody who signs do everything, so that only signatures are judged.
var lenient = strings.NewReplacer(`["*@example.com", host@example.net]`, `["*"]`, "[ada@example.com, grace@example.com]", `["*"]`).Replace(policyText)

// stricter are the reasons for which we refuse what git takes: git asks whether a key was good when the commit
// says that it was made, and knows nothing of what a push takes away.
var stricter = regexp.MustCompile(`backdated@example\.com that expired on|that the push itself takes away|revoked key of|old@example\.com that had expired on 2026-03`)

// gitJudge is git verify-commit with the keys of one commit, as of the judgement.
type gitJudge struct {
	p      *people
	flags  []string
	reason string
}

func newGitJudge(p *people, at string) *gitJudge {
	p.t.Helper()
	for _, program := range []string{"gpg", "ssh-keygen"} {
		if _, err := exec.LookPath(program); err == nil {
			continue
		}
		if os.Getenv("CI") == "true" {
			p.t.Fatalf("%s is not here", program)
		}
		p.t.Skipf("%s is not here", program)
	}
	dir, err := os.MkdirTemp("", "gpg") // the socket of its agent needs a short name
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { os.RemoveAll(dir) })
	keep := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o700); err != nil {
			p.t.Fatal(err)
		}
		return file
	}
	gpg := keep("gpg", "#!/bin/sh\nexec gpg --homedir "+dir+" --no-autostart --batch --faked-system-time "+judgement.Format("20060102T150405")+"! \"$@\"\n")
	for _, name := range []string{"grace", "old", "host"} {
		p.run([]byte(p.git("show", at+":keys/"+name+".asc")), gpg, "--quiet", "--import")
	}
	return &gitJudge{p: p, flags: []string{
		"-c", "gpg.program=" + gpg,
		"-c", "gpg.ssh.allowedSignersFile=" + keep("allowed_signers", p.git("show", at+":keys/allowed_signers")),
		"-c", "gpg.ssh.revocationFile=" + keep("revoked", p.git("show", at+":keys/revoked")),
	}}
}

// takes reports that git finds the signature good.
func (j *gitJudge) takes(commit string) bool {
	cmd := exec.CommandContext(j.p.t.Context(), "git", append(slices.Clone(j.flags), "verify-commit", commit)...)
	cmd.Dir = j.p.dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "TZ=UTC", "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	j.reason = string(out)
	return err == nil
}

// signaturesAt is the lenient policy with the keys of a commit.
func (p *people) signaturesAt(commit string) signature.Policy {
	p.t.Helper()
	policy, problems := signature.Read([]byte(lenient), func(path string) ([]byte, error) { return p.repo.File(commit, path) })
	if len(problems) > 0 {
		p.t.Fatal(problems)
	}
	return policy
}

func TestGitAgreesAboutEverySignature(t *testing.T) {
	if n := strings.Count(lenient, `["*"]`); n != 2 {
		t.Fatalf("the policy is not lenient:\n%s", lenient)
	}
	var compared, taken int
	for name, c := range pushes {
		t.Run(name, func(t *testing.T) {
			p := newPeople(t)
			before := p.head()
			git := newGitJudge(p, before)
			policy := p.signaturesAt(before)
			c.push(p)
			if _, err := p.repo.Head(t.Context()); err != nil {
				t.Fatal(err)
			}
			history, err := p.repo.Since(before, p.head())
			if err != nil {
				t.Fatal(err)
			}
			next := policy
			if _, err := p.repo.File(p.head(), "keys/allowed_signers"); err == nil && !strings.Contains(p.git("show", "HEAD:keys/allowed_signers"), "eve") {
				next = p.signaturesAt(p.head())
			}
			for _, a := range history.Additions {
				one := signature.Commit{Hash: a.Hash, When: a.When, Signed: a.Signed, Signature: a.Signature}
				ours := policy.Judge(signature.Push{Applied: before, Head: a.Hash, Descends: true, Commits: []signature.Commit{one}}, next, judgement)
				theirs := git.takes(a.Hash)
				compared++
				switch {
				case !ours.Refused && theirs:
					taken++
				case !ours.Refused:
					t.Errorf("we take %.10s of %s, and git does not:\n%s", a.Hash, a.When.Format(time.RFC3339), git.reason)
				case theirs && !stricter.MatchString(ours.Reason):
					t.Errorf("git takes it, and we say %q:\n%s", ours.Reason, git.reason)
				}
			}
		})
	}
	if compared < 40 || taken < 20 {
		t.Errorf("only %d signatures were compared, and %d taken by both", compared, taken)
	}
}
