package resizing

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	gosync "sync"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// A witness writes and reads all the time, and counts the voters of both etcd clusters.
type witness struct {
	stop context.CancelFunc
	done gosync.WaitGroup

	mu       gosync.Mutex
	written  int
	failed   []string
	unread   []string // acknowledged a moment ago, and not there
	acked    []string
	stall    time.Duration
	looks    int
	without  []string // moments without a healthy majority
	even     time.Duration
	evenAt   map[string]time.Time // by etcd cluster: since when its voters are even in number
	voters   map[string][]int     // by etcd cluster: the numbers of voters, one after another
	smallest map[string]string
}

const (
	everyWrite = 20 * time.Millisecond
	everyLook  = 50 * time.Millisecond
	writeLimit = 15 * time.Second
	tryLimit   = 2 * time.Second
)

var letters = []string{"a", "b", "c", "d", "e"}

func (w *world) witness() *witness {
	ctx, stop := context.WithCancel(w.Context())
	x := &witness{stop: stop, evenAt: map[string]time.Time{}, voters: map[string][]int{}, smallest: map[string]string{}}
	writer := w.client("main", letters...)
	x.done.Go(func() { x.write(ctx, writer) })
	for etcd := range ports {
		all, each := w.client(etcd, letters...), map[string]*clientv3.Client{}
		for _, member := range letters {
			each[member] = w.client(etcd, member)
		}
		x.done.Go(func() { x.watch(ctx, etcd, all, each) })
	}
	w.Cleanup(x.end)
	return x
}

func (x *witness) end() {
	x.stop()
	x.done.Wait()
}

func (x *witness) write(ctx context.Context, client *clientv3.Client) {
	for n := 0; ctx.Err() == nil; n++ {
		key := fmt.Sprintf("resizing/%06d", n)
		began := time.Now()
		err := insist(ctx, func(ctx context.Context) error {
			_, err := client.Put(ctx, key, key)
			return err
		})
		if ctx.Err() != nil {
			return
		}
		took, there := time.Since(began), true
		if err == nil {
			err = insist(ctx, func(ctx context.Context) error {
				got, err := client.Get(ctx, key)
				if err == nil {
					there = got.Count == 1
				}
				return err
			})
		}
		if ctx.Err() != nil {
			return
		}
		x.note(key, took, there, err)
		sleep(ctx, everyWrite)
	}
}

func (x *witness) note(key string, took time.Duration, there bool, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.written++
	x.stall = max(x.stall, took)
	switch {
	case err != nil:
		x.failed = append(x.failed, fmt.Sprintf("%s: %v", key, err))
		return
	case !there:
		x.unread = append(x.unread, key)
	}
	x.acked = append(x.acked, key)
}

// insist tries as any client of etcd does, until its time is over.
func insist(ctx context.Context, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, writeLimit)
	defer cancel()
	for {
		try, end := context.WithTimeout(ctx, tryLimit)
		err := call(try)
		end()
		if err == nil || ctx.Err() != nil {
			return err
		}
		sleep(ctx, 10*time.Millisecond)
	}
}

// watch counts again and again: the voters that etcd lists, and those of them that are healthy.
func (x *witness) watch(ctx context.Context, etcd string, all *clientv3.Client, each map[string]*clientv3.Client) {
	for ctx.Err() == nil {
		voters, healthy, learners := look(ctx, all, each)
		if voters > 0 && 2*healthy <= voters { // a list and its members are not asked in one moment
			voters, healthy, learners = look(ctx, all, each)
		}
		if ctx.Err() == nil && voters > 0 {
			x.count(etcd, voters, healthy, learners)
		}
		sleep(ctx, everyLook)
	}
}

func look(ctx context.Context, all *clientv3.Client, each map[string]*clientv3.Client) (voters, healthy, learners int) {
	ctx, cancel := context.WithTimeout(ctx, tryLimit)
	defer cancel()
	list, err := all.MemberList(ctx)
	if err != nil {
		return 0, 0, 0
	}
	var mu gosync.Mutex
	var asked gosync.WaitGroup
	for _, m := range list.Members {
		if m.IsLearner {
			learners++
			continue
		}
		voters++
		asked.Go(func() {
			client := each[m.Name]
			if client == nil {
				return
			}
			status, err := client.Status(ctx, client.Endpoints()[0])
			if err == nil && status.Leader != 0 && status.Header.MemberId == m.ID {
				mu.Lock()
				defer mu.Unlock()
				healthy++
			}
		})
	}
	asked.Wait()
	return voters, healthy, learners
}

func (x *witness) count(etcd string, voters, healthy, learners int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.looks++
	if 2*healthy <= voters {
		x.without = append(x.without, fmt.Sprintf("etcd %s: %d of %d voters healthy, %d learners", etcd, healthy, voters, learners))
	}
	if known := x.voters[etcd]; len(known) == 0 || known[len(known)-1] != voters {
		x.voters[etcd] = append(known, voters)
	}
	since, wasEven := x.evenAt[etcd]
	switch isEven := voters%2 == 0; {
	case isEven && !wasEven:
		x.evenAt[etcd] = time.Now()
	case isEven:
		x.even = max(x.even, time.Since(since))
	default:
		delete(x.evenAt, etcd)
	}
}

// testify ends the watch, reads everything back, and says what was seen and must not be.
func (x *witness) testify(t *testing.T, w *world, evenLimit time.Duration) {
	t.Helper()
	x.end()
	all, err := w.client("main", letters...).Get(t.Context(), "resizing/", clientv3.WithPrefix(), clientv3.WithKeysOnly())
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, kv := range all.Kvs {
		found[string(kv.Key)] = true
	}
	lost := slices.DeleteFunc(slices.Clone(x.acked), func(key string) bool { return found[key] })
	t.Logf("%d writes, %d failed, %d lost, longest stall %.2fs; %d looks, %d without a majority; longest even %.2fs", x.written, len(x.failed), len(lost), x.stall.Seconds(), x.looks, len(x.without), x.even.Seconds())
	for _, etcd := range slices.Sorted(maps.Keys(x.voters)) {
		t.Logf("voters of etcd %s: %v", etcd, x.voters[etcd])
	}
	for what, list := range map[string][]string{"failed writes": x.failed, "lost writes": lost, "stale reads": x.unread, "moments without a majority": x.without} {
		if len(list) > 0 {
			t.Errorf("%d %s: %s", len(list), what, strings.Join(list[:min(5, len(list))], "; "))
		}
	}
	if x.even > evenLimit {
		t.Errorf("an even number of voters for %v", x.even)
	}
	if x.written == 0 || x.looks == 0 {
		t.Error("nobody looked")
	}
}

// How long the number of voters may be even: inARow is longer than two changes of a member list in a row, and
// shorter than anything else; whileMended is as long as a member takes to be added again and to catch up.
const (
	inARow      = 3 * time.Second
	whileMended = time.Minute
)

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
