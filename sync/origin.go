package sync

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
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
}

// origins tells how changes came to the branch, and who agreed to them.
type origins struct {
	history History
	reviews Reviews
	branch  string

	mu sync.Mutex
	// asked are answers of the host by commit, good for askedLimit: a roll asks each few seconds.
	asked map[string]answer
}

// askedLimit is how long an approval that was taken back may still count.
const askedLimit = time.Minute

// indexLimit is how long a host may take to know which pull request brought a commit.
const indexLimit = 2 * time.Minute

func newOrigins(cfg PromotionConfig) *origins {
	return &origins{history: cfg.History, reviews: cfg.Reviews, branch: cfg.Branch, asked: map[string]answer{}}
}

// change is what somebody asks about: the files of a cluster as of the head, and the commit that it was carried
// out at before.
type change struct{ head, base, unit, path string }

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
	// approvals are of people who agreed to every part, and wrote none; owners own all parts.
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
	return strings.Join(names, ", ")
}

// answer is what a host says of one commit.
type answer struct {
	found       bool
	pullRequest host.PullRequest
	approved    []string
	stale       int
	at          time.Time
}

// of asks for every part of a change. A change has as many parts as its branch has landings that touch the cluster and
// were not carried out yet: what one pull request is approved of must not carry in another's.
func (o *origins) of(ctx context.Context, c change) origin {
	head, err := o.part(ctx, c.head)
	if err != nil {
		return origin{doubt: "the Git host does not say who approved: " + err.Error()}
	}
	out := origin{by: head.pullRequest.MergedBy, vouched: head.pullRequest.MergedBy != ""}
	landings, err := o.history.Landings(c.base, c.head, c.touches)
	if err != nil {
		out.doubt = "nobody can tell which commits bring the change: " + err.Error()
		return out
	}
	if o.reviews == nil {
		out.unknown = "nobody here knows of approvals; they are asked of a Git host that has pull requests (--host)"
	}
	if len(landings) > 0 {
		out.author = landings[0].Author
	}
	var authors []string
	for i, l := range landings {
		if err := o.join(ctx, &out, l, c, i == 0, &authors); err != nil {
			return origin{doubt: "the Git host does not say who approved: " + err.Error()}
		}
	}
	out.approvals = slices.DeleteFunc(out.approvals, func(p rules.Person) bool {
		return slices.ContainsFunc(authors, func(a string) bool { return strings.EqualFold(a, p.Name) })
	})
	return out
}

// join takes in one part of a change, newest first.
func (o *origins) join(ctx context.Context, out *origin, l gitrepo.Landing, c change, first bool, authors *[]string) error {
	a, err := o.part(ctx, l.Hash)
	if err != nil {
		return err
	}
	owners, err := o.owners(l, c)
	if err != nil {
		return err
	}
	var people []rules.Person
	for _, name := range a.approved {
		people = append(people, rules.Person{Name: name})
	}
	if first {
		out.approvals, out.owners = people, owners
	} else {
		out.approvals = both(out.approvals, people, func(p rules.Person) string { return p.Name })
		out.owners = both(out.owners, owners, func(name string) string { return name })
	}
	*authors = append(*authors, a.pullRequest.Author)
	switch {
	case o.reviews == nil:
	case !a.found && time.Since(l.When) < indexLimit:
		out.doubt = fmt.Sprintf("the Git host does not know yet how commit %.10s came", l.Hash)
	case !a.found:
		out.unknown = fmt.Sprintf("commit %.10s came by no pull request", l.Hash)
	default:
		if first {
			out.author, out.pullRequest = a.pullRequest.Author, a.pullRequest.URL
		}
		if a.stale > 0 {
			out.unknown = fmt.Sprintf("%d of pull request %d are for an earlier version of it", a.stale, a.pullRequest.Number)
		}
	}
	return nil
}

// both are those of the first list whose name is in the second, too.
func both[T any](one, other []T, name func(T) string) []T {
	return slices.DeleteFunc(one, func(a T) bool {
		return !slices.ContainsFunc(other, func(b T) bool { return strings.EqualFold(name(a), name(b)) })
	})
}

// part asks the host about one commit.
func (o *origins) part(ctx context.Context, commit string) (answer, error) {
	if o.reviews == nil {
		return answer{}, nil
	}
	o.mu.Lock()
	a, known := o.asked[commit]
	o.mu.Unlock()
	if known && time.Since(a.at) < askedLimit {
		return a, nil
	}
	a, err := o.ask(ctx, commit)
	if err != nil {
		return answer{}, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for old, a := range o.asked {
		if time.Since(a.at) >= askedLimit {
			delete(o.asked, old)
		}
	}
	o.asked[commit] = a
	return a, nil
}

func (o *origins) ask(ctx context.Context, commit string) (answer, error) {
	a := answer{at: time.Now()}
	var err error
	a.pullRequest, err = o.reviews.Merged(ctx, o.branch, commit)
	if errors.Is(err, host.ErrNotFound) {
		return a, nil
	}
	if err != nil {
		return a, err
	}
	a.found = true
	given, err := o.reviews.Reviews(ctx, a.pullRequest.Number)
	if err != nil {
		return a, err
	}
	for _, r := range given {
		switch {
		case !r.Approved:
		case r.Commit != "" && r.Commit != a.pullRequest.Head:
			a.stale++ // unless a host gives approvals to the pull request as a whole, they are for what was seen
		default:
			// Anybody may approve of a public pull request; only who may write counts.
			role, err := o.reviews.Role(ctx, r.Author)
			if err != nil {
				return a, err
			}
			if role >= host.Write {
				a.approved = append(a.approved, r.Author)
			}
		}
	}
	return a, nil
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
