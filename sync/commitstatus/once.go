package commitstatus

import (
	"context"
	"sync"
)

// remembered bounds the memory of a Once. Forgetting means only that a status is posted again.
const remembered = 4096

// Once leaves out a status that is equal to the last one posted for its commit and context. A
// post that failed is not remembered.
type Once struct {
	next Poster

	mu    sync.Mutex
	last  map[key]Status
	order []key // oldest first
}

// NewOnce wraps a poster.
func NewOnce(next Poster) *Once {
	return &Once{next: next, last: map[key]Status{}}
}

// Post hands the status on if it says something new.
func (o *Once) Post(ctx context.Context, s Status) error {
	s, err := s.Normal()
	if err != nil {
		return err
	}
	if o.said(s) {
		return nil
	}
	if err := o.next.Post(ctx, s); err != nil {
		return err
	}
	o.remember(s)
	return nil
}

func (o *Once) said(s Status) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	last, ok := o.last[s.key()]
	return ok && last.same(s)
}

func (o *Once) remember(s Status) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, known := o.last[s.key()]; !known {
		o.order = append(o.order, s.key())
	}
	o.last[s.key()] = s
	if len(o.order) > remembered {
		delete(o.last, o.order[0])
		o.order = o.order[1:]
	}
}
