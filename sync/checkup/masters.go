package checkup

import (
	"fmt"
)

// masters asks what AWS misses of the control plane: machines in service, volumes attached where they should
// be, targets healthy. How the etcd members on them are is etcd's.
func masters(f Facts) []Finding {
	if !f.Control.Known() {
		return []Finding{unknown("", "how the control plane is: "+f.Control.Unknown, "")}
	}
	var found []Finding
	back := 0
	for _, m := range f.Control.Value.Standing.Masters {
		age := ""
		if !m.Launched.IsZero() {
			age = fmt.Sprintf(" (launched %s ago)", span(f.At.Sub(m.Launched)))
		}
		for _, sentence := range m.Missing {
			found = append(found, failure(name(m.Group), sentence+age, "quorate explain says what it waits for, and until when"))
		}
		if len(m.Missing) == 0 {
			back++
		}
	}
	if len(found) == 0 && back > 0 {
		return ok(fmt.Sprintf("%s in service, each with its volumes attached and healthy at its load balancers", count(back, "master")))
	}
	return found
}
