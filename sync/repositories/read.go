package repositories

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/desired/strictyaml"
	"github.com/quorate/quorate/sync/gitrepo"
	"github.com/quorate/quorate/sync/host"
)

const version = "quorate.dev/v1"

// document is the file as it is written.
type document struct {
	APIVersion   string  `yaml:"apiVersion"`
	Kind         string  `yaml:"kind"`
	Repositories []entry `yaml:"repositories"`
}

type entry struct {
	Name string `yaml:"name"`
	URL  string `yaml:"url"`
	ref  `yaml:",inline"`
	Path string `yaml:"path"`
	Git  struct {
		TokenFile         string   `yaml:"tokenFile"`
		CredentialFile    string   `yaml:"credentialFile"`
		NetrcFile         string   `yaml:"netrcFile"`
		SSHKeyFile        string   `yaml:"sshKeyFile"`
		SSHPassphraseFile string   `yaml:"sshPassphraseFile"`
		KnownHostsFiles   []string `yaml:"knownHostsFiles"`
	} `yaml:"git"`
	Host struct {
		Kind      string `yaml:"kind"`
		URL       string `yaml:"url"`
		TokenFile string `yaml:"tokenFile"`
		App       struct {
			ID           int64  `yaml:"id"`
			Installation int64  `yaml:"installation"`
			KeyFile      string `yaml:"keyFile"`
		} `yaml:"app"`
	} `yaml:"host"`
	WebhookSecretFile string         `yaml:"webhookSecretFile"`
	TrustedCommit     string         `yaml:"trustedCommit"`
	Clusters          map[string]ref `yaml:"clusters"`
}

type ref struct {
	Branch string `yaml:"branch"`
	Tag    string `yaml:"tag"`
	Commit string `yaml:"commit"`
}

// reader collects the problems with where they stand.
type reader struct {
	file     strictyaml.Document
	problems []desired.Problem
}

// Read decodes the file of that name. With any problem there are no repositories: one that is left out would
// be one that nobody watches.
func Read(file string, data []byte) ([]Repository, []desired.Problem) {
	r := &reader{}
	var doc document
	if !r.decode(file, data, &doc) {
		return nil, r.problems
	}
	all := r.check(doc)
	if len(r.problems) > 0 {
		return nil, r.problems
	}
	return all, nil
}

func (r *reader) decode(file string, data []byte, doc *document) bool {
	r.file, r.problems = strictyaml.Parse(file, data)
	if len(r.problems) == 0 {
		r.problems = r.file.Decode(doc)
	}
	return len(r.problems) == 0
}

func (r *reader) problem(path, format string, args ...any) {
	r.problems = append(r.problems, r.file.Problem(path, format, args...))
}

func (r *reader) check(doc document) []Repository {
	if doc.APIVersion != version {
		r.problem("apiVersion", "%q is not read; write apiVersion: %s", doc.APIVersion, version)
	}
	if doc.Kind != "Repositories" {
		r.problem("kind", "%q is not read; write kind: Repositories", doc.Kind)
	}
	if len(doc.Repositories) == 0 {
		r.problem("repositories", "there is none; name one at least")
	}
	var all []Repository
	names, urls := map[string]bool{}, map[string]string{}
	for i, e := range doc.Repositories {
		path := fmt.Sprintf("repositories[%d]", i)
		if names[e.Name] {
			r.problem(path+".name", "another repository is called %q, too", e.Name)
		}
		if other, twice := urls[e.URL]; twice {
			r.problem(path+".url", "%s is this repository, too; say under clusters which of them follow something else", other)
		}
		names[e.Name], urls[e.URL] = true, e.Name
		all = append(all, r.repository(path, e))
	}
	return all
}

// nameShape is of what can be a folder and a part of an address anywhere.
var nameShape = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

func (r *reader) repository(path string, e entry) Repository {
	if !nameShape.MatchString(e.Name) {
		r.problem(path+".name", "%q is no name; write at most 63 lower-case letters, digits and dashes", e.Name)
	}
	if e.URL == "" {
		r.problem(path+".url", "it is missing: a path, or a file, https or ssh URL")
	}
	git := gitrepo.Config{URL: e.URL, Branch: e.Branch, Tag: e.Tag, Commit: e.Commit, Auth: gitrepo.Auth{
		CredentialFile: e.Git.CredentialFile, NetrcFile: e.Git.NetrcFile, SSHKeyFile: e.Git.SSHKeyFile,
		SSHPassphraseFile: e.Git.SSHPassphraseFile, KnownHosts: e.Git.KnownHostsFiles,
	}}
	r.sources(path+".git", e)
	if err := git.Check(); err != nil {
		r.problem(path, "%v", err)
	}
	if e.TrustedCommit != "" && (gitrepo.Config{Commit: e.TrustedCommit}).Check() != nil {
		r.problem(path+".trustedCommit", "%q is no commit; write all 40 digits", e.TrustedCommit)
	}
	return Repository{
		Name: e.Name, Git: git, Path: e.Path, WebhookSecretFile: e.WebhookSecretFile, TrustedCommit: e.TrustedCommit,
		Host: r.host(path+".host", e), TokenFile: e.Git.TokenFile, Pins: r.pins(path+".clusters", e),
	}
}

// sources refuses two places for one secret, of which one would silently lose.
func (r *reader) sources(path string, e entry) {
	given := 0
	for _, file := range []string{e.Git.TokenFile, e.Git.CredentialFile, e.Git.NetrcFile} {
		if file != "" {
			given++
		}
	}
	if given > 1 {
		r.problem(path, "give a tokenFile, a credentialFile or a netrcFile, and one of them")
	}
}

func (r *reader) host(path string, e entry) host.Config {
	kinds := []string{"", string(host.GitHub), string(host.GitLab), string(host.Gitea), string(host.Git)}
	if !slices.Contains(kinds, e.Host.Kind) {
		r.problem(path+".kind", "%q is no Git host; write one of %s", e.Host.Kind, strings.Join(kinds[1:], ", "))
	}
	app := host.App{ID: e.Host.App.ID, Installation: e.Host.App.Installation, KeyFile: e.Host.App.KeyFile}
	if app != (host.App{}) && e.Host.TokenFile != "" {
		r.problem(path, "give a tokenFile or an app, not both")
	}
	return host.Config{Kind: host.Kind(e.Host.Kind), URL: e.Host.URL, TokenFile: e.Host.TokenFile, App: app}
}

// pins are the clusters that follow something else, by what they follow.
func (r *reader) pins(path string, e entry) []Pin {
	clusters := map[ref][]string{}
	for _, name := range slices.Sorted(maps.Keys(e.Clusters)) {
		at := e.Clusters[name]
		git := gitrepo.Config{URL: e.URL, Branch: at.Branch, Tag: at.Tag, Commit: at.Commit}
		if err := git.Check(); err != nil {
			r.problem(path+"."+name, "%v", err)
		}
		if at == (ref{}) {
			r.problem(path+"."+name, "say what it follows: a branch, a tag or a commit")
		}
		clusters[at] = append(clusters[at], name)
	}
	var pins []Pin
	for at, names := range clusters {
		pins = append(pins, Pin{Branch: at.Branch, Tag: at.Tag, Commit: at.Commit, Clusters: names})
	}
	slices.SortFunc(pins, func(a, b Pin) int { return cmp.Compare(a.Clusters[0], b.Clusters[0]) })
	return pins
}
