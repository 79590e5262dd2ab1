package chaos

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

const (
	// registers are few, so that operations of different clients meet.
	registers = 3
	// tryLimit ends one try; an operation that was not answered by then has an unknown outcome.
	tryLimit = time.Second
	// writeLimit is when a write of the audited writer counts as failed: any client of etcd tries again.
	writeLimit = 20 * time.Second
	opPause    = 15 * time.Millisecond
	// proofLimit bounds the search for an order of all operations.
	proofLimit = 30 * time.Second
)

// operation is what a client asked of a register.
type operation struct {
	register string
	write    bool
	value    string // written
}

// model is a set of registers: a read gives what was written last.
var model = porcupine.Model{
	Partition: byRegister,
	Init:      func() any { return "" },
	Step: func(state, input, output any) (bool, any) {
		if in := input.(operation); in.write {
			return true, in.value
		}
		return output == state, state
	},
}

func byRegister(history []porcupine.Operation) [][]porcupine.Operation {
	parts := map[string][]porcupine.Operation{}
	for _, o := range history {
		name := o.Input.(operation).register
		parts[name] = append(parts[name], o)
	}
	return slices.Collect(maps.Values(parts))
}

// history is what all clients of one etcd cluster asked and heard.
type history struct {
	began time.Time

	mu   sync.Mutex
	done []porcupine.Operation
	open int // writes whose outcome nobody knows
}

// client writes and reads registers until ctx ends. Values are written once only, so that a read tells
// which write it saw.
func (h *history) client(ctx context.Context, kv clientv3.KV, id int, rng *rand.Rand) {
	for n := 0; ctx.Err() == nil; n++ {
		in := operation{register: fmt.Sprintf("chaos/register/%d", rng.IntN(registers)), write: rng.IntN(2) == 0, value: fmt.Sprintf("%d-%d", id, n)}
		h.do(ctx, kv, id, in)
		wait(ctx, opPause)
	}
}

func (h *history) do(ctx context.Context, kv clientv3.KV, id int, in operation) {
	// The end of the day does not break operations off: their outcome would be unknown.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tryLimit)
	defer cancel()
	op := porcupine.Operation{ClientId: id, Input: in, Call: time.Since(h.began).Nanoseconds()}
	var err error
	if in.write {
		_, err = kv.Put(ctx, in.register, in.value)
	} else {
		op.Output, err = read(ctx, kv, in.register)
	}
	op.Return = time.Since(h.began).Nanoseconds()
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case err != nil && !in.write:
		return // a read that heard nothing says nothing
	case errors.Is(err, rpctypes.Error(rpctypes.ErrGRPCNotSupportedForLearner)):
		return // it was refused
	case err != nil:
		op.Return = math.MaxInt64 // it may take effect at any later time, or never
		h.open++
	}
	h.done = append(h.done, op)
}

func read(ctx context.Context, kv clientv3.KV, key string) (string, error) {
	got, err := kv.Get(ctx, key)
	if err != nil || len(got.Kvs) == 0 {
		return "", err
	}
	return string(got.Kvs[0].Value), nil
}

// judge looks for an order of all operations in which each read sees the last write.
func (h *history) judge() (operations int, verdict porcupine.CheckResult) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.done), porcupine.CheckOperationsTimeout(model, h.done, proofLimit)
}

// writer keeps writing one key after another to an etcd cluster, and remembers what was acknowledged.
type writer struct {
	kv clientv3.KV

	mu     sync.Mutex
	failed int
	stall  time.Duration
	acked  []string
}

const auditPrefix = "chaos/audit/"

func (w *writer) run(ctx context.Context) {
	for n := 0; ctx.Err() == nil; n++ {
		key := fmt.Sprintf("%s%06d", auditPrefix, n)
		began := time.Now()
		err := w.write(ctx, key)
		w.mu.Lock()
		switch {
		case err == nil:
			w.acked = append(w.acked, key)
			w.stall = max(w.stall, time.Since(began))
		case ctx.Err() == nil:
			w.failed++
		}
		w.mu.Unlock()
		wait(ctx, 2*opPause)
	}
}

// write tries until it is acknowledged. A write tried twice writes the same.
func (w *writer) write(ctx context.Context, key string) error {
	ctx, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	for {
		try, end := context.WithTimeout(ctx, tryLimit)
		_, err := w.kv.Put(try, key, key)
		end()
		if err == nil || ctx.Err() != nil {
			return err
		}
	}
}

// audit reads everything back, and counts what was acknowledged and is not there.
func (w *writer) audit(ctx context.Context) (lost int, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	all, err := w.kv.Get(ctx, auditPrefix, clientv3.WithPrefix(), clientv3.WithKeysOnly())
	if err != nil {
		return 0, fmt.Errorf("read the writes back: %w", err)
	}
	found := map[string]bool{}
	for _, kv := range all.Kvs {
		found[string(kv.Key)] = true
	}
	for _, key := range w.acked {
		if !found[key] {
			lost++
		}
	}
	return lost, nil
}
