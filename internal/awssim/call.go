package awssim

import (
	"cmp"
	"slices"
	"sync"
)

// CallCount says how often an operation was called, whatever its fate.
type CallCount struct {
	Service   string
	Operation string
	Mutating  bool
	Count     int
}

// accounts counts the calls of a region.
type accounts struct {
	mu              sync.Mutex
	counts          map[[2]string]CallCount
	reads, mutating int
}

// arrive counts a call and gives it its number.
func (a *accounts) arrive(c Call) Call {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := &a.reads
	if c.Mutating {
		n = &a.mutating
	}
	*n++
	c.N = *n
	if a.counts == nil {
		a.counts = map[[2]string]CallCount{}
	}
	key := [2]string{c.Service, c.Operation}
	a.counts[key] = CallCount{c.Service, c.Operation, c.Mutating, a.counts[key].Count + 1}
	return c
}

// Calls lists how often each operation was called since the last ResetCalls, by service and name.
func (r *Region) Calls() []CallCount {
	r.accounts.mu.Lock()
	defer r.accounts.mu.Unlock()
	list := make([]CallCount, 0, len(r.accounts.counts))
	for _, c := range r.accounts.counts {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b CallCount) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Operation, b.Operation))
	})
	return list
}

// MutatingCalls is how many mutating calls have arrived since the last ResetCalls.
func (r *Region) MutatingCalls() int {
	r.accounts.mu.Lock()
	defer r.accounts.mu.Unlock()
	return r.accounts.mutating
}

// ResetCalls starts counting anew; the next mutating call is number 1 to the intercept.
func (r *Region) ResetCalls() {
	r.accounts.mu.Lock()
	defer r.accounts.mu.Unlock()
	r.accounts.counts, r.accounts.reads, r.accounts.mutating = nil, 0, 0
}
