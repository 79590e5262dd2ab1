package host

import (
	"cmp"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

// address is a repository on a host.
type address struct {
	kind Kind
	web  *url.URL // of the host, without a slash at the end
	path string   // of the repository on the host: owner/name; GitLab has groups within groups
}

// String names the host, not the repository.
func (a address) String() string {
	makes := map[Kind]string{Git: "Git", GitHub: "GitHub", GitLab: "GitLab", Gitea: "Gitea"}
	if a.web == nil {
		return makes[a.kind]
	}
	return makes[a.kind] + " at " + a.web.Host + a.web.Path
}

// known are the hosts that are told by their name alone.
var known = map[string]Kind{
	"github.com":   GitHub,
	"gitlab.com":   GitLab,
	"codeberg.org": Gitea,
	"gitea.com":    Gitea,
}

// KindOf tells the make of a repository's host by its address; Git if it is none of the public ones.
func KindOf(repository string) Kind {
	u, ok := parseRepository(repository)
	if !ok {
		return Git
	}
	return cmp.Or(known[strings.ToLower(u.Hostname())], Git)
}

// scp is the short form of ssh: git@example.com:owner/name.git
var scp = regexp.MustCompile(`^(?:[^@/:]+@)?([^/:@\[\]]{2,}):([^/].*)$`)

// parseRepository understands what is on a host, and turns away what is on this machine.
func parseRepository(repository string) (*url.URL, bool) {
	if m := scp.FindStringSubmatch(repository); m != nil && !strings.Contains(repository, "://") {
		return &url.URL{Scheme: "ssh", Host: m[1], Path: "/" + m[2]}, true
	}
	u, err := url.Parse(repository)
	if err != nil || u.Hostname() == "" {
		return nil, false
	}
	switch u.Scheme {
	case "https", "http", "ssh":
		return u, true
	}
	return nil, false
}

func locate(cfg Config) (address, error) {
	at := address{kind: cmp.Or(cfg.Kind, KindOf(cfg.Repository))}
	switch at.kind {
	case Git:
		return at, nil
	case GitHub, GitLab, Gitea:
	default:
		return at, fmt.Errorf("host %q: not one of github, gitlab, gitea, git", cfg.Kind)
	}
	repository, ok := parseRepository(cfg.Repository)
	if !ok {
		return at, fmt.Errorf("%s needs a repository with an https or ssh URL, not a folder", at.kind)
	}
	var err error
	if at.web, err = webAddress(cfg.URL, repository); err != nil {
		return at, err
	}
	at.path = strings.TrimSuffix(strings.Trim(repository.Path, "/"), ".git")
	if repository.Scheme != "ssh" { // an https URL holds the folder that the host is served from
		at.path = strings.TrimPrefix(at.path, strings.TrimPrefix(at.web.Path, "/")+"/")
	}
	parts := strings.Count(at.path, "/") + 1
	if parts < 2 || (parts > 2 && at.kind != GitLab) || strings.Contains(at.path, "//") {
		return at, fmt.Errorf("%s: %q is not owner/name; if the host is served from a folder, give its URL", at.kind, at.path)
	}
	return at, nil
}

// webAddress is where the host is: as given, or where the repository is.
func webAddress(given string, repository *url.URL) (*url.URL, error) {
	if given == "" {
		if repository.Scheme == "ssh" {
			return &url.URL{Scheme: "https", Host: repository.Hostname()}, nil
		}
		return secure(&url.URL{Scheme: repository.Scheme, Host: repository.Host})
	}
	u, err := url.Parse(given)
	if err != nil || u.Hostname() == "" || (u.Scheme != "https" && u.Scheme != "http") || u.RawQuery != "" || u.User != nil {
		return nil, fmt.Errorf("host URL: must be like https://git.example.com, without a user or a query")
	}
	return secure(&url.URL{Scheme: u.Scheme, Host: u.Host, Path: strings.TrimSuffix(u.Path, "/")})
}

// secure turns away a host that a token would reach in the clear.
func secure(u *url.URL) (*url.URL, error) {
	if u.Scheme == "https" || loopback(u.Hostname()) {
		return u, nil
	}
	return nil, fmt.Errorf("host %s: a token is only sent over https", u.Host)
}

func loopback(name string) bool {
	addr, err := netip.ParseAddr(name)
	return name == "localhost" || (err == nil && addr.IsLoopback())
}

// api is the root of the host's API with a slash at the end.
//
// GitHub: https://docs.github.com/en/rest/using-the-rest-api/getting-started-with-the-rest-api, and
// https://docs.github.com/en/enterprise-cloud@latest/admin/data-residency for ghe.com.
func (a address) api() *url.URL {
	name := strings.ToLower(a.web.Host)
	switch {
	case a.kind == GitHub && (name == "github.com" || strings.HasSuffix(name, ".ghe.com")):
		return &url.URL{Scheme: "https", Host: "api." + name, Path: "/"}
	case a.kind == GitHub:
		return a.web.JoinPath("api/v3/")
	case a.kind == GitLab:
		return a.web.JoinPath("api/v4/")
	default:
		return a.web.JoinPath("api/v1/")
	}
}

// owner and name of a host that has no groups within groups.
func (a address) split() (owner, name string) {
	owner, name, _ = strings.Cut(a.path, "/")
	return owner, name
}
