package sync

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"sync"

	"github.com/quorate/quorate/internal/durable"
)

// Claims is which of several repositories describes which cluster. What two describe is run from neither:
// nobody can tell which of them is meant. It is kept in a file, so that a repository that cannot be reached
// after a restart does not lose to one that can.
type Claims struct {
	file string

	mu sync.Mutex
	of map[string][]string // clusters by repository, sorted
	// wake is called when somebody else's claims touch those of the repository.
	wake  map[string]func()
	stale map[string]bool
}

// OpenClaims reads what was claimed before by those repositories that are still watched.
func OpenClaims(file string, repositories []string) (*Claims, error) {
	c := &Claims{file: file, of: map[string][]string{}, wake: map[string]func(){}, stale: map[string]bool{}}
	data, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("claims of clusters: %w", err)
	}
	if err == nil {
		if err := json.Unmarshal(data, &c.of); err != nil {
			return nil, fmt.Errorf("claims of clusters: %s is damaged; remove it: %w", file, err)
		}
	}
	maps.DeleteFunc(c.of, func(repository string, _ []string) bool { return !slices.Contains(repositories, repository) })
	return c, nil
}

// Claimant is one repository among the Claims; nil has no rivals.
type Claimant struct {
	claims     *Claims
	repository string
}

// Claimant is the repository of that name; wake is called, and must not wait, when a look at it is due
// because a rival came or went.
func (c *Claims) Claimant(repository string, wake func()) *Claimant {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wake[repository] = wake
	return &Claimant{c, repository}
}

// claim says which clusters the repository describes, durably, and returns who else describes them. Nothing is
// given up while keep is set, as some of what the repository holds cannot be read.
func (c *Claimant) claim(clusters []string, keep bool) (rivals map[string][]string, err error) {
	if c == nil {
		return nil, nil
	}
	all := c.claims
	all.mu.Lock()
	defer all.mu.Unlock()
	delete(all.stale, c.repository)
	before := all.of[c.repository]
	now := slices.Clone(clusters)
	if keep {
		now = append(now, before...)
	}
	slices.Sort(now)
	now = slices.Compact(now)
	if !slices.Equal(before, now) {
		all.of[c.repository] = now
		if err := all.write(); err != nil {
			all.of[c.repository] = before
			return nil, err
		}
		all.tell(c.repository, before, now)
	}
	return all.rivals(c.repository), nil
}

// disputed reports that a rival came or went since the last claim.
func (c *Claimant) disputed() bool {
	if c == nil {
		return false
	}
	c.claims.mu.Lock()
	defer c.claims.mu.Unlock()
	return c.claims.stale[c.repository]
}

func (c *Claims) rivals(repository string) map[string][]string {
	rivals := map[string][]string{}
	for _, other := range slices.Sorted(maps.Keys(c.of)) {
		for _, cluster := range c.of[other] {
			if other != repository && slices.Contains(c.of[repository], cluster) {
				rivals[cluster] = append(rivals[cluster], other)
			}
		}
	}
	return rivals
}

// tell wakes everybody who holds a cluster that the repository claimed or gave up.
func (c *Claims) tell(repository string, before, now []string) {
	for other, clusters := range c.of {
		touched := slices.ContainsFunc(clusters, func(name string) bool {
			return slices.Contains(before, name) != slices.Contains(now, name)
		})
		if other == repository || !touched {
			continue
		}
		c.stale[other] = true
		if wake := c.wake[other]; wake != nil {
			wake()
		}
	}
}

func (c *Claims) write() error {
	if err := durable.WriteJSON(c.file, c.of); err != nil {
		return fmt.Errorf("claims of clusters: %w", err)
	}
	return nil
}
