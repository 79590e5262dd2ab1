package signature

import (
	"crypto/ed25519"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"
)

// publicKey is somebody's public key, always the same for the same name.
func publicKey(t testing.TB, name string) string {
	t.Helper()
	seed := []byte(strings.Repeat(name+"-", 32))[:ed25519.SeedSize]
	key, err := ssh.NewPublicKey(ed25519.NewKeyFromSeed(seed).Public())
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}

func TestProblemsOfAPolicyAreToldWithTheirLines(t *testing.T) {
	ada := publicKey(t, "ada")
	files := func(name string) ([]byte, error) {
		if name == "keys" {
			return []byte("# keys\nbroken\n"), nil
		}
		return nil, fs.ErrNotExist
	}
	for name, c := range map[string]struct{ policy, want string }{
		"none":              {"kind: Rules\n", ""},
		"good":              {"signatures:\n  allowedSigners: |\n    ada@example.com " + ada + "\n  allow:\n  - path: '**'\n    signers: [ada@example.com]\n", ""},
		"good by a pattern": {"signatures:\n  allowedSigners: ada@example.com " + ada + "\n  allow:\n  - path: '**'\n    signers: ['*@example.com']\n", ""},
		"vouched for":       {"signatures:\n  allowedSigners: '*@example.com cert-authority " + ada + "'\n  allow:\n  - path: '**'\n    signers: [bob@example.com]\n", ""},
		"a misspelt field":  {"signatures:\n  allowd: []\n", "quorate.yaml:2:"},
		"a field twice":     {"signatures:\n  allow: []\n  allow: []\n", "quorate.yaml:3:"},
		"nobody":            {"signatures:\n  revokedKeys: ''\n", "quorate.yaml:2:3: signatures.allow: nobody may sign anything"},
		"a bad line":        {"signatures:\n  allowedSigners: |\n    # who\n    ada@example.com ssh-ed25519\n  allow: []\n", "quorate.yaml:4:1: signatures.allowedSigners: no public key is to be found on the line"},
		"a bad option":      {"signatures:\n  allowedSigners: |\n    ada@example.com valid=1 " + ada + "\n  allow: []\n", `quorate.yaml:3:1: signatures.allowedSigners: the option "valid" is not one of`},
		"a bad time":        {"signatures:\n  allowedSigners: |\n    ada@example.com valid-before=tomorrow " + ada + "\n  allow: []\n", `"tomorrow" is no time; write YYYYMMDD`},
		"a bad file":        {"signatures:\n  allowedSignersFile: keys\n  allow: []\n", "keys:2:1: the line must hold principals"},
		"no file":           {"signatures:\n  allowedSignersFile: none\n  allow: []\n", "quorate.yaml:2:23: signatures.allowedSignersFile: none cannot be read: file does not exist"},
		"both":              {"signatures:\n  allowedSigners: a\n  allowedSignersFile: keys\n  allow: []\n", "it is written here and in a file; keep one"},
		"a stranger":        {"signatures:\n  allowedSigners: ada@example.com " + ada + "\n  allow:\n  - path: '**'\n    signers: [eve@example.com]\n", `quorate.yaml:5:15: signatures.allow[0].signers[0]: "eve@example.com" is nobody whose key is known here`},
		"a path":            {"signatures:\n  allowedSigners: ada@example.com " + ada + "\n  allow:\n  - path: /prod\n    signers: [ada@example.com]\n", `quorate.yaml:4:11: signatures.allow[0].path: "/prod" is no pattern of paths`},
		"a bad revocation":  {"signatures:\n  allowedSigners: ada@example.com " + ada + "\n  revokedKeys: |\n    SHA256:short\n  allow:\n  - path: '**'\n    signers: [ada@example.com]\n", "quorate.yaml:4:1: signatures.revokedKeys: the line is neither a public key nor a fingerprint"},
		"a bad key":         {"signatures:\n  openpgp:\n  - name: grace\n    key: x\n  allow: []\n", "quorate.yaml:4:10: signatures.openpgp[0].key: it is no armored OpenPGP public key"},
		"no YAML":           {"signatures: [\n", "quorate.yaml:"},
		"text":              {"signatures: yes\n", "quorate.yaml:1:"},
		"a key over much":   {"? " + strings.Repeat("k", 500_000) + "\n: [" + strings.Repeat("x,", 100_000) + "]\n", "quorate.yaml:2:"},
	} {
		t.Run(name, func(t *testing.T) {
			policy, problems := Read([]byte(c.policy), files)
			var told []string
			for _, p := range problems {
				told = append(told, p.String())
			}
			text := strings.Join(told, "\n")
			if (c.want == "") != (text == "") || !strings.Contains(text, c.want) {
				t.Errorf("problems:\n%s\nwant %q", text, c.want)
			}
			if policy.InForce() != (c.want == "" && name != "none") {
				t.Errorf("in force: %t", policy.InForce())
			}
		})
	}
}

func TestTheLastRuleThatMatchesDecides(t *testing.T) {
	p := Policy{sources: []string{File}, rules: []rule{
		{"**", []string{"*@example.com"}},
		{"clusters/prod/**", []string{"ada@example.com", "*@sre.example.com"}},
		{"clusters/prod/README.md", []string{"bob@example.com"}},
	}}
	got := map[string]string{}
	for _, name := range []string{"ada@example.com", "bob@example.com", "eve@sre.example.com"} {
		for _, path := range []string{"README.md", "clusters/prod/a/b.yaml", "clusters/prod/README.md", File} {
			if p.may(identity{names: []string{name}}, path) == "" {
				got[path] += name + " "
			}
		}
	}
	want := map[string]string{
		"README.md":               "ada@example.com bob@example.com ",
		"clusters/prod/a/b.yaml":  "ada@example.com eve@sre.example.com ",
		"clusters/prod/README.md": "bob@example.com ",
	} // quorate.yaml: nobody is in every rule
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("who may (-want +got):\n%s", d)
	}
	named := Policy{sources: p.sources, rules: append(p.rules, rule{File, []string{"ada@example.com"}})}
	if says := named.may(identity{names: []string{"ada@example.com"}}, File); says != "" {
		t.Errorf("a rule names her for it: %s", says)
	}
	if says := (Policy{rules: p.rules[1:]}).may(identity{names: []string{"ada@example.com"}}, "x"); says != "changes x, and no rule says who may" {
		t.Errorf("without a rule: %q", says)
	}
}

func TestPatternsAreOpenSSHs(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"*", "", true}, {"a*", "abc", true}, {"a?c", "abc", true}, {"a?c", "ac", false}, {"*@example.com", "ada@example.com", true},
		{"*@example.com", "ada@example.com.evil.org", false}, {"", "a", false}, {"a*b*c", "a-b-b-c", true}, {"a", "ab", false},
	} {
		if got := matches(c.pattern, c.name); got != c.want {
			t.Errorf("%q matches %q: %t", c.pattern, c.name, got)
		}
	}
	if anyMatches([]string{"*@example.com", "!eve@example.com"}, "eve@example.com") {
		t.Error("what is negated matches")
	}
}

func TestALostPolicyAllowsNothing(t *testing.T) {
	for _, push := range []Push{{Head: "a"}, {Descends: true, Commits: []Commit{{Hash: "a", Signature: sshArmorBegin}}}} {
		if v := Lost().Judge(push, Policy{}, time.Now()); !v.Refused {
			t.Errorf("%+v is applied", push)
		}
	}
}

// FuzzSignatures holds that no signature, however broken, does more than be refused.
func FuzzSignatures(f *testing.F) {
	f.Add(sshArmorBegin + "\nU1NIU0lH\n" + sshArmorEnd)
	f.Add("-----BEGIN PGP SIGNATURE-----\n\niQ==\n-----END PGP SIGNATURE-----\n")
	p, problems := Read([]byte("signatures:\n  allowedSigners: ada@example.com "+publicKey(f, "ada")+"\n  allow:\n  - path: '**'\n    signers: [ada@example.com]\n"), nil)
	if len(problems) > 0 {
		f.Fatal(problems)
	}
	f.Fuzz(func(t *testing.T, text string) {
		v := p.Judge(Push{Descends: true, Commits: []Commit{{Hash: strings.Repeat("a", 40), Signed: []byte("x"), Signature: text}}}, Policy{}, time.Now())
		if !v.Refused {
			t.Errorf("%q passes", text)
		}
	})
}

// FuzzRead holds that no policy, however broken, makes reading it panic.
func FuzzRead(f *testing.F) {
	f.Add("signatures:\n  allowedSigners: |\n    a ssh-ed25519 x\n  allow:\n  - path: x\n")
	f.Fuzz(func(_ *testing.T, text string) {
		_, problems := Read([]byte(text), func(string) ([]byte, error) { return []byte(text), nil })
		_ = fmt.Sprint(problems)
	})
}
