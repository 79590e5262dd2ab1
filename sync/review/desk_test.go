package review

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quorate/quorate/actual"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/examples"
	quorate "github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/sync/commitstatus"
	"github.com/quorate/quorate/sync/gitrepo"
	"github.com/quorate/quorate/sync/host"
	"github.com/quorate/quorate/sync/rules"
	"github.com/quorate/quorate/topology"
)

// desk is a Git host, a repository and an AWS without anything, in memory.
type desk struct {
	mu       sync.Mutex
	commits  map[string]map[string]string // commit → unit path, or quorate.yaml → text
	refs     map[string]string
	pulls    map[int]host.PullRequest
	comments map[int][]host.Comment
	roles    map[string]host.Role
	reviews  map[int][]host.Review
	posted   []commitstatus.Status
	kept     int // how often a comment was written
	down     error
	mum      bool  // about roles
	last     int64 // number of a comment

	looks []string
	// sees is what AWS answers of a cluster; nothing is there unless it is set.
	sees func(c desired.Cluster) (actual.State, error)
}

const robot = "robot"

func newDesk() *desk {
	return &desk{
		commits: map[string]map[string]string{}, refs: map[string]string{}, pulls: map[int]host.PullRequest{},
		comments: map[int][]host.Comment{}, reviews: map[int][]host.Review{},
		roles: map[string]host.Role{"ada": host.Admin, "bob": host.Write, "cleo": host.Read},
	}
}

func hash(name string) string { return strings.Repeat(name, 40)[:40] }

// push moves the branch.
func (d *desk) push(name string, files map[string]string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.commits[hash(name)] = files
	d.refs["refs/heads/main"] = hash(name)
	for number, pr := range d.pulls {
		pr.BaseCommit = hash(name)
		d.pulls[number] = pr
	}
}

// propose opens a pull request, or pushes to it.
func (d *desk) propose(number int, name string, files map[string]string, more ...func(*host.PullRequest)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.commits[hash(name)] = files
	ref := "refs/pull/" + string(rune('0'+number)) + "/head"
	d.refs[ref] = hash(name)
	pr := host.PullRequest{Number: number, Head: hash(name), HeadRef: ref, Base: "main", BaseCommit: d.refs["refs/heads/main"], Author: "bob", Updated: time.Now()}
	for _, set := range more {
		set(&pr)
	}
	d.pulls[number] = pr
}

// say writes a comment.
func (d *desk) say(number int, author, body string) int64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.write(number, author, body)
}

func (d *desk) write(number int, author, body string) int64 {
	d.last++
	id := d.last
	d.comments[number] = append(d.comments[number], host.Comment{ID: id, Author: author, Body: body, At: time.Now()})
	pr := d.pulls[number]
	pr.Updated = time.Now()
	d.pulls[number] = pr
	return id
}

// written is how often a comment was.
func (d *desk) written() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.kept
}

// touch lets the host tell that something of the pull request is new.
func (d *desk) touch(number int) {
	pr := d.pulls[number]
	pr.Updated = time.Now()
	d.pulls[number] = pr
}

func (d *desk) grant(user string, role host.Role) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.roles[user] = role
}

// refuseRoles lets the host keep to itself who may do what.
func (d *desk) refuseRoles(so bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.mum = so
}

// blind makes AWS answer with the error.
func (d *desk) blind(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sees = func(desired.Cluster) (actual.State, error) { return actual.State{}, err }
}

// plan is our comment with the plan.
func (d *desk) plan(number int) host.Comment {
	ours, _ := d.Remarks(context.Background(), number)
	return ours["plan"]
}

// alter edits a comment, as whoever may write here can.
func (d *desk) alter(number int, id int64, how func(*host.Comment)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range d.comments[number] {
		if d.comments[number][i].ID == id {
			how(&d.comments[number][i])
		}
	}
	d.touch(number)
}

// drop throws a comment away.
func (d *desk) drop(number int, id int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.comments[number] = slices.DeleteFunc(d.comments[number], func(c host.Comment) bool { return c.ID == id })
	d.touch(number)
}

// fail makes the host answer with the error from now on, or well again.
func (d *desk) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.down = err
}

func (d *desk) String() string { return "a desk" }

func (d *desk) Post(_ context.Context, s commitstatus.Status) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.posted = append(d.posted, s)
	return d.down
}

func (d *desk) PullRequests(context.Context) ([]host.PullRequest, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Collect(maps.Values(d.pulls)), d.down
}

func (d *desk) Changed(context.Context, int) (host.Changed, error) {
	return host.Changed{}, errors.New("nobody asks")
}

func (d *desk) Keep(_ context.Context, number int, r host.Remark) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.down != nil {
		return d.down
	}
	d.kept++
	body := "<!-- quorate:" + r.Name + " -->\n" + r.Body
	for i, c := range d.comments[number] {
		if c.Author == robot && strings.HasPrefix(c.Body, "<!-- quorate:"+r.Name+" -->") {
			d.comments[number][i].Body, d.comments[number][i].At = body, time.Now()
			return nil
		}
	}
	d.write(number, robot, body)
	return nil
}

func (d *desk) Remarks(_ context.Context, number int) (map[string]host.Comment, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	ours := map[string]host.Comment{}
	for _, c := range d.comments[number] {
		if name, found := strings.CutPrefix(c.Body, "<!-- quorate:"); found && c.Author == robot {
			name, _, _ = strings.Cut(name, " ")
			ours[name] = c
		}
	}
	return ours, d.down
}

func (d *desk) Comments(_ context.Context, number int, since time.Time) ([]host.Comment, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(d.comments[number]), func(c host.Comment) bool { return c.At.Before(since) }), d.down
}

func (d *desk) Role(_ context.Context, user string) (host.Role, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.mum {
		return host.None, errors.New("403")
	}
	return d.roles[user], d.down
}

func (d *desk) Reviews(_ context.Context, number int) ([]host.Review, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.reviews[number], d.down
}

func (d *desk) Fetch(_ context.Context, ref string) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.refs[ref], nil
}

// MergeBase is the commit named a, unless the other one is named f.
func (d *desk) MergeBase(_, b string) (string, error) {
	if b == hash("f") {
		return "", gitrepo.ErrUnrelated
	}
	return hash("a"), nil
}

func (d *desk) Units(commit, _ string) (gitrepo.Listing, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var listing gitrepo.Listing
	for path, text := range d.commits[commit] {
		if path != rules.File {
			listing.Units = append(listing.Units, gitrepo.Unit{Path: path, TreeHash: path + text, Files: []gitrepo.File{{Path: path + "/cluster.yaml", Data: []byte(text)}}})
		}
	}
	return listing, nil
}

func (d *desk) File(commit, path string) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if text, ok := d.commits[commit][path]; ok {
		return []byte(text), nil
	}
	return nil, fs.ErrNotExist
}

func (d *desk) look(ctx context.Context, c desired.Cluster) (quorate.Planned, error) {
	d.mu.Lock()
	d.looks = append(d.looks, c.Name)
	sees := d.sees
	d.mu.Unlock()
	return quorate.Planner{Observe: func(context.Context, actual.Scope) (actual.State, error) {
		if sees == nil {
			return actual.State{Topology: topology.Topology{}}, nil
		}
		return sees(c)
	}}.Plan(ctx, c)
}

// looked takes the clusters that AWS was looked at for, sorted.
func (d *desk) looked() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	looks := d.looks
	d.looks = nil
	slices.Sort(looks)
	return strings.Join(looks, " ")
}

// status is the last of a context on a commit.
func (d *desk) status(name, context string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range slices.Backward(d.posted) {
		if s.Commit == hash(name) && s.Context == context {
			return string(s.State) + ": " + s.Description
		}
	}
	return ""
}

// link is where the last status of a context leads to.
func (d *desk) link(commit, name string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range slices.Backward(d.posted) {
		if s.Commit == hash(commit) && s.Context == name {
			return s.URL
		}
	}
	return ""
}

// remark is our comment of the name.
func (d *desk) remark(number int, name string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	text := ""
	for _, c := range d.comments[number] {
		if c.Author == robot && strings.HasPrefix(c.Body, "<!-- quorate:"+name+" -->") {
			text += c.Body
		}
	}
	return text
}

// serve runs a service over the desk until the test ends.
func (d *desk) serve(t *testing.T, more ...func(*Config)) *Service {
	t.Helper()
	s := d.service(t, more...)
	ctx, stop := context.WithCancel(t.Context())
	go s.Run(ctx)
	t.Cleanup(func() { stop(); synctest.Wait() })
	return s
}

// service is one that does not run yet.
func (d *desk) service(t *testing.T, more ...func(*Config)) *Service {
	t.Helper()
	cfg := Config{Host: d, Repository: d, Branch: "main", Look: d.look, Poster: d, Log: slog.New(slog.DiscardHandler)}
	var err error
	if cfg.Orders, err = OpenOrders(filepath.Join(t.TempDir(), "orders.json")); err != nil {
		t.Fatal(err)
	}
	for _, set := range more {
		set(&cfg)
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// cluster is the example under another name.
func cluster(name string) string {
	return strings.ReplaceAll(string(examples.HA), "ha.example.com", name)
}

func contains(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%s: no %q in\n%s", what, part, text)
		}
	}
}
