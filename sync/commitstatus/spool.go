package commitstatus

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/quorate/quorate/internal/durable"
)

// ErrDeferred says that a status is safe on disk and will be posted at a later call.
var ErrDeferred = errors.New("kept to be posted later")

// maxSpooled bounds the spool; beyond it the oldest statuses are given up, which is an error.
const maxSpooled = 1000

// Spool keeps statuses in a folder until they are posted, so that neither an unreachable remote
// nor a killed process loses one. Only the latest status of a commit and context is kept.
type Spool struct {
	dir  string
	next Poster
	mu   sync.Mutex
}

// NewSpool uses the folder, and creates it if need be. No other process may use it.
func NewSpool(dir string, next Poster) (*Spool, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("status spool: %w", err)
	}
	return &Spool{dir: dir, next: next}, nil
}

// maxDeferred is how long a status is tried: nobody waits for one of last week, and a host that does
// not know its commit any more never takes it.
const maxDeferred = 7 * 24 * time.Hour

// maxFailures is after how many statuses in a row that could not be posted the others wait as well.
const maxFailures = 3

// Post posts the status, and then whatever waited from before. If the status could not be posted
// the error is ErrDeferred with the cause; any other error means that something was lost.
func (s *Spool) Post(ctx context.Context, status Status) error {
	status, err := status.Normal()
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	// On disk first: a process killed while posting must find it again.
	if err := s.keep(status); err != nil {
		return fmt.Errorf("status spool: %w", errors.Join(err, s.next.Post(ctx, status)))
	}
	if err := s.send(ctx, status); err != nil {
		return errors.Join(err, s.trim())
	}
	return s.flush(ctx)
}

// Flush posts what waited from before, for a start and for quiet times.
func (s *Spool) Flush(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.flush(ctx)
}

func (s *Spool) flush(ctx context.Context) error {
	waiting, err := s.waiting()
	if err != nil {
		return err
	}
	var failed []error
	for _, status := range waiting {
		if err := s.send(ctx, status); err != nil {
			failed = append(failed, err)
		}
		if len(failed) == maxFailures || ctx.Err() != nil {
			break
		}
	}
	return errors.Join(failed...)
}

// send posts one status that is on disk, and removes it from there only when that worked, or never will.
// One that comes too early stays, to be replaced by a newer one or sent at a later flush.
func (s *Spool) send(ctx context.Context, status Status) error {
	err := s.next.Post(ctx, status)
	if errors.Is(err, errEarly) {
		return nil
	}
	if err != nil && !errors.Is(err, ErrRejected) && s.age(status) < maxDeferred {
		return fmt.Errorf("%w: %w", ErrDeferred, err)
	}
	if removed := os.Remove(s.file(status)); removed != nil {
		return fmt.Errorf("status spool: %w", errors.Join(removed, err))
	}
	if err != nil {
		return fmt.Errorf("status spool: gave up %s of %.12s: %w", status.Context, status.Commit, err)
	}
	return nil
}

// age is how long ago the status was last handed to the spool.
func (s *Spool) age(status Status) time.Duration {
	info, err := os.Stat(s.file(status))
	if err != nil {
		return 0
	}
	return time.Since(info.ModTime())
}

func (s *Spool) file(status Status) string { return filepath.Join(s.dir, fileName(status)) }

func (s *Spool) keep(status Status) error { return durable.WriteJSON(s.file(status), status) }

// Len counts what waits, without reading it and while others post.
func (s *Spool) Len() int {
	files, err := filepath.Glob(filepath.Join(s.dir, "*.json"))
	if err != nil {
		return 0
	}
	return len(files)
}

// waiting lists the kept statuses, oldest first. A damaged file is set aside by name, so that it
// is complained about once and stops nothing.
func (s *Spool) waiting() ([]Status, error) {
	files, err := filepath.Glob(filepath.Join(s.dir, "*.json"))
	if err != nil {
		return nil, err
	}
	var all []Status
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("status spool: %w", err)
		}
		var status Status
		if err := json.Unmarshal(data, &status); err != nil || s.file(status) != file {
			if err := os.Rename(file, file+".damaged"); err != nil {
				return nil, fmt.Errorf("status spool: %w", err)
			}
			return nil, fmt.Errorf("status spool: %s.damaged is no status", file)
		}
		all = append(all, status)
	}
	slices.SortFunc(all, func(a, b Status) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Context, b.Context), cmp.Compare(a.Commit, b.Commit))
	})
	return all, nil
}

// trim gives up the oldest statuses of a spool that has grown over its bound.
func (s *Spool) trim() error {
	waiting, err := s.waiting()
	if err != nil || len(waiting) <= maxSpooled {
		return err
	}
	drop := waiting[:len(waiting)-maxSpooled]
	for _, status := range drop {
		if err := os.Remove(s.file(status)); err != nil {
			return fmt.Errorf("status spool: %w", err)
		}
	}
	return fmt.Errorf("status spool: gave up %d statuses, the spool holds no more than %d", len(drop), maxSpooled)
}
