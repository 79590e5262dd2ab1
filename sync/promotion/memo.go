package promotion

import (
	"sync"
	"time"
)

// askedLimit is how long an approval that was taken back may still count.
const askedLimit = time.Minute

// memo keeps what a host answered for [askedLimit]: a roll asks each few seconds.
type memo[T any] struct {
	mu   sync.Mutex
	kept map[string]answered[T]
}

type answered[T any] struct {
	value T
	at    time.Time
}

// get asks unless the answer is known. What failed is asked again at once.
func (m *memo[T]) get(key string, ask func() (T, error)) (T, error) {
	m.mu.Lock()
	known, ok := m.kept[key]
	m.mu.Unlock()
	if ok && time.Since(known.at) < askedLimit {
		return known.value, nil
	}
	at := time.Now()
	value, err := ask()
	if err != nil {
		return value, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for old, a := range m.kept {
		if time.Since(a.at) >= askedLimit {
			delete(m.kept, old)
		}
	}
	if m.kept == nil {
		m.kept = map[string]answered[T]{}
	}
	m.kept[key] = answered[T]{value, at}
	return value, nil
}
