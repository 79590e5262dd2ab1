package sync_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	gosync "sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/internal/giteatest"
	"github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/sync/audit"
	"github.com/quorate/quorate/sync/commitstatus"
	"github.com/quorate/quorate/sync/gitrepo"
	"github.com/quorate/quorate/sync/host"
	"github.com/quorate/quorate/sync/review"
	"github.com/quorate/quorate/sync/schedule"
	"github.com/quorate/quorate/sync/webhook"
)

const (
	storyRepository = "robot/clusters"
	storySecret     = "hush"
	// storyLimit is when something that people wait for counts as never coming.
	storyLimit = 2 * time.Minute
)

// story is the whole service on a real Gitea, and a region of quick machines.
type story struct {
	testing.TB
	gitea              *giteatest.Server
	robot, bob         giteatest.Person
	ground             *ground
	life               *life
	repository, folder string

	stream  *schedule.Schedule
	trail   *audit.Log
	reviews *review.Service
}

func newStory(t testing.TB) *story {
	t.Helper()
	s := &story{TB: t, gitea: giteatest.Start(t), ground: newGround(t), folder: t.TempDir()}
	s.life = &life{region: s.ground.region}
	s.robot, s.bob = s.gitea.Person(t, "robot"), s.gitea.Person(t, "bob")
	s.robot.Do(t, http.MethodPost, "/user/repos", map[string]any{"name": "clusters", "auto_init": true, "default_branch": "main"}, nil)
	s.robot.Do(t, http.MethodPut, "/repos/"+storyRepository+"/collaborators/bob", map[string]any{"permission": "write"}, nil)
	s.repository = s.gitea.URL + "/" + storyRepository + ".git"
	s.serve()
	return s
}

func (s *story) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// serve wires the service as the command does, with the ground in place of AWS and the machines.
func (s *story) serve() {
	s.Helper()
	quiet := slog.New(slog.DiscardHandler)
	open := func(dir string) *gitrepo.Repo {
		repo, err := gitrepo.Open(gitrepo.Config{URL: s.repository, Dir: filepath.Join(s.folder, dir), Auth: gitrepo.Auth{Token: s.robot.Token, Username: "robot"}})
		s.must(err)
		return repo
	}
	repo := open("git")
	token := filepath.Join(s.folder, "token")
	s.must(os.WriteFile(token, []byte(s.robot.Token), 0o600))
	at, err := host.Open(host.Config{Repository: s.repository, Kind: host.Gitea, TokenFile: token})
	s.must(err)
	ledger, err := commitstatus.NewLedger(filepath.Join(s.folder, "said"), at)
	s.must(err)
	spool, err := commitstatus.NewSpool(filepath.Join(s.folder, "statuses"), ledger)
	s.must(err)
	s.trail, err = audit.Open(audit.Config{Dir: filepath.Join(s.folder, "audit"), Version: "test", Holder: "test/1", Write: func(ctx context.Context, change func(audit.Tree) error) error {
		return repo.WriteNotes(ctx, audit.Ref, func(n *gitrepo.Notes) error { return change(n) })
	}})
	s.must(err)
	s.stream, err = schedule.New(schedule.Config{Poll: time.Hour, Drift: "@every 1s", DriftJitter: time.Millisecond, Soon: 20 * time.Millisecond, FirstRetry: 100 * time.Millisecond})
	s.must(err)
	orders, err := review.OpenOrders(filepath.Join(s.folder, "orders.json"))
	s.must(err)
	s.reviews, err = review.New(review.Config{
		Host: at, Repository: open("proposals"), Branch: "main", Poster: spool, Orders: orders, Poll: time.Hour, Log: quiet,
		Look: func(ctx context.Context, c desired.Cluster) (sync.Planned, error) {
			return s.life.knowing(s, s.ground, c).Plan(ctx, c)
		},
	})
	s.must(err)
	service := sync.New(sync.Config{
		Repository: repo, Poster: spool, Auditor: s.trail, Schedule: s.stream, Log: quiet,
		Run: s.pass, Look: func(ctx context.Context, c desired.Cluster) (sync.Planned, error) {
			return s.life.knowing(s, s.ground, c).Plan(ctx, c)
		},
	})
	s.hear(quiet)
	ctx, stop := context.WithCancel(s.Context())
	var tasks gosync.WaitGroup
	tasks.Go(func() { service.Run(ctx) })
	tasks.Go(func() { s.reviews.Run(ctx) })
	s.Cleanup(func() { stop(); tasks.Wait() })
}

// pass is that of the life, on the record.
func (s *story) pass(ctx context.Context, c desired.Cluster, commit string) sync.Result {
	change := s.life.clients(s, c.Region, func(context.Context, string) error { return nil })
	return sync.Pass{
		Planner: s.life.knowing(s, s.ground, c), Auditor: s.trail,
		NewApplier: func(c desired.Cluster, commit string) sync.Applier {
			return apply.New(apply.Config{Clients: change, Cluster: c.Name, Commit: commit, Etcd: s.ground, Now: s.ground.clock.Now})
		},
	}.Run(ctx, unhurriedly(c), commit)
}

// hear lets Gitea tell the service what happens.
func (s *story) hear(log *slog.Logger) {
	server := httptest.NewServer(webhook.New(webhook.Config{
		Kind: host.Gitea, Repository: storyRepository, Log: log, Secret: func() (string, error) { return storySecret, nil },
		Deliver: func(e webhook.Event) {
			if push, ok := e.(webhook.Push); ok && push.Ref == "refs/heads/main" {
				s.stream.Wake("")
			}
			s.reviews.Hear(e)
		},
	}))
	s.Cleanup(server.Close)
	s.robot.Do(s, http.MethodPost, "/repos/"+storyRepository+"/hooks", map[string]any{
		"type": "gitea", "active": true, "config": map[string]string{"url": server.URL, "content_type": "json", "secret": storySecret},
		"events": []string{"push", "pull_request", "pull_request_sync", "pull_request_comment", "issue_comment", "pull_request_review_approved"},
	}, nil)
}

// push writes a cluster's manifest on a branch, which is made from main if it is new, and returns the commit.
func (s *story) push(branch, text string, isNew bool) string {
	s.Helper()
	const file = "/repos/" + storyRepository + "/contents/ha/cluster.yaml"
	in := map[string]any{"content": base64.StdEncoding.EncodeToString([]byte(text)), "message": "Change ha on " + branch, "branch": branch}
	from := branch
	if isNew {
		from, in["branch"], in["new_branch"] = "main", "main", branch
	}
	var folder []struct{ Name string }
	s.robot.Do(s, http.MethodGet, "/repos/"+storyRepository+"/contents?ref="+from, nil, &folder)
	method := http.MethodPost
	if slices.ContainsFunc(folder, func(f struct{ Name string }) bool { return f.Name == "ha" }) {
		var old struct{ SHA string }
		s.robot.Do(s, http.MethodGet, file+"?ref="+from, nil, &old)
		method, in["sha"] = http.MethodPut, old.SHA
	}
	var made struct{ Commit struct{ SHA string } }
	s.bob.Do(s, method, file, in, &made)
	return made.Commit.SHA
}

func (s *story) propose(branch string) (number int) {
	s.Helper()
	var pull struct{ Number int }
	s.bob.Do(s, http.MethodPost, "/repos/"+storyRepository+"/pulls", map[string]any{"base": "main", "head": branch, "title": "Change " + branch}, &pull)
	return pull.Number
}

// merge returns the commit that main is at then. Gitea finds out in the background whether it can.
func (s *story) merge(number int) string {
	s.Helper()
	s.await("pull request that can be merged", func() bool {
		var pull struct{ Mergeable bool }
		s.robot.Do(s, http.MethodGet, fmt.Sprintf("/repos/%s/pulls/%d", storyRepository, number), nil, &pull)
		return pull.Mergeable
	}, func() string { return "one that cannot" })
	s.robot.Do(s, http.MethodPost, fmt.Sprintf("/repos/%s/pulls/%d/merge", storyRepository, number), map[string]any{"Do": "merge"}, nil)
	var branch struct{ Commit struct{ ID string } }
	s.robot.Do(s, http.MethodGet, "/repos/"+storyRepository+"/branches/main", nil, &branch)
	return branch.Commit.ID
}

// told are all statuses that a commit ever had in a context, the latest first.
func (s *story) told(commit, name string) []string {
	s.Helper()
	var all []struct{ Status, Context, Description string }
	s.bob.Do(s, http.MethodGet, "/repos/"+storyRepository+"/commits/"+commit+"/statuses?sort=leastindex&limit=50", nil, &all)
	var said []string
	for _, one := range all {
		if one.Context == name {
			said = append(said, one.Status+": "+one.Description)
		}
	}
	return said
}

// until waits for a status of the commit that begins so.
func (s *story) until(commit, name, begins string) string {
	s.Helper()
	var said []string
	s.await(begins+" of "+name, func() bool {
		said = s.told(commit, name)
		return len(said) > 0 && strings.HasPrefix(said[0], begins)
	}, func() string { return strings.Join(said, "\n") })
	return said[0]
}

// await looks until it is so.
func (s *story) await(what string, so func() bool, seen func() string) {
	s.Helper()
	limit := time.After(storyLimit)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-limit:
			s.Fatalf("there is no %s; there is\n%s", what, seen())
		}
	}
}

// comment is ours on a pull request, if there is one yet; there must not be two.
func (s *story) comment(number int) string {
	s.Helper()
	var all []struct {
		Body string
		User struct{ Login string }
	}
	s.bob.Do(s, http.MethodGet, fmt.Sprintf("/repos/%s/issues/%d/comments", storyRepository, number), nil, &all)
	var ours []string
	for _, c := range all {
		if c.User.Login == "robot" && strings.HasPrefix(c.Body, "<!-- quorate:plan -->") {
			ours = append(ours, c.Body)
		}
	}
	if len(ours) > 1 {
		s.Fatalf("%d comments, want 1: %s", len(ours), strings.Join(ours, "\n\n"))
	}
	return strings.Join(ours, "")
}

func (s *story) shows(number int, parts ...string) {
	s.Helper()
	text := ""
	s.await(fmt.Sprintf("comment with %q", parts), func() bool {
		text = s.comment(number)
		return !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(text, part) })
	}, func() string { return text })
}

const (
	storyCluster = "ha.example.com"
	planOfAll    = "quorate/plan"
	planOf       = planOfAll + "/" + storyCluster
	applyOf      = "quorate/apply/" + storyCluster
	storyNodes   = "nodes.ha.example.com"
)

// maxNodes is how large the workers' group may become, as AWS has it.
func (s *story) maxNodes(set int32) int32 {
	s.Helper()
	clients := s.life.clients(s, "us-east-1", func(context.Context, string) error { return nil })
	if set > 0 {
		_, err := clients.AutoScaling.UpdateAutoScalingGroup(s.Context(), &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: aws.String(storyNodes), MaxSize: aws.Int32(set)})
		s.must(err)
		return set
	}
	out, err := clients.AutoScaling.DescribeAutoScalingGroups(s.Context(), &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{storyNodes}})
	s.must(err)
	if len(out.AutoScalingGroups) != 1 {
		s.Fatalf("%d groups", len(out.AutoScalingGroups))
	}
	return aws.ToInt32(out.AutoScalingGroups[0].MaxSize)
}

// clone is a clone as a person has it who looks into the trail.
func (s *story) clone() audit.Trail {
	s.Helper()
	dir := filepath.Join(s.TempDir(), "clone")
	for _, args := range [][]string{
		{"clone", "--quiet", s.bob.GitURL(storyRepository), dir},
		{"-C", dir, "fetch", "--quiet", "origin", "refs/notes/*:refs/notes/*"},
	} {
		cmd := exec.CommandContext(s.Context(), "git", args...)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "GIT_TERMINAL_PROMPT=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			s.Fatalf("git: %v\n%s", err, out)
		}
	}
	archive, err := gitrepo.OpenArchive(dir)
	s.must(err)
	notes, err := archive.Notes(audit.Ref)
	s.must(err)
	trail, err := audit.Load(notes)
	s.must(err)
	return trail
}

// TestGiteaTellsTheWholeStory goes from the first mistake of a pull request to the audit trail.
func TestGiteaTellsTheWholeStory(t *testing.T) {
	s := newStory(t)

	// A pull request adds a cluster, with a mistake.
	head := s.push("add", strings.Replace(small, "  networkCIDR:", "  networkCIDRR:", 1), true)
	first := s.propose("add")
	s.until(head, planOfAll, "failure: ")
	s.shows(first, "this must not be merged as it is", "`ha/cluster.yaml:", "networkCIDRR")
	if said := s.told(head, planOf); len(said) > 0 {
		t.Errorf("a cluster that nobody can read has a plan: %q", said)
	}

	// It is mended; there is a plan, and the one comment says so.
	pushed := time.Now()
	head = s.push("add", small, false)
	s.until(head, planOf, "success: in place: ")
	t.Logf("push to plan status: %s", time.Since(pushed).Round(time.Millisecond))
	s.until(head, planOfAll, "success: ")
	s.shows(first, "what a merge would do", "| `"+storyCluster+"` | planned | in place |", "Of commit `"+head[:12])

	// It is merged and applied, and the status moves.
	merged := s.merge(first)
	s.until(merged, applyOf, "success: ")
	if said := s.told(merged, applyOf); len(said) < 2 || !slices.ContainsFunc(said, func(one string) bool { return strings.HasPrefix(one, "pending: ") }) {
		t.Errorf("the status did not move: %q", said)
	}
	s.await("record of the making", func() bool { return len(s.clone().Records()) > 0 }, func() string { return "no record" })

	// Somebody changes AWS by hand; it is put back, and on record.
	s.maxNodes(9)
	s.await("correction", func() bool { return s.maxNodes(0) == 6 }, func() string { return fmt.Sprint(s.maxNodes(0)) })
	s.await("record of the drift", func() bool {
		return slices.ContainsFunc(s.clone().Records(), func(r audit.Record) bool { return r.Trigger == string(schedule.Drift) })
	}, func() string { return "none" })

	// A second one replaces machines; as soon as that has begun, a third one is planned.
	head = s.push("larger", large, true)
	second := s.propose("larger")
	s.until(head, planOf, "success: quorum-affecting: ")
	s.shows(second, "| quorum-affecting |", "2 of 3, majority 2")
	release := s.ground.hold()
	defer release()
	merged = s.merge(second)
	const underWay = "us-east-1a taken out, 4 of 6 members up"
	s.await("roll under way", func() bool { return s.ground.out() == underWay }, s.ground.out)
	s.until(merged, applyOf, "pending: ")
	head = s.push("wider", strings.Replace(large, "maxSize: 6", "maxSize: 7", 1), true)
	third := s.propose("wider")
	s.until(head, planOf, "success: ")
	s.shows(third, "| `"+storyCluster+"` | planned |", "Of commit `"+head[:12])
	if now := s.ground.out(); now != underWay {
		t.Errorf("the roll did not wait for the plan: %s", now)
	}
	if said := s.told(merged, applyOf); !strings.HasPrefix(said[0], "pending: ") {
		t.Errorf("the roll is not told to be under way: %q", said)
	}
	release()
	s.until(merged, applyOf, "success: ")
	s.ground.check(t, rolledZones...)

	// What happened is on record, and nobody has touched it.
	trail := s.clone()
	for _, f := range trail.Verify() {
		t.Errorf("audit: %+v", f)
	}
	if n := len(trail.Records()); n < 3 {
		t.Errorf("%d records", n)
	}
}

// BenchmarkGiteaPushToPlanStatus measures from a push to a pull request until its plan stands at the host,
// with a webhook.
func BenchmarkGiteaPushToPlanStatus(b *testing.B) {
	s := newStory(b)
	s.push("add", small, true)
	s.propose("add")
	n := 0
	for b.Loop() {
		n++
		head := s.push("add", strings.Replace(small, "maxSize: 6", fmt.Sprintf("maxSize: %d", 6+n), 1), false)
		s.until(head, planOfAll, "success: ")
	}
}

// BenchmarkGiteaPushToPass measures from a push to the branch until the pass for it is said to have begun at the
// host, with a webhook.
func BenchmarkGiteaPushToPass(b *testing.B) {
	s := newStory(b)
	s.push("main", small, false)
	n := 0
	for b.Loop() {
		n++
		head := s.push("main", strings.Replace(small, "maxSize: 6", fmt.Sprintf("maxSize: %d", 6+n), 1), false)
		s.until(head, applyOf, "")
	}
}
