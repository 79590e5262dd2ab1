package checkup

import (
	"fmt"

	"github.com/quorate/quorate/apply/repair"
)

// repairs tells what the service found wrong with groups, in its own words: it asks the same rules. What only
// people can mend is a failure; what AWS or quorate is mending is not yet.
func repairs(f Facts) []Finding {
	if !f.Control.Known() {
		return []Finding{unknown("", "what is wrong with the groups: "+f.Control.Unknown, "")}
	}
	var found []Finding
	for _, a := range f.Control.Value.Advice {
		text := a.Sentence
		if !a.Since.IsZero() {
			text += fmt.Sprintf(" (since %s)", span(f.At.Sub(a.Since)))
		}
		if a.Who == repair.People {
			found = append(found, failure(name(a.Group), text, "this waits for you"))
			continue
		}
		action := "it is mended by " + a.Who
		if a.Until.After(f.At) {
			action += ", and nobody needs to do anything for " + span(a.Until.Sub(f.At))
		}
		found = append(found, warning(name(a.Group), text, action))
	}
	if len(found) == 0 {
		return ok("no roll has halted, and nothing waits to be mended")
	}
	return found
}
