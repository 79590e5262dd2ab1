package repositories

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/quorate/quorate/desired/strictyaml"
	"github.com/quorate/quorate/sync/gitrepo"
	"github.com/quorate/quorate/sync/host"
)

const head = "apiVersion: quorate.dev/v1\nkind: Repositories\nrepositories:\n"

func TestTheFileSaysEverythingOfEachRepository(t *testing.T) {
	got, problems := Read("repositories.yaml", []byte(head+`
- name: platform
  url: https://github.com/acme/clusters.git
  branch: production
  path: clusters
  host: {app: {id: 42, installation: 4711, keyFile: /secrets/app.pem}}
  webhookSecretFile: /secrets/webhook
  trustedCommit: 0123456789012345678901234567890123456789
  clusters:
    b.example.com: {tag: v2}
    a.example.com: {commit: abcdefabcdefabcdefabcdefabcdefabcdefabcd}
    c.example.com: {tag: v2}
- name: edge
  url: git@git.example.com:edge/clusters.git
  git:
    sshKeyFile: /secrets/id
    sshPassphraseFile: /secrets/passphrase
    knownHostsFiles: [/secrets/known_hosts]
  host: {kind: gitea, url: https://git.example.com, tokenFile: /secrets/token}
`))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	want := []Repository{
		{
			Name: "platform", Git: gitrepo.Config{URL: "https://github.com/acme/clusters.git", Branch: "production"}, Path: "clusters",
			Host:              host.Config{App: host.App{ID: 42, Installation: 4711, KeyFile: "/secrets/app.pem"}},
			WebhookSecretFile: "/secrets/webhook", TrustedCommit: "0123456789012345678901234567890123456789",
			Pins: []Pin{
				{Commit: "abcdefabcdefabcdefabcdefabcdefabcdefabcd", Clusters: []string{"a.example.com"}},
				{Tag: "v2", Clusters: []string{"b.example.com", "c.example.com"}},
			},
		},
		{
			Name: "edge", Git: gitrepo.Config{URL: "git@git.example.com:edge/clusters.git", Auth: gitrepo.Auth{
				SSHKeyFile: "/secrets/id", SSHPassphraseFile: "/secrets/passphrase", KnownHosts: []string{"/secrets/known_hosts"},
			}},
			Host: host.Config{Kind: host.Gitea, URL: "https://git.example.com", TokenFile: "/secrets/token"},
		},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(gitrepo.Auth{}, "Ask")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEveryProblemIsToldWithItsPlace(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string // in order, the beginning of each problem
	}{
		"empty":         {"", []string{"f.yaml"}},
		"not YAML":      {"a: [", []string{"f.yaml:2"}},
		"unknown field": {head + "- name: a\n  url: /a\n  brunch: main\n", []string{"f.yaml:6:3: "}},
		"a key twice":   {head + "- name: a\n  url: /a\n  url: /b\n", []string{"f.yaml:6:3: "}},
		"another kind":  {"apiVersion: v2\nkind: Rules\nrepositories: [{name: a, url: /a}]\n", []string{`f.yaml:1:13: apiVersion: "v2"`, `f.yaml:2:7: kind: "Rules"`}},
		"several at once": {head + "- name: A b\n  branch: main\n  tag: v1\n- name: ok\n  url: /b\n  trustedCommit: abc\n", []string{
			`f.yaml:4:9: repositories[0].name: "A b" is no name`, "f.yaml:4:3: repositories[0].url: it is missing", "f.yaml:4:3: repositories[0]: follow a branch, a tag or a commit",
			`f.yaml:9:18: repositories[1].trustedCommit: "abc" is no commit`,
		}},
		"names and addresses twice": {head + "- {name: a, url: /a}\n- {name: a, url: /a}\n", []string{
			"f.yaml:5:10: repositories[1].name: another repository", "f.yaml:5:18: repositories[1].url: a is this repository, too",
		}},
		"pins": {head + "- name: a\n  url: /a\n  clusters:\n    x.example.com: {}\n    y.example.com: {commit: main}\n", []string{
			"f.yaml:7:20: repositories[0].clusters.x.example.com: say what it follows", `f.yaml:8:20: repositories[0].clusters.y.example.com: commit "main"`,
		}},
		"credentials twice": {head + "- name: a\n  url: /a\n  git: {tokenFile: a, netrcFile: b}\n  host: {kind: svn, tokenFile: a, app: {id: 1}}\n", []string{
			"f.yaml:6:8: repositories[0].git: give a tokenFile", `f.yaml:7:16: repositories[0].host.kind: "svn"`, "f.yaml:7:9: repositories[0].host: give a tokenFile or an app",
		}},
		"a secret in the file": {head + "- name: a\n  url: /a\n  host: {token: hush}\n", []string{"f.yaml:6:10: "}},
		"too large":            {"#" + strings.Repeat("x", strictyaml.MaxBytes), []string{"f.yaml:1:1: the file has more"}},
		"a key over much":      {"? " + strings.Repeat("k", 500_000) + "\n: [" + strings.Repeat("x,", 100_000) + "]\n", []string{"f.yaml:2:"}},
		"aliases of aliases":   {"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d]\n", []string{"f.yaml:"}},
	} {
		all, problems := Read("f.yaml", []byte(c.text))
		if len(all) > 0 || len(problems) < len(c.want) {
			t.Errorf("%s: %v, %v", name, all, problems)
			continue
		}
		for i, want := range c.want {
			if got := problems[i].String(); !strings.HasPrefix(got, want) {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
	}
}
