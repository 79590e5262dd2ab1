package sync

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"

	"github.com/quorate/quorate/sync/gitrepo"
	"github.com/quorate/quorate/sync/signature"
)

// judgement is when everything here is judged; commits are made shortly before.
var judgement = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// people is a repository with people who sign, made with the real git and ssh-keygen.
type people struct {
	t      *testing.T
	dir    string // a working copy; the service follows its main
	keys   string
	when   time.Time // of the next commit
	pgp    map[string]*openpgp.Entity
	trust  Trust
	repo   *gitrepo.Repo
	anchor string
}

const policyText = `signatures:
  allowedSignersFile: keys/allowed_signers
  revokedKeysFile: keys/revoked
  openpgp:
  - name: grace@example.com
    keyFile: keys/grace.asc
  - name: old@example.com
    keyFile: keys/old.asc
  - name: host@example.net
    keyFile: keys/host.asc
  allow:
  - path: "**"
    signers: ["*@example.com", host@example.net]
  - path: clusters/prod/**
    signers: [ada@example.com, grace@example.com]
`

// newPeople has a first commit with the policy, which is trusted.
func newPeople(t *testing.T) *people {
	t.Helper()
	p := &people{t: t, dir: t.TempDir(), keys: t.TempDir(), when: judgement.Add(-time.Hour), pgp: map[string]*openpgp.Entity{}}
	p.git("init", "-q", "-b", "main")
	for _, name := range []string{"ada", "bob", "eve", "expired", "backdated", "early", "gone", "ca", "dora", "file"} {
		p.run(nil, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", p.key(name))
	}
	p.pgp["grace"] = p.newPGP("grace", 0, judgement.AddDate(0, -1, 0))
	p.pgp["old"] = p.newPGP("old", 24*time.Hour, judgement.AddDate(0, -1, 0))
	p.pgp["host"] = p.newPGP("host", 0, judgement.AddDate(0, -1, 0))
	p.pgp["mallory"] = p.newPGP("mallory", 0, judgement.AddDate(0, -1, 0))
	p.write("keys/allowed_signers", strings.Join([]string{
		"# who may sign",
		p.line("ada", `namespaces="git"`), p.line("bob", ""), p.line("gone", ""),
		p.line("expired", `valid-before="20260101"`), p.line("backdated", `valid-before="20260201Z"`), p.line("early", `valid-after="20260401"`),
		p.line("file", `namespaces="file"`),
		"*@example.com cert-authority " + p.public("ca"),
	}, "\n")+"\n")
	p.write("keys/revoked", p.public("gone")+"\n")
	p.write("keys/grace.asc", p.export("grace"))
	p.write("keys/old.asc", p.export("old"))
	p.write("keys/host.asc", p.export("host"))
	p.write("quorate.yaml", policyText)
	p.write("clusters/prod/ha.yaml", "size: 1\n")
	p.write("clusters/dev/small.yaml", "size: 1\n")
	p.commit("")
	var err error
	if p.repo, err = gitrepo.Open(gitrepo.Config{URL: p.dir, Dir: t.TempDir()}); err != nil {
		t.Fatal(err)
	}
	p.anchor = filepath.Join(t.TempDir(), "applied.json")
	p.restart()
	if a := p.push(); a.Verdict.Refused {
		t.Fatalf("the first commit is refused: %+v", a)
	}
	return p
}

// restart opens the anchor anew, as the next process does.
func (p *people) restart() {
	p.t.Helper()
	anchor, err := signature.OpenAnchor(p.anchor)
	if err != nil {
		p.t.Fatal(err)
	}
	p.trust = Trust{Histories: p.repo, Anchor: anchor, Now: func() time.Time { return judgement }}
}

// push lets the service look at main.
func (p *people) push() Admission {
	p.t.Helper()
	head, err := p.repo.Head(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	a, err := p.trust.Admit(head.Hash)
	if err != nil {
		p.t.Fatal(err)
	}
	return a
}

func (p *people) run(stdin []byte, program string, args ...string) string {
	p.t.Helper()
	cmd := exec.CommandContext(p.t.Context(), program, args...)
	cmd.Dir, cmd.Stdin = p.dir, bytes.NewReader(stdin)
	at := p.when.Format(time.RFC3339)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "TZ=UTC",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com",
		"GIT_AUTHOR_DATE="+at, "GIT_COMMITTER_DATE="+at, "GIT_EDITOR=true")
	out, err := cmd.CombinedOutput()
	if err != nil {
		p.t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func (p *people) git(args ...string) string { p.t.Helper(); return p.run(nil, "git", args...) }

func (p *people) key(name string) string { return filepath.Join(p.keys, name) }

func (p *people) public(name string) string {
	p.t.Helper()
	data, err := os.ReadFile(p.key(name) + ".pub")
	if err != nil {
		p.t.Fatal(err)
	}
	return strings.TrimSpace(string(data))
}

func (p *people) line(name, options string) string {
	return strings.Join(strings.Fields(name+"@example.com "+options+" "+p.public(name)), " ")
}

func (p *people) write(path, text string) {
	p.t.Helper()
	name := filepath.Join(p.dir, path)
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// signing are the flags with which git signs for somebody; nobody if the name is empty.
func (p *people) signing(name string, args ...string) []string {
	if name == "" {
		return append([]string{"-c", "commit.gpgSign=false"}, args...)
	}
	return append([]string{"-c", "gpg.format=ssh", "-c", "commit.gpgSign=true", "-c", "user.signingKey=" + p.key(name)}, args...)
}

// commit commits everything that is written, signed by somebody, and returns the hash.
func (p *people) commit(signer string) string {
	p.t.Helper()
	p.git("add", "-A")
	p.git(p.signing(signer, "commit", "-q", "--allow-empty", "-m", "Change")...)
	p.when = p.when.Add(time.Minute)
	return p.head()
}

func (p *people) head() string { p.t.Helper(); return strings.TrimSpace(p.git("rev-parse", "HEAD")) }

// change writes one file and commits it.
func (p *people) change(signer, path string) string {
	p.t.Helper()
	p.write(path, fmt.Sprintf("changed: %s by %s\n", p.when, signer))
	return p.commit(signer)
}

// merge merges a branch into main, signed by somebody.
func (p *people) merge(signer string, args ...string) string {
	p.t.Helper()
	p.git(p.signing(signer, append([]string{"merge", "-q", "--no-ff", "-m", "Merge"}, args...)...)...)
	return p.head()
}

// edit replaces the head commit by its object with other bytes.
func (p *people) edit(change func(raw string) string) string {
	p.t.Helper()
	raw := p.git("cat-file", "commit", "HEAD")
	hash := strings.TrimSpace(p.run([]byte(change(raw)), "git", "hash-object", "-t", "commit", "-w", "--stdin"))
	p.git("update-ref", "refs/heads/main", hash)
	return hash
}

// attach puts a signature into the head commit.
func (p *people) attach(sign func(raw string) string) string {
	p.t.Helper()
	return p.edit(func(raw string) string {
		header := "gpgsig " + strings.ReplaceAll(strings.TrimSpace(sign(raw)), "\n", "\n ")
		return strings.Replace(raw, "\n\n", "\n"+header+"\n\n", 1)
	})
}

func (p *people) newPGP(name string, lifetime time.Duration, made time.Time) *openpgp.Entity {
	p.t.Helper()
	config := &packet.Config{Time: func() time.Time { return made }, KeyLifetimeSecs: uint32(lifetime.Seconds()), Algorithm: packet.PubKeyAlgoEdDSA}
	e, err := openpgp.NewEntity(name, "", name+"@example.com", config)
	if err != nil {
		p.t.Fatal(err)
	}
	return e
}

func (p *people) export(name string) string {
	p.t.Helper()
	var out bytes.Buffer
	w, err := armor.Encode(&out, openpgp.PublicKeyType, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.pgp[name].Serialize(w); err != nil {
		p.t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		p.t.Fatal(err)
	}
	return out.String() + "\n"
}

// pgpSign signs the head commit with an OpenPGP key.
func (p *people) pgpSign(name string) string {
	p.t.Helper()
	return p.attach(func(raw string) string {
		var out bytes.Buffer
		// A day after the keys were made, so that each of them still was good.
		config := &packet.Config{Time: func() time.Time { return judgement.AddDate(0, -1, 0).Add(time.Hour) }}
		if err := openpgp.ArmoredDetachSign(&out, p.pgp[name], strings.NewReader(raw), config); err != nil {
			p.t.Fatal(err)
		}
		return out.String()
	})
}

// certify gives dora a certificate, and lets her sign with it.
func (p *people) certify(principal, valid string) {
	p.t.Helper()
	args := []string{"-q", "-s", p.key("ca"), "-I", "dora", "-V", valid}
	if principal != "" {
		args = append(args, "-n", principal)
	}
	p.run(nil, "ssh-keygen", append(args, p.key("dora")+".pub")...)
}

// dora signs with her certificate.
func (p *people) signCertified() string {
	p.t.Helper()
	p.git("add", "-A")
	p.git("-c", "gpg.format=ssh", "-c", "commit.gpgSign=true", "-c", "user.signingKey="+p.key("dora")+"-cert.pub", "commit", "-q", "-m", "Change")
	return p.head()
}
