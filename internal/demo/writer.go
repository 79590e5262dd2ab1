package demo

import (
	"context"
	"fmt"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

const (
	// writePause lets some twenty writes a second through.
	writePause = 50 * time.Millisecond
	// writeLimit is when a write counts as failed; until then it is tried again, as
	// any client of etcd does.
	writeLimit = 15 * time.Second
	// tryLimit ends one try, so that a dead member does not hold a write for long.
	tryLimit = 2 * time.Second
)

// writer keeps writing to one etcd cluster, one key after another, and remembers
// what was acknowledged.
type writer struct {
	client *clientv3.Client

	mu        sync.Mutex
	attempted int
	failed    int
	stall     time.Duration
	acked     []string
}

// run writes until ctx ends.
func (w *writer) run(ctx context.Context) {
	for n := 0; ctx.Err() == nil; n++ {
		key := fmt.Sprintf("demo/%06d", n)
		began := time.Now()
		err := w.write(ctx, key)
		if ctx.Err() != nil {
			return // broken off by the end of the story, not by the cluster
		}
		w.note(key, time.Since(began), err)
		pause(ctx, writePause)
	}
}

// write tries until the write is acknowledged. A write tried twice writes the same.
func (w *writer) write(ctx context.Context, key string) error {
	ctx, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	for {
		try, end := context.WithTimeout(ctx, tryLimit)
		_, err := w.client.Put(try, key, key)
		end()
		if err == nil || ctx.Err() != nil {
			return err
		}
	}
}

func (w *writer) note(key string, took time.Duration, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.attempted++
	w.stall = max(w.stall, took)
	if err != nil {
		w.failed++
		return
	}
	w.acked = append(w.acked, key)
}

// audit reads everything back and counts what was acknowledged and is not there.
func (w *writer) audit(ctx context.Context) (WriteSummary, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	all, err := w.client.Get(ctx, "demo/", clientv3.WithPrefix(), clientv3.WithKeysOnly())
	if err != nil {
		return WriteSummary{}, fmt.Errorf("read the writes back: %w", err)
	}
	found := map[string]bool{}
	for _, kv := range all.Kvs {
		found[string(kv.Key)] = true
	}
	lost := 0
	for _, key := range w.acked {
		if !found[key] {
			lost++
		}
	}
	return WriteSummary{Attempted: w.attempted, Failed: w.failed, Lost: lost, LongestStall: w.stall.Round(time.Millisecond).Seconds()}, nil
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
