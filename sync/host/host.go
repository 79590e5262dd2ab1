// Package host answers: what does the place that holds the repository know beyond Git, and how is
// something said there?
//
// Start reading at Host, the one interface, and at Open, which chooses among its makes: github.go,
// gitlab.go, gitea.go and plain.go, one file each. All requests go through exchange.go, which keeps time
// and size in bounds, obeys rate limits and turns every answer that is not a success into one of the
// classes of errors.go. What a host answers is data from outside: bounded, and never trusted for who wrote
// it unless the host itself says so. It imports the three makers' own clients, and commitstatus for what
// a status is.
package host

import (
	"context"
	"fmt"
	"time"

	"github.com/quorate/quorate/sync/commitstatus"
)

// Host is a repository's Git host. Its methods may be called side by side. Their errors are of one of the
// classes of this package, or the context's.
type Host interface {
	// String names the host for people: "GitHub at github.com".
	String() string

	// Post replaces the status of a commit in a context. A status that will never be accepted is
	// commitstatus.ErrRejected.
	Post(ctx context.Context, s commitstatus.Status) error

	// PullRequests lists the open ones, by number.
	PullRequests(ctx context.Context) ([]PullRequest, error)

	// Changed lists the files that a pull request touches.
	Changed(ctx context.Context, number int) (Changed, error)

	// Keep makes a remark the one comment of ours with its name on a pull request: written if there is
	// none, edited in place if it says something else, left alone if it says the same.
	Keep(ctx context.Context, number int, r Remark) error

	// Remarks are those of ours on a pull request, by name.
	Remarks(ctx context.Context, number int) (map[string]Comment, error)

	// Comments lists what people wrote on a pull request and was made or edited since, oldest first.
	Comments(ctx context.Context, number int, since time.Time) ([]Comment, error)

	// Role says what a user may do in the repository. Whoever the host does not know may do nothing.
	Role(ctx context.Context, user string) (Role, error)

	// Reviews lists each reviewer's last word, by name.
	Reviews(ctx context.Context, number int) ([]Review, error)
}

// PullRequest is an open pull request; GitLab calls it a merge request.
type PullRequest struct {
	Number int
	Head   string // commit to be merged, 40 hex digits
	// HeadRef is where the base repository keeps the head, also that of a fork: refs/pull/7/head.
	HeadRef string
	Base    string // branch to merge into
	// BaseCommit is the tip of Base when the list was made.
	BaseCommit string
	Author     string
	MergedBy   string // empty while it is open
	Fork       bool   // the head comes from another repository
	Draft      bool
	URL        string // where people read it
	// Updated moves with every change, comments and reviews among them; hosts count in seconds.
	Updated time.Time
}

// Changed is what a pull request touches. A file that moved is there under both names.
type Changed struct {
	Files []string // sorted
	// Truncated says that the host does not tell them all: anything may have changed.
	Truncated bool
}

// Comment is what somebody wrote on a pull request.
type Comment struct {
	ID     int64
	Author string
	Body   string
	At     time.Time // when it was made or last edited
	// Edited says that the text may be somebody else's: hosts let those who may write to a repository
	// edit the comments of those who administer it.
	Edited bool
}

// Role is what a user may do in a repository.
type Role int

// Each role includes those before it.
const (
	None  Role = iota // includes who is not known
	Read              // GitLab: guest, planner, reporter
	Write             // GitHub: write and maintain; GitLab: developer
	Admin             // GitLab: maintainer and owner; Gitea: admin and owner
)

func (r Role) String() string {
	names := [...]string{"none", "read", "write", "admin"}
	if r < None || int(r) >= len(names) {
		return fmt.Sprintf("Role(%d)", int(r))
	}
	return names[r]
}

// Review is a reviewer's last word on a pull request.
type Review struct {
	Author string
	// Commit is the head that was looked at; empty if the host does not say.
	Commit   string
	Approved bool // false: changes were asked for, or the approval was dismissed
	At       time.Time
}

// Kind is a make of Git host.
type Kind string

// Git is any repository: statuses are Git notes, and there are no pull requests.
const (
	Git    Kind = "git"
	GitHub Kind = "github" // github.com and GitHub Enterprise
	GitLab Kind = "gitlab" // gitlab.com and self-managed
	Gitea  Kind = "gitea"  // Gitea and Forgejo, as on codeberg.org
)

// Config says which host, and as whom to speak to it.
type Config struct {
	// Repository is the address that Git uses: a path, or a file, https or ssh URL.
	Repository string
	// Kind is the make of the host; empty to tell it by the address, which only knows the public ones.
	Kind Kind
	// URL is the host's web address, if it is not that of the repository: https://git.example.com/gitea.
	URL string
	// TokenFile holds an access token and is read anew for each request, so that it may be rotated.
	TokenFile string
	// App speaks as a GitHub App rather than with a token.
	App App
	// Notes is how plain Git posts.
	Notes commitstatus.Poster
}

// Locate says which make of host the repository is on, and its path there: owner/name.
func Locate(cfg Config) (Kind, string, error) {
	at, err := locate(cfg)
	return at.kind, at.path, err
}

// Open chooses the host. It asks nothing of it yet.
func Open(cfg Config) (Host, error) {
	at, err := locate(cfg)
	if err != nil {
		return nil, err
	}
	if at.kind == Git {
		return plain{cfg.Notes}, nil
	}
	as, err := cfg.credential()
	if err != nil {
		return nil, fmt.Errorf("speak to %s: %w", at, err)
	}
	switch at.kind {
	case GitHub:
		return newGitHub(at, cfg, as)
	case GitLab:
		return newGitLab(at, as)
	default:
		return newGitea(at, as), nil
	}
}
