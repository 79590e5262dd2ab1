package review

import (
	"context"
	"log/slog"
	"time"

	"github.com/quorate/quorate/desired"
	quorate "github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/sync/commitstatus"
	"github.com/quorate/quorate/sync/gitrepo"
	"github.com/quorate/quorate/sync/host"
	"github.com/quorate/quorate/sync/rules"
)

// Repository is where commits are read; gitrepo.Repo is one. It should be one of its own: what strangers
// propose is fetched into it.
type Repository interface {
	Fetch(ctx context.Context, ref string) (commit string, err error)
	MergeBase(a, b string) (string, error)
	Units(commit, dir string) (gitrepo.Listing, error)
	File(commit, path string) ([]byte, error)
}

// Config is what a [Service] works with.
type Config struct {
	Host       host.Host
	Repository Repository
	// Path is the folder of the repository that holds the clusters; empty for all of it.
	Path string
	// Branch is the one that is applied; pull requests into others are left alone.
	Branch string
	// Look plans a cluster as somebody proposes it. It changes nothing, and asks no address that the
	// manifest names.
	Look   func(ctx context.Context, c desired.Cluster) (quorate.Planned, error)
	Poster commitstatus.Poster
	// Rules, if set, finds the problems of quorate.yaml at a commit.
	Rules func(commit string) []desired.Problem
	// RulesChange, if set, tells what the rules of another commit mean to clusters, whose manifests are named by cluster.
	RulesChange func(before, after string, manifests map[string]string) []rules.Change
	// Orders is where what people order in comments is kept.
	Orders *Orders
	// Ordered, if set, hears that a cluster has new orders.
	Ordered func(cluster string)
	// Record, if set, puts an order on record before it is answered; an order that cannot be kept is tried again.
	Record func(ctx context.Context, o Order) error
	// Show, if set, keeps the whole of a plan for people, and tells where they find it, and where all plans of
	// the commit; empty if they cannot.
	Show func(p Page) (one, all string)
	// Pending, if set, are the statuses that were posted and never ended.
	Pending func() []commitstatus.Status
	// Explain, if set, says in words what a cluster of the branch waits for.
	Explain func(ctx context.Context, c desired.Cluster) (string, error)
	// Forks plans pull requests from forks without being asked.
	Forks bool
	// MaxAge is how old a plan may become while nothing is known to have moved; zero means 15 minutes.
	MaxAge time.Duration
	// Poll is the time between looks at the host; zero means 30 s.
	Poll time.Duration
	// MaxClusters bounds the clusters of one pull request; zero means 20.
	MaxClusters int
	// Parallel bounds the clusters that are planned at once; zero means 4.
	Parallel int
	Now      func() time.Time // nil means time.Now
	Log      *slog.Logger
}
