package gitrepo

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing/transport"
	gitssh "github.com/go-git/go-git/v5/plumbing/transport/ssh"
	"golang.org/x/crypto/ssh"
)

func writeFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "credentials")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestCredentialFilesGiveWhatIsMeantForTheRemote(t *testing.T) {
	const netrc = `# a comment
machine other.example.com login x password wrong
machine git.example.com
	login ada account none password #h"sh
default login anybody password "two words"
macdef init
	anything goes here`
	const store = "https://x:wrong@other.example.com\nhttps://ada:a%20b@git.example.com:8443\nnonsense\nhttps://bob:b@git.example.com/acme/clusters\nhttps://ada:c@git.example.com\nhttp://x:plain@git.example.com\n"
	for name, c := range map[string]struct {
		netrc, store, url, want string // want is user:password, or what the error says
	}{
		"a machine":                {netrc: netrc, url: "https://git.example.com/a/b", want: `ada:#h"sh`},
		"another case":             {netrc: netrc, url: "https://GIT.example.com/a/b", want: `ada:#h"sh`},
		"the default":              {netrc: netrc, url: "https://elsewhere.example.com/a/b", want: "anybody:two words"},
		"no machine":               {netrc: "machine a login b password c", url: "https://git.example.com/a/b", want: "has no entry for git.example.com"},
		"no netrc":                 {netrc: "secret-without-a-machine", url: "https://git.example.com/a/b", want: "word 1 does not belong there"},
		"an unknown word":          {netrc: "machine git.example.com passwort hush", url: "https://git.example.com/a/b", want: "word 3 is none"},
		"cut off":                  {netrc: "machine git.example.com password", url: "https://git.example.com/a/b", want: "word 3 does not"},
		"a host and port":          {store: store, url: "https://git.example.com:8443/a/b", want: "ada:a b"},
		"a host":                   {store: store, url: "https://git.example.com/a/b", want: "ada:c"},
		"a repository":             {store: store, url: "https://git.example.com/acme/clusters", want: "bob:b"},
		"a user":                   {store: store, url: "https://ada@git.example.com/acme/clusters", want: "ada:c"},
		"no line for the host":     {store: store, url: "https://elsewhere.example.com/a/b", want: "has no line for https://elsewhere.example.com"},
		"no line for the scheme":   {store: "http://a:b@git.example.com", url: "https://git.example.com/a/b", want: "has no line"},
		"a host that begins alike": {store: store, url: "https://git.example.com.evil.example/a/b", want: "has no line"},
	} {
		ep, err := transport.NewEndpoint(c.url)
		if err != nil {
			t.Fatal(err)
		}
		auth := Auth{}
		if c.netrc != "" {
			auth.NetrcFile = writeFile(t, c.netrc)
		} else {
			auth.CredentialFile = writeFile(t, c.store)
		}
		user, password, err := auth.login(t.Context(), ep)
		got := user + ":" + password
		if err != nil {
			if got = err.Error(); strings.Contains(got, "hush") || strings.Contains(got, "wrong") || strings.Contains(got, "secret") {
				t.Errorf("%s: the error shows what is in the file: %v", name, err)
			}
		}
		if err == nil && got != c.want || err != nil && !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestAReplacedCredentialIsUsedAtTheNextLook(t *testing.T) {
	o := newOrigin(t)
	o.commit(map[string]string{"a.yaml": "a"})
	s := o.serve("second")
	host, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	file := writeFile(t, "")
	token := "first"
	for name, c := range map[string]struct {
		auth    Auth
		replace func(secret string)
	}{
		"a netrc file": {Auth{NetrcFile: file}, func(secret string) {
			rewriteFile(t, file, "machine "+host.Hostname()+" login git password "+secret+"\n")
		}},
		"a credential file": {Auth{CredentialFile: file}, func(secret string) {
			rewriteFile(t, file, "http://git:"+secret+"@"+host.Host+"\n")
		}},
		"whoever is asked": {Auth{Ask: func(context.Context) (string, string, error) { return "x", token, nil }}, func(secret string) { token = secret }},
	} {
		c.replace("first")
		r := openWith(t, Config{URL: s.url(), Dir: t.TempDir(), Auth: c.auth})
		if _, err := r.Head(t.Context()); !errors.Is(err, ErrAuth) {
			t.Errorf("%s: the old secret opens it: %v", name, err)
		}
		c.replace("second")
		if _, err := r.Head(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func rewriteFile(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestNoSecretGoesOverPlainHTTP(t *testing.T) {
	for name, a := range map[string]Auth{
		"token": {Token: "x"}, "file": {CredentialFile: "x"}, "netrc": {NetrcFile: "x"},
		"asked": {Ask: func(context.Context) (string, string, error) { return "", "", nil }},
	} {
		if _, err := Open(Config{URL: "http://git.example.com/a/b", Dir: t.TempDir(), Auth: a}); err == nil || !strings.Contains(err.Error(), "only sent over https") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnSSHKeyMayHaveAPassphraseInAFile(t *testing.T) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte("open sesame"))
	if err != nil {
		t.Fatal(err)
	}
	file := writeFile(t, string(pem.EncodeToMemory(block)))
	for name, c := range map[string]struct {
		passphrase string // file
		opens      bool
	}{
		"the right one":  {writeFile(t, "open sesame\n"), true},
		"a wrong one":    {writeFile(t, "open barley"), false},
		"none":           {"", false},
		"a missing file": {"/no/such/file", false},
	} {
		s := sshAuth{Auth: Auth{SSHKeyFile: file, SSHPassphraseFile: c.passphrase}}
		if _, err := s.signer(gitssh.HostKeyCallbackHelper{}); (err == nil) != c.opens {
			t.Errorf("%s: %v", name, err)
		}
	}
}
