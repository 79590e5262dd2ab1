package host

import "testing"

func TestTheHostIsToldByTheAddress(t *testing.T) {
	for _, c := range []struct{ repository, kind, url, want, path, api string }{
		{"https://github.com/acme/clusters.git", "", "", "GitHub at github.com", "acme/clusters", "https://api.github.com/"},
		{"git@github.com:acme/clusters.git", "", "", "GitHub at github.com", "acme/clusters", "https://api.github.com/"},
		{"ssh://git@github.com:22/acme/clusters", "", "", "GitHub at github.com", "acme/clusters", "https://api.github.com/"},
		{"https://GitHub.com/acme/clusters/", "", "", "GitHub at GitHub.com", "acme/clusters", "https://api.github.com/"},
		{"https://acme.ghe.com/a/b", "github", "", "GitHub at acme.ghe.com", "a/b", "https://api.acme.ghe.com/"},
		{"https://git.example.com/a/b", "github", "", "GitHub at git.example.com", "a/b", "https://git.example.com/api/v3/"},
		{"https://gitlab.com/acme/infra/clusters.git", "", "", "GitLab at gitlab.com", "acme/infra/clusters", "https://gitlab.com/api/v4/"},
		{"git@gitlab.example.com:acme/infra/clusters.git", "gitlab", "", "GitLab at gitlab.example.com", "acme/infra/clusters", "https://gitlab.example.com/api/v4/"},
		{"https://example.com/gitlab/acme/clusters", "gitlab", "https://example.com/gitlab/", "GitLab at example.com/gitlab", "acme/clusters", "https://example.com/gitlab/api/v4/"},
		{"https://codeberg.org/acme/clusters", "", "", "Gitea at codeberg.org", "acme/clusters", "https://codeberg.org/api/v1/"},
		{"ssh://git@git.example.com:2222/acme/clusters.git", "gitea", "https://git.example.com:3000", "Gitea at git.example.com:3000", "acme/clusters", "https://git.example.com:3000/api/v1/"},
		{"http://127.0.0.1:3000/acme/clusters", "gitea", "", "Gitea at 127.0.0.1:3000", "acme/clusters", "http://127.0.0.1:3000/api/v1/"},
	} {
		at, err := locate(Config{Repository: c.repository, Kind: Kind(c.kind), URL: c.url})
		if err != nil {
			t.Errorf("%s: %v", c.repository, err)
			continue
		}
		if at.String() != c.want || at.path != c.path || at.api().String() != c.api {
			t.Errorf("%s is %s, %s, %s", c.repository, at, at.path, at.api())
		}
	}
}

func TestARepositoryWithoutAKnownHostIsPlainGit(t *testing.T) {
	for _, repository := range []string{
		"/srv/git/clusters.git", "file:///srv/git/clusters.git", "https://git.example.com/a/b", "git@example.com:a/b",
		`C:\clusters`, "", "https://", "github.com/acme/clusters", "https://evilgithub.com/a/b", "https://github.com.evil.example/a/b",
	} {
		if kind := KindOf(repository); kind != Git {
			t.Errorf("%q is at %s", repository, kind)
		}
	}
}

func TestAnAddressThatCannotBeUsedIsSaid(t *testing.T) {
	for _, cfg := range []Config{
		{Repository: "https://github.com/acme"},
		{Repository: "https://github.com/acme/a/b"},
		{Repository: "https://github.com/acme//b"},
		{Repository: "/srv/git/a", Kind: GitLab},
		{Repository: "https://github.com/a/b", Kind: "sourceforge"},
		{Repository: "http://git.example.com/a/b", Kind: Gitea},
		{Repository: "https://git.example.com/a/b", Kind: Gitea, URL: "http://git.example.com"},
		{Repository: "https://git.example.com/a/b", Kind: Gitea, URL: "ftp://git.example.com"},
		{Repository: "https://git.example.com/a/b", Kind: Gitea, URL: "https://me:secret@git.example.com"},
		{Repository: "https://git.example.com/a/b", Kind: Gitea},
		{Repository: "https://git.example.com/a/b", Kind: Gitea, TokenFile: "x", App: App{ID: 1}},
	} {
		if h, err := Open(cfg); err == nil {
			t.Errorf("%+v is %s", cfg, h)
		} else {
			t.Log(err)
		}
	}
}
