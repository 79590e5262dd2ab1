package notify

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/quorate/quorate/internal/durable"
)

// patience is how many passes in a row must fail before people are told: one that fails is weather, and the
// next one is soon.
const patience = 2

// A Notice is what people are told.
type Notice struct {
	Cluster, Commit string
	Kind            Kind
	Sentence        string
	// Since is when it was first seen, and Over when it was no more; zero but for Recovered.
	Since, Over time.Time
	// URL is that of a page that tells more; empty if there is none.
	URL string
}

// state is what is remembered of one cluster.
type state struct {
	Cause
	Since time.Time `json:"since"`
	Seen  int       `json:"seen"` // passes in a row
	Said  bool      `json:"said"`
}

// memory is by cluster.
type memory map[string]state

// hear takes the cause that a pass ended in, or none, and says what is new to people.
func (m memory) hear(cluster string, c Cause, now time.Time) (Notice, bool) {
	was, known := m[cluster]
	switch {
	case c.Kind == "":
		delete(m, cluster)
		return Notice{Cluster: cluster, Kind: Recovered, Sentence: was.Sentence, Since: was.Since, Over: now}, known && was.Said
	case known && was.same(c):
		was.Seen++
	default:
		// What was said before is neither over nor all any more; the new sentence takes its place.
		was = state{Cause: c, Since: now, Seen: 1}
	}
	tell := !was.Said && (c.Kind != Failed || was.Seen >= patience)
	was.Said = was.Said || tell
	m[cluster] = was
	return Notice{Cluster: cluster, Kind: c.Kind, Sentence: c.Sentence, Since: was.Since}, tell
}

// A parcel is a notice with the names of the receivers that have not taken it yet.
type parcel struct {
	Notice Notice    `json:"notice"`
	To     []string  `json:"to"`
	Posted time.Time `json:"posted"`
}

// kept is what a Notifier keeps on the disk. That something was said and that it must be sent are written at
// once, so that no crash comes in between.
type kept struct {
	Said   memory   `json:"said"`
	Outbox []parcel `json:"outbox,omitempty"`
}

// handed notes that a receiver needs a notice no more.
func (k *kept) handed(p parcel, to string) {
	for i, other := range k.Outbox {
		if other.Notice == p.Notice {
			k.Outbox[i].To = slices.DeleteFunc(slices.Clone(other.To), func(name string) bool { return name == to })
		}
	}
	k.sweep()
}

// keepFor drops what waits for receivers that there are no more.
func (k *kept) keepFor(names []string) {
	for i := range k.Outbox {
		k.Outbox[i].To = slices.DeleteFunc(k.Outbox[i].To, func(name string) bool { return !slices.Contains(names, name) })
	}
	k.sweep()
}

func (k *kept) sweep() {
	k.Outbox = slices.DeleteFunc(k.Outbox, func(p parcel) bool { return len(p.To) == 0 })
}

// load reads what an earlier process kept. A damaged file costs a notification that was sent before.
func load(file string) (kept, error) {
	k := kept{}
	data, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return k, fmt.Errorf("what was notified: %w", err)
	}
	if json.Unmarshal(data, &k) != nil || k.Said == nil {
		k = kept{Said: memory{}}
	}
	return k, nil
}

func (k kept) save(file string) error {
	if err := durable.WriteJSON(file, k); err != nil {
		return fmt.Errorf("what was notified: %w", err)
	}
	return nil
}
