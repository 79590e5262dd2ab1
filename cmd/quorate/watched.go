package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/sync/audit"
	"github.com/quorate/quorate/sync/commitstatus"
	"github.com/quorate/quorate/sync/drift"
	"github.com/quorate/quorate/sync/gitrepo"
	"github.com/quorate/quorate/sync/host"
	"github.com/quorate/quorate/sync/lease"
	"github.com/quorate/quorate/sync/promotion"
	"github.com/quorate/quorate/sync/repositories"
	"github.com/quorate/quorate/sync/review"
	"github.com/quorate/quorate/sync/schedule"
	"github.com/quorate/quorate/sync/webhook"
)

// repository is what an operator says of one repository that is to be watched.
type repository struct {
	name    string         // among several; empty for the only one
	git     gitrepo.Config // without a folder, which the service gives it
	path    string         // of the folder that holds the clusters
	hosting hosting
	// tokenFile holds the token of Git's own requests, if it is not that of the host.
	tokenFile string
	// trusted is the commit from which on commits must be signed, if the operator names one.
	trusted string
	// pins are the clusters that follow something else than the repository does.
	pins []repositories.Pin
}

func (r *repository) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&r.git.URL, "repo", "", "repository: a path, or a file, https or ssh URL")
	f.StringVar(&r.git.Branch, "branch", "", "branch to follow (default main)")
	f.StringVar(&r.git.Tag, "tag", "", "tag to follow, rather than a branch")
	f.StringVar(&r.git.Commit, "commit", "", "commit to stay at, all 40 digits, rather than a branch")
	f.StringVar(&r.path, "path", "", "folder of the repository that holds the clusters (default all of it)")
	f.StringVar(&r.git.Auth.SSHKeyFile, "ssh-key", "", "private key for ssh URLs")
	f.StringVar(&r.git.Auth.SSHPassphraseFile, "ssh-passphrase-file", "", "file with the passphrase of --ssh-key")
	f.StringSliceVar(&r.git.Auth.KnownHosts, "ssh-known-hosts", nil, "files with the host keys of ssh hosts (default $SSH_KNOWN_HOSTS, then those of OpenSSH)")
	f.StringVar(&r.git.Auth.CredentialFile, "git-credential-file", "", "file with credentials for https URLs, as git credential-store keeps them")
	f.StringVar(&r.git.Auth.NetrcFile, "netrc-file", "", "netrc file with credentials for https URLs")
	f.StringVar(&r.trusted, "trusted-commit", "", "commit from which on the signature policy counts (default the first head that is seen)")
	r.hosting.flags(c)
}

// credentials finds out how Git's requests over https are made: as the operator says, or else as whom we
// speak to the Git host as.
func (r *repository) credentials() error {
	auth := &r.git.Auth
	switch {
	case r.tokenFile != "":
		auth.Ask = func(context.Context) (string, string, error) {
			token, err := host.ReadSecret(r.tokenFile)
			return "", token, err
		}
	case auth.Token == "" && auth.CredentialFile == "" && auth.NetrcFile == "" && strings.HasPrefix(strings.ToLower(r.git.URL), "https://"):
		cfg := r.hosting.config
		cfg.Repository = r.git.URL
		login, err := host.GitLogin(cfg)
		auth.Ask = login
		return err
	}
	return nil
}

// watched is a repository at work: what a service has once for each of them.
type watched struct {
	repository
	service serving
	// dir is the folder of its mirror, its trail and its unposted statuses.
	dir   string
	log   *slog.Logger
	slots sync.Slots

	repo     *gitrepo.Repo
	host     host.Host
	said     *commitstatus.Ledger
	spool    *commitstatus.Spool
	trail    *audit.Log
	trust    *sync.Trust
	stream   *schedule.Schedule
	claimant *sync.Claimant // nil for the only one

	// own says which clusters are run from what this part of the repository follows, and elsewhere are the
	// parts that follow something else: they have a mirror, trust and pace of their own, and share the rest.
	own       func(cluster string) bool
	elsewhere []*watched

	promotion *promotion.Promotion

	reviews *review.Service
	orders  *review.Orders
}

// watch opens a repository, without asking for anything on the network.
func (s serving) watch(of repository, slots sync.Slots) (*watched, error) {
	w := &watched{repository: of, service: s, dir: s.state, log: s.log, slots: slots}
	if w.name != "" {
		w.dir, w.log = filepath.Join(s.state, "repositories", w.name), s.log.With("repository", w.name)
	}
	w.git.Dir = filepath.Join(w.dir, "git")
	if err := w.credentials(); err != nil {
		return nil, err
	}
	if err := w.openRef(); err != nil {
		return nil, err
	}
	if err := w.record(); err != nil {
		return nil, err
	}
	w.promotion = w.openPromotion("promotion.json")
	for i, p := range w.pins {
		part := *w
		part.git, part.own = p.At(w.git), p.Holds
		if err := part.openRef(); err != nil {
			return nil, err
		}
		part.promotion = part.openPromotion(fmt.Sprintf("promotion-%d.json", i+1))
		w.elsewhere = append(w.elsewhere, &part)
	}
	if len(w.pins) > 0 {
		w.own = func(cluster string) bool {
			return !slices.ContainsFunc(w.pins, func(p repositories.Pin) bool { return p.Holds(cluster) })
		}
	}
	return w, nil
}

// openRef opens the mirror of what is followed, and what depends on where that stands.
func (w *watched) openRef() (err error) {
	if w.repo, err = gitrepo.Open(w.git); err != nil {
		return err
	}
	if w.trust, err = w.openTrust(); err != nil {
		return err
	}
	w.stream, err = schedule.New(w.service.pace)
	return err
}

// record opens what is written of the repository, to its host and to itself.
func (w *watched) record() (err error) {
	if w.host, err = w.hosting.open(w.git.URL, commitstatus.NewNotes(w.repo), w.log); err != nil {
		return err
	}
	if w.said, err = commitstatus.NewLedger(filepath.Join(w.dir, "said"), w.host); err != nil {
		return err
	}
	if w.spool, err = commitstatus.NewSpool(filepath.Join(w.dir, "statuses"), w.said); err != nil {
		return err
	}
	if w.trail, err = w.openTrail(); err != nil {
		return err
	}
	w.reviews, err = w.openReviews()
	return err
}

// parts are what of the repository is followed: what it says itself, and what its pins say.
func (w *watched) parts() []*watched { return append([]*watched{w}, w.elsewhere...) }

// title tells the part from all others of the service.
func (w *watched) title() string {
	if w.own == nil || len(w.elsewhere) > 0 {
		return w.name
	}
	return w.name + " at " + w.git.Follows()
}

// run keeps the clusters of the repository true until ctx ends.
func (w *watched) run(ctx context.Context) {
	ctx, stop := context.WithCancel(ctx)
	defer catchUp(ctx, w.spool, cmp.Or(w.service.pace.Poll, 30*time.Second), w.log)()
	defer w.follow(ctx)()
	defer stop()
	keepTrue(ctx, w.parts(), (*watched).keep)
}

// keep keeps the clusters of one part of the repository true until ctx ends.
func (w *watched) keep(ctx context.Context) {
	w.log.Info("watching", "host", w.host.String(), "repository", w.repo.String(), "follows", w.git.Follows(), "path", w.path)
	site := w.service.site
	sync.New(sync.Config{
		Repository: w.repo, Path: w.path, Own: w.own, Claimant: w.claimant, Poster: site.linked(w.spool), Pending: w.said.Pending, Auditor: w.auditor(), Trust: w.trust, Promotion: w.promotion,
		Schedule: w.stream, Run: w.service.people.heard(site.timed(w.pass)), Look: w.look, Slots: w.slots, Log: w.log, OnResult: w.heardOf(w.service.onResult),
		OnTurn: func() { site.turned(w.title()) }, OnLook: func(err error) { site.looked(w.title(), err) },
	}).Run(ctx)
}

// hear acts on what the Git host tells: a push to what is followed asks for a look.
func (w *watched) hear(e webhook.Event) {
	if w.reviews != nil {
		w.reviews.Hear(e)
	}
	push, ok := e.(webhook.Push)
	if !ok {
		w.log.Debug("heard of something else", "event", fmt.Sprintf("%T", e))
		return
	}
	for _, part := range w.parts() {
		if push.Ref == part.git.Ref() && push.Ref != "" {
			w.log.Info("heard of a push", "follows", part.git.Follows(), "commit", commitstatus.Shorten(push.After, 40))
			part.stream.Wake("")
		}
	}
}

// look plans for a cluster, and changes nothing.
func (w *watched) look(ctx context.Context, c desired.Cluster) (sync.Planned, error) {
	c = w.orders.Obey(c)
	planner, err := w.service.reach.planner(ctx, c)
	if err != nil {
		return sync.Planned{}, err
	}
	return planner.Plan(ctx, c)
}

// pass takes the cluster's lease for the time of one pass.
func (w *watched) pass(ctx context.Context, c desired.Cluster, commit string) sync.Result {
	c = w.orders.Obey(c)
	held, err := lease.Acquire(filepath.Join(w.service.state, "leases"), c.Name)
	if err != nil {
		return sync.Result{Err: err}
	}
	defer held.Release() //nolint:errcheck // a lease that cannot be given back is taken back by the kernel
	if err := held.Settle(ctx); err != nil {
		return sync.Result{Err: err}
	}
	planner, err := w.service.reach.planner(ctx, c)
	if err != nil {
		return sync.Result{Err: err}
	}
	deeds, err := w.service.reach.deeds(ctx, c)
	if err != nil {
		return sync.Result{Err: err}
	}
	planner.Drift = &drift.Keeper{Dir: filepath.Join(w.service.state, "drift"), Log: w.service.log, Deeds: deeds}
	applier, err := w.service.reach.applier(ctx, c, commit, held)
	if err != nil {
		return sync.Result{Err: err}
	}
	return sync.Pass{
		Planner:    planner,
		NewApplier: func(desired.Cluster, string) sync.Applier { return applier },
		Progress:   w.service.progress,
		OnPlan:     w.service.onPlan,
		Leave:      w.promotion.Leave,
		Auditor:    w.auditor(),
		Author:     w.repo.Author,
		Mark:       applier.MarkApplied,
	}.Run(ctx, c, commit)
}
