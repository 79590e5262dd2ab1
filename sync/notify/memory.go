package notify

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
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

// load reads what an earlier process remembered. A damaged file costs a notification that was sent before.
func load(file string) (memory, error) {
	m := memory{}
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err != nil {
		return nil, fmt.Errorf("what was notified: %w", err)
	}
	if json.Unmarshal(data, &m) != nil {
		m = memory{}
	}
	return m, nil
}

func (m memory) save(file string) error {
	if err := durable.WriteJSON(file, m); err != nil {
		return fmt.Errorf("what was notified: %w", err)
	}
	return nil
}
