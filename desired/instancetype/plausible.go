package instancetype

import (
	"regexp"
	"strings"
	"sync"
)

// grammar is how AWS names types: a family of letters, a generation and options, then a size (Amazon
// EC2 User Guide, "Amazon EC2 instance type naming conventions"). High-memory families carry their
// memory ("u7i-12tb"), and the youngest families a variant behind a dash ("m7i-flex", "p6-b200").
var grammar = regexp.MustCompile(`^(u-\d+tb\d|[a-z]{1,4}\d{1,2}[a-z]*(-[a-z0-9]+)?|mac-m\d+[a-z]*)\.([a-z0-9-]+)$`)

// Plausible reports whether AWS may have such a type although the list does not: the name follows the
// rules of AWS's names, and its size is one that some family comes in.
func Plausible(name string) bool {
	m := grammar.FindStringSubmatch(name)
	return m != nil && sizes()[m[len(m)-1]]
}

// sizes are those of all families.
var sizes = sync.OnceValue(func() map[string]bool {
	found := map[string]bool{}
	for t := range All() {
		_, size, _ := strings.Cut(t.Name, ".")
		found[size] = true
	}
	return found
})

// Names lists the names of all types, sorted.
func Names(yield func(string) bool) {
	for t := range All() {
		if !yield(t.Name) {
			return
		}
	}
}
