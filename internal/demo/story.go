package demo

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/diff/render"
	service "github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/sync/schedule"
)

// Config is what the story is played with.
type Config struct {
	// Out is where the story is told.
	Out io.Writer
	// Paint colours the plans.
	Paint render.Painter
	// Manifest is the cluster to build: an HA cluster in the kops form.
	Manifest []byte
	// Serve runs the service until its context ends.
	Serve func(ctx context.Context, s Serving) error
	// Plan looks at AWS once more, apart from the service.
	Plan func(ctx context.Context, c desired.Cluster) (service.Planned, error)
	// Stay keeps everything up after the story, until the context ends.
	Stay bool
}

// Serving is what the service is to be run with.
type Serving struct {
	Repository string
	Path       string
	State      string // a folder of its own
	Pace       schedule.Config
	Dial       func(ctx context.Context, network, address string) (net.Conn, error)
	OnPlan     func(service.Planned)
	Progress   func(cluster string, o apply.Outcome)
	OnResult   func(schedule.Reason, desired.Cluster, service.Result)
}

// story is the play while it goes on.
type story struct {
	cfg   Config
	stage *stage
	began time.Time

	mu      sync.Mutex
	rolled  []string
	drifted map[string]bool // by reference; nil until somebody's hands are at work
	results chan result
	shown   string // the last plan that was told
}

// result is the end of one pass, as the service tells it.
type result struct {
	reason  schedule.Reason
	cluster desired.Cluster
	service.Result
}

// chapterLimit is when the story gives up waiting for the service.
const chapterLimit = 5 * time.Minute

// Run plays the story and returns what it showed. The error is for what kept it from
// being played to its end.
func Run(ctx context.Context, cfg Config) (Summary, error) {
	s := &story{cfg: cfg, began: time.Now(), results: make(chan result, 1000)}
	stage, err := build(ctx)
	if err != nil {
		return Summary{}, err
	}
	defer stage.close()
	s.stage = stage

	ctx, stop := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- cfg.Serve(ctx, s.serving()) }()
	summary, err := s.play(ctx)
	if err == nil && cfg.Stay {
		s.stay(ctx)
	}
	stop()
	if serveErr := <-served; err == nil {
		err = serveErr
	}
	return summary, err
}

func (s *story) serving() Serving {
	return Serving{
		Repository: s.stage.repo.origin, Path: "clusters", State: s.stage.dir + "/state", Dial: s.stage.machines.DialContext,
		// Everything is quick here: AWS runs faster, so its clients look more often.
		Pace:     schedule.Config{Poll: 200 * time.Millisecond, Soon: 250 * time.Millisecond, Drift: "@every 2s", DriftJitter: time.Millisecond, FirstRetry: 500 * time.Millisecond},
		OnPlan:   s.onPlan,
		Progress: s.progress,
		OnResult: func(reason schedule.Reason, c desired.Cluster, r service.Result) { s.results <- result{reason, c, r} },
	}
}

func (s *story) play(ctx context.Context) (Summary, error) {
	s.tell("A simulated AWS region answers at %s; a Git repository is at %s.", s.stage.url, s.stage.repo.origin)

	s.chapter("Commit a manifest: three masters in three zones, three workers, one load balancer")
	manifest := string(s.cfg.Manifest)
	if err := s.stage.repo.push(manifestPath, manifest, "Add the ha cluster"); err != nil {
		return Summary{}, err
	}
	built, err := s.until(ctx, "the cluster is built", func(r result) bool { return r.Converged() })
	if err != nil {
		return Summary{}, err
	}
	s.tell("Converged: %d resources, etcd main and events have three voting members each.", built.Planned.State.Topology.Len())

	witnesses, err := s.stage.witness(ctx)
	if err != nil {
		return Summary{}, err
	}
	defer witnesses.close()

	s.chapter("Commit another machine type for the masters, while a client keeps writing to etcd")
	if err := s.stage.repo.push(manifestPath, withMasters(manifest, "m5.large"), "Give the masters m5.large"); err != nil {
		return Summary{}, err
	}
	if _, err := s.until(ctx, "the masters are rolled", func(r result) bool { return r.Converged() && len(s.zones()) == 3 }); err != nil {
		return Summary{}, err
	}
	s.tell("Rolled one zone at a time: %s.", strings.Join(s.zones(), ", "))

	s.chapter("Somebody deletes a security-group rule and shrinks the workers by hand")
	s.expectDrift()
	drifted, err := s.stage.vandalise(ctx, built.Planned.State.Bindings, built.cluster)
	if err != nil {
		return Summary{}, err
	}
	for _, what := range drifted {
		s.tell("By hand: %s.", what)
	}
	whole := func(r result) bool { return r.Converged() && len(s.drift()) >= len(drifted) }
	if _, err := s.until(ctx, "the drift is corrected", whole); err != nil {
		return Summary{}, err
	}
	s.tell("Found and corrected: %s.", strings.Join(s.drift(), ", "))
	return s.sum(ctx, built.cluster, witnesses)
}

// sum takes the last look and asks the witnesses.
func (s *story) sum(ctx context.Context, c desired.Cluster, w *witnesses) (Summary, error) {
	s.chapter("The last look")
	written, watched, err := w.testify(ctx)
	if err != nil {
		return Summary{}, err
	}
	// The service has moved the manifest on; the last look is at what it says now.
	files := []desired.File{{Name: manifestPath, Data: []byte(withMasters(string(s.cfg.Manifest), "m5.large"))}}
	clusters, _ := desired.Build(files)
	planned, err := s.cfg.Plan(ctx, clusters[0])
	if err != nil {
		return Summary{}, err
	}
	remaining := 0
	for _, ref := range s.drift() {
		if slices.ContainsFunc(planned.Plan.Changes, func(c diff.Change) bool { return c.Ref.String() == ref }) {
			remaining++
		}
	}
	found := s.drift()
	summary := Summary{Clusters: []ClusterSummary{{
		Name: c.Name, Converged: planned.Plan.Empty(), Resources: planned.State.Topology.Len(), Etcd: watched, Rolled: s.zones(),
		Writes: written, Drift: DriftSummary{Found: len(found), Corrected: len(found) - remaining, Refs: found},
		Calls: s.stage.calls(), FinalChanges: len(planned.Plan.Changes),
	}}}
	summary.judge(s.began)
	s.tellSummary(summary)
	return summary, nil
}

// until waits for a pass that satisfies the condition.
func (s *story) until(ctx context.Context, what string, enough func(result) bool) (result, error) {
	ctx, cancel := context.WithTimeout(ctx, chapterLimit)
	defer cancel()
	last := ""
	for {
		select {
		case <-ctx.Done():
			return result{}, fmt.Errorf("waiting until %s: %w; the last thing known is: %s", what, ctx.Err(), last)
		case r := <-s.results:
			if r.Err != nil {
				last = r.Err.Error()
			} else if reason := r.Report.Reason(); reason != "" && reason != last {
				last = reason
				s.tell("… %s", reason)
			}
			s.noteDrift(r)
			if enough(r) {
				return r, nil
			}
		}
	}
}

// noteDrift remembers what passes found that no commit asked for.
func (s *story) noteDrift(r result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.drifted == nil {
		return // nobody has touched anything yet
	}
	for _, c := range r.Planned.Plan.Changes {
		s.drifted[c.Ref.String()] = true
	}
}

// expectDrift begins to count changes as drift: from here on nobody commits.
func (s *story) expectDrift() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drifted = map[string]bool{}
}

func (s *story) drift() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.drifted))
}
