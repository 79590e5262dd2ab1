package promotion

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/quorate/quorate/sync/gitrepo"
	"github.com/quorate/quorate/sync/host"
	"github.com/quorate/quorate/sync/rules"
)

// History is the part of a repository that the rules are decided from; gitrepo.Repo is one.
type History interface {
	File(commit, path string) ([]byte, error)
	Landings(older, newer string, touches func(path string) bool) ([]gitrepo.Landing, error)
}

// Reviews is the part of a Git host that knows who agreed to what; a host.Host is one.
type Reviews interface {
	// Merged is the pull request that brought a commit to a branch; host.ErrNotFound if none did.
	Merged(ctx context.Context, branch, commit string) (host.PullRequest, error)
	Reviews(ctx context.Context, number int) ([]host.Review, error)
	Role(ctx context.Context, user string) (host.Role, error)
	host.Teams
}

// Approval is somebody's word on a pull request for exactly what the manifests of a cluster say.
type Approval struct{ By, Author string }

// origins tells how changes came to the branch, and who agreed to them.
type origins struct {
	history   History
	reviews   Reviews
	commented func(cluster, digest string) []Approval
	branch    string

	parts memo[part]
	roles memo[host.Role]
	teams memo[bool] // by team and user
}

// indexLimit is how long a host may take to know which pull request brought a commit.
const indexLimit = 2 * time.Minute

func newOrigins(cfg Config) *origins {
	return &origins{history: cfg.History, reviews: cfg.Reviews, commented: cfg.Approvals, branch: cfg.Branch}
}

// change is what somebody asks about: the files of a cluster as of the head, what they say, and the commit that it
// was carried out at before.
type change struct{ head, base, unit, path, cluster, digest string }

// touches reports whether a file belongs to the cluster.
func (c change) touches(path string) bool {
	return c.unit == "" || c.unit == "." || path == c.path || path == c.unit || strings.HasPrefix(path, c.unit+"/")
}

// origin is how a change came, and who agreed to it.
type origin struct {
	// author of the last part of it; by is who put the head on its branch, and vouched that a host says so.
	author, by string
	vouched    bool
	// pullRequest is the last part's; empty if it had none.
	pullRequest string
	// approvals are of people who agreed to every part, or to what they come to, and wrote none; owners own all
	// parts.
	approvals []rules.Person
	owners    []string
	// unknown says why there may be approvals that do not count; doubt, that it must be asked again.
	unknown, doubt string
}

func (o origin) approvers() string {
	var names []string
	for _, p := range o.approvals {
		names = append(names, p.Name)
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ", ")
}

// part is what a host says of one landing.
type part struct {
	found       bool
	pullRequest host.PullRequest
	approved    []string
	// against are those whose last word is no approval.
	against []string
	stale   int
}

// of asks for every part of a change. A change has as many parts as its branch has landings that touch the cluster and
// were not carried out yet: what one pull request is approved of must not carry in another's.
func (o *origins) of(ctx context.Context, c change) origin {
	unknown := func(err error) origin { return origin{doubt: "the Git host does not say who approved: " + err.Error()} }
	head, err := o.part(ctx, c.head)
	if err != nil {
		return unknown(err)
	}
	landings, err := o.history.Landings(c.base, c.head, c.touches)
	if err != nil {
		return origin{doubt: "nobody can tell which commits bring the change: " + err.Error()}
	}
	out := origin{by: head.pullRequest.MergedBy, vouched: head.pullRequest.MergedBy != ""}
	if o.reviews == nil {
		out.unknown = "nobody here knows of approvals; they are asked of a Git host that has pull requests (--host)"
	}
	var parts []part
	for i, l := range landings {
		p, err := o.part(ctx, l.Hash)
		if err != nil {
			return unknown(err)
		}
		parts = append(parts, p)
		if err := o.join(&out, l, p, c, i == 0); err != nil {
			return unknown(err)
		}
	}
	said, err := o.said(ctx, c, parts)
	if err != nil {
		return unknown(err)
	}
	out.approvals = slices.DeleteFunc(append(out.approvals, said...), func(p rules.Person) bool {
		return slices.ContainsFunc(parts, func(part part) bool { return strings.EqualFold(part.pullRequest.Author, p.Name) })
	})
	return out
}

// join takes in one part of a change, newest first.
func (o *origins) join(out *origin, l gitrepo.Landing, p part, c change, first bool) error {
	owners, err := o.owners(l, c)
	if err != nil {
		return err
	}
	var people []rules.Person
	for _, name := range p.approved {
		people = append(people, rules.Person{Name: name})
	}
	if first {
		out.author, out.approvals, out.owners = l.Author, people, owners
	} else {
		out.approvals = both(out.approvals, people, func(p rules.Person) string { return p.Name })
		out.owners = both(out.owners, owners, func(name string) string { return name })
	}
	switch {
	case o.reviews == nil:
	case !p.found && time.Since(l.When) < indexLimit:
		out.doubt = fmt.Sprintf("the Git host does not know yet how commit %.10s came", l.Hash)
	case !p.found:
		out.unknown = fmt.Sprintf("commit %.10s came by no pull request", l.Hash)
	default:
		if first {
			out.author, out.pullRequest = p.pullRequest.Author, p.pullRequest.URL
		}
		if p.stale > 0 {
			out.unknown = fmt.Sprintf("%d of pull request %d are for an earlier version of it", p.stale, p.pullRequest.Number)
		}
	}
	return nil
}

// said are those who agreed by a comment to exactly what the manifests say now. That is all parts at once, so it does
// not matter on which pull request they said so; but everybody who wrote one must be known, for their word does not
// count, and neither does that of whoever had second thoughts.
func (o *origins) said(ctx context.Context, c change, parts []part) ([]rules.Person, error) {
	if o.commented == nil || len(parts) == 0 || slices.ContainsFunc(parts, func(p part) bool { return !p.found }) {
		return nil, nil
	}
	var people []rules.Person
	for _, a := range o.commented(c.cluster, c.digest) {
		is := func(name string) bool { return strings.EqualFold(name, a.By) }
		if is(a.Author) || slices.ContainsFunc(parts, func(p part) bool { return slices.ContainsFunc(p.against, is) }) {
			continue
		}
		may, err := o.mayWrite(ctx, a.By)
		if err != nil {
			return nil, err
		}
		if may {
			people = append(people, rules.Person{Name: a.By})
		}
	}
	return people, nil
}

// both are those of the first list whose name is in the second, too.
func both[T any](one, other []T, name func(T) string) []T {
	return slices.DeleteFunc(one, func(a T) bool {
		return !slices.ContainsFunc(other, func(b T) bool { return strings.EqualFold(name(a), name(b)) })
	})
}

// part asks the host about one commit.
func (o *origins) part(ctx context.Context, commit string) (part, error) {
	if o.reviews == nil {
		return part{}, nil
	}
	return o.parts.get(commit, func() (part, error) { return o.ask(ctx, commit) })
}

func (o *origins) ask(ctx context.Context, commit string) (part, error) {
	pr, err := o.reviews.Merged(ctx, o.branch, commit)
	if errors.Is(err, host.ErrNotFound) {
		return part{}, nil
	}
	if err != nil {
		return part{}, err
	}
	p := part{found: true, pullRequest: pr}
	given, err := o.reviews.Reviews(ctx, pr.Number)
	if err != nil {
		return p, err
	}
	for _, r := range given {
		switch {
		case !r.Approved:
			p.against = append(p.against, r.Author)
		case r.Commit != "" && r.Commit != pr.Head:
			p.stale++ // unless a host gives approvals to the pull request as a whole, they are for what was seen
		default:
			may, err := o.mayWrite(ctx, r.Author)
			if err != nil {
				return p, err
			}
			if may {
				p.approved = append(p.approved, r.Author)
			}
		}
	}
	return p, nil
}

// mayWrite tells whose word counts: anybody may approve of a public pull request.
func (o *origins) mayWrite(ctx context.Context, user string) (bool, error) {
	role, err := o.roles.get(user, func() (host.Role, error) { return o.reviews.Role(ctx, user) })
	return role >= host.Write, err
}

// owners are those whom the repository named before the landing: nobody appoints the owners of their own change.
func (o *origins) owners(l gitrepo.Landing, c change) ([]string, error) {
	touched := slices.DeleteFunc(slices.Clone(l.Paths), func(path string) bool { return !c.touches(path) })
	for _, name := range rules.OwnersFiles {
		if l.Parent == "" {
			break
		}
		data, err := o.history.File(l.Parent, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return rules.Owners(data, touched)
	}
	return nil, nil
}
