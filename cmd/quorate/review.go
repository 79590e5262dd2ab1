package main

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	gosync "sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/sync/audit"
	"github.com/quorate/quorate/sync/explain"
	"github.com/quorate/quorate/sync/gitrepo"
	"github.com/quorate/quorate/sync/review"
	"github.com/quorate/quorate/sync/rules"
	"github.com/quorate/quorate/sync/schedule"
	"github.com/quorate/quorate/sync/signature"
)

// reviewing is how pull requests are looked at.
type reviewing struct {
	forks    bool
	role     string
	age      time.Duration
	clusters int
}

func (r *reviewing) flags(c *cobra.Command) {
	f := c.Flags()
	f.BoolVar(&r.forks, "plan-forks", false, "plan pull requests from forks without being asked; otherwise they are validated, and planned when somebody who may write comments /quorate plan")
	f.StringVar(&r.role, "plan-role-arn", "", "IAM role to assume for the plans of pull requests, such as one that can only read (default that of --role-arn)")
	f.DurationVar(&r.age, "plan-age", 15*time.Minute, "how old the plan of an open pull request may become while nothing is known to have moved")
	f.IntVar(&r.clusters, "plan-clusters", 20, "clusters that one pull request may touch")
}

// openReviews makes what follows the pull requests. What strangers propose is fetched into a mirror of its
// own, which the service applies nothing from.
func (w *watched) openReviews() (*review.Service, error) {
	at := w.git
	at.Dir = filepath.Join(w.dir, "proposals")
	repo, err := gitrepo.Open(at)
	if err != nil {
		return nil, err
	}
	look, err := w.service.lookApart()
	if err != nil {
		return nil, err
	}
	if w.orders, err = review.OpenOrders(filepath.Join(w.dir, "orders.json")); err != nil {
		return nil, err
	}
	r := w.service.reviews
	return review.New(review.Config{
		Host: w.host, Repository: repo, Path: w.path, Branch: cmp.Or(w.git.Branch, "main"), Poster: w.spool,
		Look:   func(ctx context.Context, c desired.Cluster) (sync.Planned, error) { return look(ctx, w.orders.Obey(c)) },
		Orders: w.orders, Ordered: func(cluster string) { w.stream.Waits(cluster) }, Explain: w.explain,
		Record: w.recordOrder, Show: w.service.site.planned, Pending: w.said.Pending,
		Rules: func(commit string) []desired.Problem { return rulesProblems(repo, commit) },
		RulesChange: func(before, after string, manifests map[string]string) []rules.Change {
			return rulesChange(repo, before, after, manifests)
		},
		Forks: r.forks, MaxAge: r.age, Poll: w.service.pace.Poll, MaxClusters: r.clusters, Parallel: w.service.parallel, Log: w.log,
	})
}

// maxReaders bounds the clusters whose clients are kept: strangers think of as many names as they like.
const maxReaders = 100

// lookApart plans what is not merged. It has no way to Kubernetes, whatever the service itself may do there: a manifest says at which address
// its API is, and in which state store its authority. AWS is asked where AWS is, and machines at the
// addresses that AWS says they have.
func (s serving) lookApart() (func(context.Context, desired.Cluster) (sync.Planned, error), error) {
	known, err := priceTable("")
	if err != nil {
		return nil, err
	}
	apart := &reach{role: cmp.Or(s.reviews.role, s.reach.role), proxy: s.reach.proxy, dial: s.reach.dial, calls: s.reach.calls}
	return func(ctx context.Context, c desired.Cluster) (sync.Planned, error) {
		apart.mu.Lock()
		if len(apart.open) >= maxReaders {
			clear(apart.open)
		}
		apart.mu.Unlock()
		planner, err := apart.planner(ctx, c)
		if err != nil {
			return sync.Planned{}, err
		}
		planner.Prices = known
		return planner.Plan(ctx, c)
	}, nil
}

// rulesProblems are what is wrong with quorate.yaml at a commit.
func rulesProblems(repo *gitrepo.Repo, commit string) []desired.Problem {
	data, err := repo.File(commit, rules.File)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return []desired.Problem{{File: rules.File, Severity: desired.Error, Message: err.Error()}}
	}
	_, problems := rules.Read(data)
	_, more := signature.Read(data, func(path string) ([]byte, error) { return repo.File(commit, path) })
	return append(problems, more...)
}

// recordOrder puts what somebody ordered in a comment on record, at the commit of the branch: that of the pull
// request may be gone one day.
func (w *watched) recordOrder(ctx context.Context, o review.Order) error {
	now := time.Now()
	r := audit.Record{
		Cluster: o.Cluster, Commit: o.Commit, PullRequest: o.Pull, Author: o.By, Trigger: "comment",
		Result: audit.Ordered, Reason: strings.TrimSpace(o.Verb + " " + o.Argument), Began: now, Ended: now,
	}
	if o.Verb == "approve" {
		r.Approver, r.Reason = o.By, "approve commit "+o.Head
	}
	err := w.trail.Tell(ctx, r)
	if errors.Is(err, audit.ErrDeferred) {
		w.log.Warn("audit trail not pushed yet", "cluster", o.Cluster, "error", err)
		return nil
	}
	return err
}

// rulesChange is what the rules of a commit, which are valid, mean to clusters beside those of another.
func rulesChange(repo *gitrepo.Repo, before, after string, manifests map[string]string) []rules.Change {
	var read [2]rules.Rules
	for i, commit := range []string{before, after} {
		data, err := repo.File(commit, rules.File)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var problems []desired.Problem
		if read[i], problems = rules.Read(data); err != nil || len(problems) > 0 {
			return []rules.Change{{Says: []string{"the rules before this cannot be read, and hold everything back; with these it goes on"}}}
		}
	}
	return rules.Changes(read[0], read[1], manifests)
}

// explain says what a cluster of the branch waits for.
func (w *watched) explain(ctx context.Context, c desired.Cluster) (string, error) {
	c = w.orders.Obey(c)
	sources, err := w.service.reach.waits(ctx, c)
	if err != nil {
		return "", err
	}
	facts, err := sources.Gather(ctx, c)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	err = explain.Text(&text, explain.Of(facts), explain.Plain)
	return text.String(), err
}

// follow works on the pull requests until ctx ends; wait is for its end.
func (w *watched) follow(ctx context.Context) (wait func()) {
	var task gosync.WaitGroup
	task.Go(func() { w.reviews.Run(ctx) })
	return task.Wait
}

// heardOf tells those who plan pull requests when a cluster has come to rest in another state.
func (w *watched) heardOf(next func(schedule.Reason, desired.Cluster, sync.Result)) func(schedule.Reason, desired.Cluster, sync.Result) {
	var mu gosync.Mutex
	acted := map[string]bool{}
	return func(reason schedule.Reason, c desired.Cluster, r sync.Result) {
		mu.Lock()
		acted[c.Name] = acted[c.Name] || r.Report.Acted()
		rests := acted[c.Name] && (r.Converged() || r.Report.Stopped())
		if rests {
			delete(acted, c.Name)
		}
		mu.Unlock()
		if rests {
			w.reviews.Moved(c.Name)
		}
		if next != nil {
			next(reason, c, r)
		}
	}
}
