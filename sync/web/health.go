package web

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"
)

// stalled is how long the loop may take for one turn. It fetches the repository in it, which takes minutes
// for a large one over a bad line; a loop that hangs longer is to be started anew.
const stalled = 15 * time.Minute

// Health is what is known of the process itself. Its methods may be called from many goroutines at once.
type Health struct {
	folder string
	poll   time.Duration
	now    func() time.Time

	mu    sync.Mutex
	began time.Time
	turns map[string]time.Time // the last of each repository's loop
	// standby says that another service works from the state folder.
	standby bool
	reads   map[string]time.Time // when a repository was last read
	// looks are how the last pass of each cluster could look at AWS.
	looks map[string]error
}

// NewHealth is that of a service that works from a state folder and looks at the repository every poll.
// Nil means time.Now.
func NewHealth(folder string, poll time.Duration, now func() time.Time) *Health {
	if now == nil {
		now = time.Now
	}
	return &Health{folder: folder, poll: cmp.Or(poll, 30*time.Second), now: now, began: now(), turns: map[string]time.Time{}, standby: true, reads: map[string]time.Time{}, looks: map[string]error{}}
}

// Turn says that the loop around a repository turned, or that the process looked again whether it may begin.
func (h *Health) Turn(repository string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.turns[repository] = h.now()
}

// Begin says that the state folder is ours.
func (h *Health) Begin() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.standby, h.began = false, h.now()
	clear(h.turns) // the loops begin
}

// Read says how a look at a repository ended.
func (h *Health) Read(repository string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err == nil {
		h.reads[repository] = h.now()
	}
}

// Looked says how a pass could look at AWS.
func (h *Health) Looked(cluster string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.looks[cluster] = err
}

// Alive is an error if only a new process helps.
func (h *Health) Alive() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.turns) == 0 && h.overdue(h.began) {
		return errors.New("the loop has not begun")
	}
	for _, turn := range h.turns {
		if h.overdue(turn) {
			return fmt.Errorf("a loop has not turned for %s", h.now().Sub(turn).Round(time.Second))
		}
	}
	return nil
}

func (h *Health) overdue(turn time.Time) bool { return h.now().Sub(turn) > max(stalled, 5*h.poll) }

// Ready is an error if the service cannot do its work now. Its sentences name no error of others: whoever
// asks here need not be anybody who may read them; they are in the log.
func (h *Health) Ready() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.standby:
		return errors.New("standing by: another service works from the state folder")
	case len(h.reads) == 0:
		return errors.New("no repository was read yet")
	case !h.reading():
		return errors.New("no repository could be read for some time")
	case h.blind():
		return errors.New("no cluster could be looked at in AWS")
	case !writable(h.folder):
		return errors.New("the state folder cannot be written to")
	}
	return nil
}

// reading reports that some repository was read lately: one look that fails is weather, and one repository
// that cannot be read does not keep the others from being worked on.
func (h *Health) reading() bool {
	grace := 3*h.poll + time.Minute
	for _, read := range h.reads {
		if h.now().Sub(read) <= grace {
			return true
		}
	}
	return false
}

// blind reports that the last look at every cluster failed; that some fail is their own trouble.
func (h *Health) blind() bool {
	looks := slices.Collect(maps.Values(h.looks))
	return len(looks) > 0 && !slices.Contains(looks, nil)
}

func writable(folder string) bool {
	f, err := os.CreateTemp(folder, "ready-*")
	if err != nil {
		return false
	}
	_, err = f.WriteString("?")
	return errors.Join(err, f.Close(), os.Remove(f.Name())) == nil
}

// probe answers 200 or 503, with a line that says why.
func probe(ask func() error) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		if err := ask(); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprintln(w, err)
			return
		}
		fmt.Fprintln(w, "ok")
	}
}
