package demo

import (
	"context"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

const (
	watchPause = 100 * time.Millisecond
	askLimit   = time.Second
)

// watcher asks every member of one etcd cluster over and over, and remembers the
// fewest that were healthy at once.
type watcher struct {
	name      string
	endpoints []string
	client    *clientv3.Client

	mu       sync.Mutex
	complete bool // all were healthy once: from then on it counts
	now      int
	smallest int
}

// run watches until ctx ends.
func (w *watcher) run(ctx context.Context) {
	for ctx.Err() == nil {
		if healthy := w.ask(ctx); ctx.Err() == nil {
			w.note(healthy)
		}
		pause(ctx, watchPause)
	}
}

// ask counts the members that answer, know a leader and have no error.
func (w *watcher) ask(ctx context.Context) int {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	answers := make([]bool, len(w.endpoints))
	var all sync.WaitGroup
	for i, endpoint := range w.endpoints {
		all.Go(func() {
			status, err := w.client.Status(ctx, endpoint)
			answers[i] = err == nil && status.Leader != 0 && !status.IsLearner && len(status.Errors) == 0
		})
	}
	all.Wait()
	healthy := 0
	for _, ok := range answers {
		if ok {
			healthy++
		}
	}
	return healthy
}

func (w *watcher) note(healthy int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = healthy
	if !w.complete {
		w.complete = healthy == len(w.endpoints)
		w.smallest = healthy
		return
	}
	w.smallest = min(w.smallest, healthy)
}

func (w *watcher) summary() EtcdSummary {
	w.mu.Lock()
	defer w.mu.Unlock()
	return EtcdSummary{Name: w.name, Members: len(w.endpoints), Healthy: w.now, SmallestHealthy: w.smallest}
}
