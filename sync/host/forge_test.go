package host_test

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/quorate/quorate/sync/commitstatus"
	"github.com/quorate/quorate/sync/host"
)

// forge is what a Git host knows of one repository. The shapes of GitHub and GitLab speak of it, each in
// its own words.
type forge struct {
	mu    sync.Mutex
	roles map[string]host.Role
	// posted has the latest of each context behind those before.
	posted    map[string][]commitstatus.Status // by commit
	proposals []*proposal
	lastID    int64
}

type proposal struct {
	number       int
	author, head string
	fork         bool
	files        []string
	comments     []*comment
	approvals    []approval
	opened       time.Time
	// merged is the commit that brought it, empty while it is open, and by whom.
	merged, mergedBy string
}

type comment struct {
	id            int64
	author, body  string
	made, changed time.Time
}

type approval struct {
	reviewer, head string
	at             time.Time
}

// sre is the team acme/sre, and bob alone is in it.
const sre = "acme/sre"

const forgeTip = "6dcb09b5b57875f334f61aebed695e2e4193db5e"

func newForge() *forge {
	return &forge{
		roles:  map[string]host.Role{"robot": host.Admin, "ada": host.Admin, "bob": host.Write, "cleo": host.Read, "mallory": host.None},
		posted: map[string][]commitstatus.Status{},
	}
}

// now is in seconds, as the hosts' is.
func (f *forge) now() time.Time { return time.Now().UTC().Truncate(time.Second) }

func (f *forge) id() int64 {
	f.lastID++
	return f.lastID
}

// userID is a person's number.
func (f *forge) userID(name string) int {
	return 100 + slices.Index(slices.Sorted(maps.Keys(f.roles)), name)
}

func (f *forge) knows(commit string) bool {
	return commit == forgeTip || slices.ContainsFunc(f.proposals, func(p *proposal) bool { return p.head == commit || p.merged == commit })
}

// with are the proposals that brought a commit, or hold it.
func (f *forge) with(commit string) []*proposal {
	return slices.DeleteFunc(slices.Clone(f.proposals), func(p *proposal) bool { return p.head != commit && p.merged != commit })
}

// open are those that nobody merged.
func (f *forge) open() []*proposal {
	return slices.DeleteFunc(slices.Clone(f.proposals), func(p *proposal) bool { return p.merged != "" })
}

func (f *forge) proposal(number string) *proposal {
	for _, p := range f.proposals {
		if fmt.Sprint(p.number) == number {
			return p
		}
	}
	return nil
}

// comment finds one, and the pull request that it is on.
func (f *forge) comment(id string) (*proposal, *comment) {
	for _, p := range f.proposals {
		for _, c := range p.comments {
			if fmt.Sprint(c.id) == id {
				return p, c
			}
		}
	}
	return nil, nil
}

func (f *forge) remark(p *proposal, author, body string) *comment {
	c := &comment{id: f.id(), author: author, body: body, made: f.now(), changed: f.now()}
	p.comments = append(p.comments, c)
	return c
}

// forgeGround is people at a forge, without any API between.
type forgeGround struct {
	*forge

	sky *sky
}

func (g *forgeGround) weather() weather { return g.sky }

func (g *forgeGround) reviewed() bool { return true }

func (g *forgeGround) page() int { return 100 }

func (g *forgeGround) commit(*testing.T) string { return forgeTip }

func (g *forgeGround) statuses(_ *testing.T, commit string) map[string]string {
	g.mu.Lock()
	defer g.mu.Unlock()
	seen := map[string]string{}
	for _, s := range g.posted[commit] {
		seen[s.Context] = string(s.State) + ": " + s.Description
	}
	return seen
}

func (g *forgeGround) propose(_ *testing.T, author string, fork bool, files ...string) (number int, head string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	number = len(g.proposals) + 1
	p := &proposal{number: number, author: author, head: fmt.Sprintf("%040x", 0xabc000+number), fork: fork, files: slices.Sorted(slices.Values(files)), opened: g.now()}
	g.proposals = append(g.proposals, p)
	return number, p.head
}

func (g *forgeGround) proposeMany(t *testing.T, count int) {
	for range count {
		g.propose(t, "bob", false, "many")
	}
}

func (g *forgeGround) say(_ *testing.T, number int, author, body string) int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.remark(g.proposal(fmt.Sprint(number)), author, body).id
}

func (g *forgeGround) reword(_ *testing.T, _ int, id int64, body string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	_, c := g.forge.comment(fmt.Sprint(id))
	c.body, c.changed = body, g.now()
}

func (g *forgeGround) approve(_ *testing.T, number int, reviewer string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.proposal(fmt.Sprint(number))
	p.approvals = append(p.approvals, approval{reviewer, p.head, g.now()})
}

func (g *forgeGround) merge(_ *testing.T, number int, _ string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.proposal(fmt.Sprint(number))
	p.merged, p.mergedBy = fmt.Sprintf("%040x", 0xdef000+number), "ada"
	return p.merged
}

func (g *forgeGround) comments(_ *testing.T, number int) []said {
	g.mu.Lock()
	defer g.mu.Unlock()
	var all []said
	for _, c := range g.proposal(fmt.Sprint(number)).comments {
		all = append(all, said{c.author, c.body})
	}
	return all
}

func (p *proposal) drop(c *comment) {
	p.comments = slices.DeleteFunc(p.comments, func(other *comment) bool { return other == c })
}
