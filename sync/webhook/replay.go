package webhook

import (
	"crypto/sha256"
	"sync"
)

// remembered bounds the memory of deliveries: some days of a busy repository.
const remembered = 10_000

// memory knows the latest deliveries. Only what has proved itself is put into it, so that nobody else can
// push something out. A restart forgets: an event that is heard twice makes us look once more, no worse.
type memory struct {
	mu    sync.Mutex
	known map[[sha256.Size]byte]bool
	order [][sha256.Size]byte // oldest first, a ring
	next  int
}

func newMemory() *memory {
	return &memory{known: map[[sha256.Size]byte]bool{}, order: make([][sha256.Size]byte, remembered)}
}

// add says whether all of them are new, and remembers them.
func (m *memory) add(all ...string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	fresh := true
	for _, one := range all {
		sum := sha256.Sum256([]byte(one))
		if m.known[sum] {
			fresh = false
			continue
		}
		delete(m.known, m.order[m.next])
		m.known[sum], m.order[m.next] = true, sum
		m.next = (m.next + 1) % remembered
	}
	return fresh
}
