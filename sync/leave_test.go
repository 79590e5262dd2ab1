package sync

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	gosync "sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/quorate/quorate/actual"
	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/sync/audit"
	"github.com/quorate/quorate/sync/commitstatus"
	"github.com/quorate/quorate/sync/gitrepo"
	"github.com/quorate/quorate/sync/host"
	"github.com/quorate/quorate/sync/promotion"
	"github.com/quorate/quorate/sync/schedule"
	"github.com/quorate/quorate/topology"
)

var rewrite = flag.Bool("rewrite", false, "rewrite what the service says in the conversations")

// TestConversationsWithTheRules pushes what each file says to a service with real passes over a pretended AWS,
// and compares what it posts. A line that is not indented is what people and time do; those below it are the
// statuses that change by that, each with the time by the clock of the conversation. See [talk.hear] for the words.
func TestConversationsWithTheRules(t *testing.T) {
	files, err := filepath.Glob("testdata/rules/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no conversations: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { converse(t, file) })
		})
	}
}

func converse(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	last := len(archive.Files) - 1
	k := &talk{t: t, state: filepath.Join(t.TempDir(), "promotion.json"), land: map[string]*pretended{}, files: map[string]string{}, repo: map[string]string{}, seen: map[string]string{}, comments: map[approved][]promotion.Approval{}}
	for _, f := range archive.Files[:last] {
		k.files[f.Name] = string(f.Data)
	}
	written := string(archive.Files[last].Data)
	var said strings.Builder
	for line := range strings.Lines(written) {
		if strings.HasPrefix(line, "  ") {
			continue
		}
		said.WriteString(line)
		if words := strings.Fields(line); len(words) > 0 && words[0] != "#" {
			k.mu.Lock()
			err := k.hear(words)
			k.mu.Unlock()
			if err != nil {
				t.Fatalf("%s: %v", strings.TrimSpace(line), err)
			}
			synctest.Wait()
			said.WriteString(k.news())
		}
	}
	k.halt()
	if *rewrite {
		archive.Files[last].Data = []byte(said.String())
		if err := os.WriteFile(file, txtar.Format(archive), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(written, said.String()); d != "" {
		t.Errorf("(-written +said)\n%s", d)
	}
}

// talk is a service, and the repository, the Git host and the AWS around it.
type talk struct {
	t     *testing.T
	state string // file
	zone  *time.Location
	stop  context.CancelFunc
	done  chan struct{}
	// mu guards all below; whoever lets time pass gives it up meanwhile.
	mu    gosync.Mutex
	seen  map[string]string // last status by context
	fresh []string

	files    map[string]string // of the conversation
	repo     map[string]string // of the working copy
	line     []landed          // the branch, oldest first
	pulls    []*pull
	plain    bool
	comments map[approved][]promotion.Approval
	land     map[string]*pretended // by cluster
	trail    []audit.Record
}

// landed is a commit of the branch.
type landed struct {
	gitrepo.Landing
	files    map[string]string
	trailers gitrepo.Trailers
	pull     *pull
}

// approved is what a comment agrees to.
type approved struct{ cluster, digest string }

type pull struct {
	host.PullRequest
	reviews []host.Review
}

// hear does what a line says.
//
//	at 2026-11-23 10:00 Europe/Berlin      it is then, and the service starts
//	wait 2h | until 2026-11-24 09:00       time passes
//	put FILE [as NAME]                     the file of the conversation goes into the working copy
//	have CLUSTER…                          the clusters are in the repository and in AWS as they should be
//	change CLUSTER HOW                    a cluster's manifest is edited; see change
//	push [override REASON…]                it is committed and pushed by eve
//	merge AUTHOR MERGER [REVIEWER[:how]…]  it comes by a pull request that the reviewers approved
//	comment REVIEWER AUTHOR CLUSTER        the reviewer says /quorate approve on the author's pull request, which
//	                                       makes the cluster what the working copy says
//	sick CLUSTER WHY… | well CLUSTER       how the cluster is
//	restart | forget                       the service ends and another starts, with its state or without
//	audit                                  what the trail says of overrides and approvals
func (k *talk) hear(words []string) error {
	rest := strings.Join(words[min(2, len(words)):], " ")
	switch verb := words[0]; verb {
	case "at":
		return k.begin(words[1]+" "+words[2], words[3])
	case "wait":
		d, err := time.ParseDuration(words[1])
		k.meanwhile(func() { time.Sleep(d) })
		return err
	case "until":
		at, err := time.ParseInLocation("2006-01-02 15:04", words[1]+" "+words[2], k.zone)
		k.meanwhile(func() { time.Sleep(time.Until(at)) })
		return err
	case "put":
		k.repo[words[len(words)-1]] = k.files[words[1]]
	case "have":
		for _, name := range words[1:] {
			k.repo[manifestOf(name)] = named(name + ".example.com")
			k.land[name+".example.com"] = &pretended{mu: &k.mu, have: built(k.t, k.repo[manifestOf(name)])}
		}
	case "change":
		return k.change(words[1], words[2])
	case "push":
		var trailers gitrepo.Trailers
		if len(words) > 1 {
			trailers = gitrepo.Trailers{{Name: "quorate-override", Value: rest}}
		}
		k.push(trailers, nil)
	case "merge":
		k.merge(words[1], words[2], words[3:])
	case "comment":
		approves := approved{words[3] + ".example.com", built(k.t, k.repo[manifestOf(words[3])]).Digest}
		k.comments[approves] = append(k.comments[approves], promotion.Approval{By: words[1], Author: words[2]})
	case "sick":
		k.land[words[1]+".example.com"].sick = rest
	case "well":
		k.land[words[1]+".example.com"].sick = ""
	case "plain":
		k.plain = true
	case "forget", "restart":
		k.meanwhile(k.halt)
		if verb == "forget" {
			if err := os.Remove(k.state); err != nil {
				return err
			}
		}
		k.serve()
	case "audit":
		for _, r := range k.trail {
			k.fresh = append(k.fresh, fmt.Sprintf("  %s %s: pull request %q, approved by %q, override %q\n", r.Cluster, r.Result, r.PullRequest, r.Approver, r.Override))
		}
		k.trail = nil
	default:
		return fmt.Errorf("nobody understands %q", verb)
	}
	return nil
}

// meanwhile lets the service work while the function waits.
func (k *talk) meanwhile(wait func()) {
	k.mu.Unlock()
	defer k.mu.Lock()
	wait()
}

func manifestOf(name string) string {
	environment, _, _ := strings.Cut(name, "-")
	return "clusters/" + environment + "/" + name + "/cluster.yaml"
}

func built(t *testing.T, manifest string) desired.Cluster {
	t.Helper()
	clusters, problems := desired.Build([]desired.File{{Name: "cluster.yaml", Data: []byte(manifest)}})
	if len(clusters) != 1 {
		t.Fatalf("%v", problems)
	}
	return clusters[0]
}

func (k *talk) begin(at, zone string) (err error) {
	if k.zone, err = time.LoadLocation(zone); err != nil {
		return err
	}
	moment, err := time.ParseInLocation("2006-01-02 15:04", at, k.zone)
	if err != nil {
		return err
	}
	k.meanwhile(func() { time.Sleep(time.Until(moment)) })
	if len(k.line) == 0 {
		k.push(nil, nil)
	}
	k.serve()
	return nil
}

// change edits a manifest in a way of a known risk.
func (k *talk) change(name, how string) error {
	path := manifestOf(name)
	text := k.repo[path]
	masters, workers, _ := strings.Cut(text, "  name: nodes\n")
	switch how {
	case "access":
		text = strings.Replace(text, "  - 10.0.0.0/8\n", "  - 10.1.0.0/16\n", 1)
	case "nodes":
		text = masters + "  name: nodes\n" + strings.Replace(workers, "t3.medium", "t3.large", 1)
	case "masters":
		text = strings.ReplaceAll(masters, "t3.medium", "t3.large") + "  name: nodes\n" + workers
	case "nodes-back":
		text = masters + "  name: nodes\n" + strings.Replace(workers, "t3.large", "t3.medium", 1)
	case "masters-back":
		text = strings.ReplaceAll(masters, "t3.large", "t3.medium") + "  name: nodes\n" + workers
	case "extra":
		text += "---\n" + strings.ReplaceAll(text[strings.LastIndex(text, "---\n")+4:], ": nodes\n", ": extra\n")
	case "whole":
		text = named(name + ".example.com")
	case "mended":
		text = strings.Replace(text, "networkCIDR: nonsense", "networkCIDR: 172.20.0.0/16", 1)
	case "broken":
		text = strings.Replace(text, "networkCIDR: 172.20.0.0/16", "networkCIDR: nonsense", 1)
	case "deletion":
		text = strings.Replace(text, "metadata:\n", "metadata:\n  annotations: {quorate.dev/deletion: "+name+".example.com}\n", 1)
	case "gone":
		delete(k.repo, path)
		return nil
	default:
		return fmt.Errorf("nobody knows how to change %q", how)
	}
	if text == k.repo[path] {
		return errors.New("that changes nothing")
	}
	k.repo[path] = text
	return nil
}

// push commits the working copy. Without a pull request it is eve's.
func (k *talk) push(trailers gitrepo.Trailers, by *pull) {
	l := landed{files: maps.Clone(k.repo), trailers: trailers, pull: by}
	l.Hash, l.Author, l.When = fmt.Sprintf("%x", len(k.line)+10)+strings.Repeat("0", 39), "eve", time.Now()
	var before map[string]string
	if len(k.line) > 0 {
		l.Parent, before = k.line[len(k.line)-1].Hash, k.line[len(k.line)-1].files
	}
	for path := range l.files {
		if before[path] != l.files[path] {
			l.Paths = append(l.Paths, path)
		}
	}
	for path := range before {
		if _, stays := l.files[path]; !stays {
			l.Paths = append(l.Paths, path)
		}
	}
	slices.Sort(l.Paths)
	k.line = append(k.line, l)
}

// merge brings the working copy by a pull request. A reviewer who is told as name:old saw an earlier version of it, and
// as name:against asked for changes.
func (k *talk) merge(author, merger string, reviewers []string) {
	p := &pull{PullRequest: host.PullRequest{Number: len(k.pulls) + 1, Author: author, MergedBy: merger, Head: strings.Repeat("f", 40), URL: fmt.Sprintf("https://git.example.com/pulls/%d", len(k.pulls)+1)}}
	k.pulls = append(k.pulls, p)
	var trailers gitrepo.Trailers
	for i, r := range reviewers {
		if r == "override" {
			trailers = gitrepo.Trailers{{Name: "Quorate-Override", Value: strings.Join(reviewers[i+1:], " ")}}
			break
		}
		name, how, _ := strings.Cut(r, ":")
		review := host.Review{Author: name, Approved: how != "against", Commit: p.Head}
		if how == "old" {
			review.Commit = strings.Repeat("e", 40)
		}
		p.reviews = append(p.reviews, review)
	}
	k.push(trailers, p)
}

// unsaid is left out of a conversation: how long something has been waited for, and which resource it is.
var unsaid = regexp.MustCompile(`\.example\.com|control plane [0-9]/[0-9], | [a-z-]+/[^ ]*:|(waiting) [0-9]+ (?:s|min|h [0-9]+ min)`)

// news are the statuses that changed since the last look, by time and name.
func (k *talk) news() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	// Passes at the same time end in no order.
	slices.SortStableFunc(k.fresh, func(a, b string) int {
		return slices.Compare(strings.Fields(a)[:2], strings.Fields(b)[:2])
	})
	text := strings.Join(k.fresh, "")
	k.fresh = nil
	return text
}

// Post notes what is said, and when.
func (k *talk) Post(_ context.Context, s commitstatus.Status) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	name := strings.TrimPrefix(s.Context, "quorate/apply/")
	says := unsaid.ReplaceAllString(fmt.Sprintf("%s %s: %s", name, s.State, s.Description), "$1")
	if s.Description != "looking at AWS" && !strings.HasSuffix(s.Description, "comes back") && k.seen[name] != says {
		k.seen[name] = says
		k.fresh = append(k.fresh, "  "+time.Now().In(k.zone).Format("15:04 ")+says+"\n")
	}
	return nil
}

func (k *talk) serve() {
	stream, err := schedule.New(schedule.Config{Poll: time.Minute, Soon: 5*time.Minute + 7*time.Second, Drift: "@every 10m", Rand: func() float64 { return 0 }})
	if err != nil {
		k.t.Fatal(err)
	}
	cfg := promotion.Config{History: k, Branch: "main", Reviews: k, File: k.state, Log: slog.New(slog.DiscardHandler), Approvals: k.approvals}
	if k.plain {
		cfg.Reviews = nil
	}
	progress := promotion.New(cfg)
	pass := Pass{
		Planner: Planner{Observe: func(_ context.Context, scope actual.Scope) (actual.State, error) {
			return k.cluster(scope.Cluster).observe()
		}},
		NewApplier: func(c desired.Cluster, _ string) Applier { return k.cluster(c.Name) },
		Leave:      progress.Leave,
	}
	ctx, stop := context.WithCancel(context.Background())
	k.stop, k.done = stop, make(chan struct{})
	s := New(Config{
		Repository: k, Poster: k, Auditor: k, Schedule: stream, Run: pass.Run, Promotion: progress, Log: slog.New(slog.DiscardHandler),
		Look: pass.Plan,
	})
	go func() { defer close(k.done); s.Run(ctx) }()
}

func (k *talk) cluster(name string) *pretended {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.land[name]
}

func (k *talk) halt() {
	k.stop()
	<-k.done
}

// The repository.

func (k *talk) Head(context.Context) (gitrepo.Commit, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	l := k.line[len(k.line)-1]
	return gitrepo.Commit{Hash: l.Hash, Author: l.Author, When: l.When, Trailers: l.trailers, Previous: l.Parent}, nil
}

func (k *talk) at(commit string) landed {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.line[slices.IndexFunc(k.line, func(l landed) bool { return l.Hash == commit })]
}

func (k *talk) Units(commit, _ string) (gitrepo.Listing, error) {
	var listing gitrepo.Listing
	for path, text := range k.at(commit).files {
		if filepath.Base(path) == "cluster.yaml" {
			listing.Units = append(listing.Units, gitrepo.Unit{Path: filepath.Dir(path), TreeHash: text, Files: []gitrepo.File{{Path: path, Data: []byte(text)}}})
		}
	}
	return listing, nil
}

func (k *talk) File(commit, path string) ([]byte, error) {
	text, there := k.at(commit).files[path]
	if !there {
		return nil, fs.ErrNotExist
	}
	return []byte(text), nil
}

func (k *talk) Landings(older, newer string, touches func(string) bool) ([]gitrepo.Landing, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var found []gitrepo.Landing
	for i := slices.IndexFunc(k.line, func(l landed) bool { return l.Hash == newer }); i >= 0; i-- {
		if (k.line[i].Hash == older || older == "") && len(found) > 0 {
			break
		}
		if slices.ContainsFunc(k.line[i].Paths, touches) {
			found = append(found, k.line[i].Landing)
		}
	}
	return found, nil
}

// The Git host.

func (k *talk) Merged(_ context.Context, _, commit string) (host.PullRequest, error) {
	if p := k.at(commit).pull; p != nil {
		return p.PullRequest, nil
	}
	return host.PullRequest{}, &host.Error{Class: host.ErrNotFound}
}

func (k *talk) Reviews(_ context.Context, number int) ([]host.Review, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.pulls[number-1].reviews, nil
}

func (k *talk) approvals(cluster, digest string) []promotion.Approval {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.comments[approved{cluster, digest}])
}

// Role lets everybody write but strangers.
func (k *talk) Role(_ context.Context, user string) (host.Role, error) {
	if user == "stranger" {
		return host.Read, nil
	}
	return host.Write, nil
}

// InTeam knows one team, and does not show another.
func (k *talk) InTeam(_ context.Context, team, user string) (bool, error) {
	if team == "acme/secret" {
		return false, &host.Error{Class: host.ErrRefused}
	}
	return team == "acme/sre" && (user == "zoe" || user == "yan"), nil
}

// The trail.

func (k *talk) Begin(audit.Record) error { return nil }
func (k *talk) Record(_ context.Context, r audit.Record) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.trail = append(k.trail, r)
	return nil
}
func (k *talk) Forget(string) error                             { return nil }
func (k *talk) Interrupt(context.Context, string, string) error { return nil }
func (k *talk) Flush(context.Context) error                     { return nil }

// pretended is one cluster in a pretended AWS. A roll takes ten minutes for each of three zones.
type pretended struct {
	mu   *gosync.Mutex
	have desired.Cluster
	sick string
	// rolled zones are back, and one is out until then.
	rolled int
	out    time.Time
}

func (g *pretended) observe() (actual.State, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	state := actual.State{Topology: g.have.Topology}
	for _, group := range topology.Of[topology.AutoScalingGroup](g.have.Topology) {
		template, _ := topology.Find[topology.LaunchTemplate](g.have.Topology, group.LaunchTemplate)
		state.Machines = append(state.Machines, topology.Machine{
			ID: "i-" + group.Name, Group: group.Ref(), Role: group.Role, State: "running", Lifecycle: "InService", Healthy: true,
			Template: template.Digest(), KubernetesVersion: "1.34.2",
		})
	}
	return state, nil
}

// Run makes everything but rolls at once.
func (g *pretended) Run(_ context.Context, in apply.Input) apply.Report {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case in.Plan.Empty() && g.sick != "":
		return apply.Report{Settling: []string{g.sick}}
	case in.Plan.Empty():
		return apply.Report{}
	case in.Plan.Risk() >= diff.RiskRolling && !in.Plan.EndsCluster():
		return g.roll(in)
	case in.Paused != "":
		return g.waits(in, "paused: "+in.Paused, false)
	}
	g.have.Topology = in.Want
	if in.Plan.EndsCluster() {
		g.have.Topology = topology.Topology{}
	}
	return apply.Report{Outcomes: []apply.Outcome{{Ref: in.Plan.Changes[0].Ref, State: apply.Done, Acted: true}}}
}

// roll takes zone after zone, and none more while it is paused.
func (g *pretended) roll(in apply.Input) apply.Report {
	if !g.out.IsZero() && !time.Now().Before(g.out) {
		g.rolled, g.out = g.rolled+1, time.Time{}
	}
	switch {
	case g.rolled == 3:
		g.rolled, g.have.Topology = 0, in.Want
		return apply.Report{Outcomes: []apply.Outcome{{Ref: in.Plan.Changes[0].Ref, State: apply.Done, Acted: true}}}
	case !g.out.IsZero():
		return g.waits(in, fmt.Sprintf("zone %d of 3 comes back", g.rolled+1), false)
	case in.Paused != "":
		return g.waits(in, "paused: "+in.Paused, false)
	case g.sick != "":
		return apply.Report{Halted: true, Outcomes: []apply.Outcome{{Ref: in.Plan.Changes[0].Ref, State: apply.Waiting, Reason: "halted: " + g.sick}}}
	}
	g.out = time.Now().Add(10 * time.Minute)
	return g.waits(in, fmt.Sprintf("zone %d of 3 is taken out", g.rolled+1), true)
}

func (g *pretended) waits(in apply.Input, why string, acted bool) apply.Report {
	return apply.Report{Paused: in.Paused, Outcomes: []apply.Outcome{{Ref: in.Plan.Changes[0].Ref, State: apply.Waiting, Reason: why, Acted: acted}}}
}
