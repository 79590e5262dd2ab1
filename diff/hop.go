package diff

import (
	"fmt"
	"strings"
)

// A Hop is a step on the way of a cluster through several minor versions of Kubernetes. API servers skip
// none: each hop takes all of them to the next one, and the pass that finds them there begins the next hop.
type Hop struct {
	// Number and Of count the hops, from 1.
	Number int `json:"number"`
	Of     int `json:"of"`
	// Version is what the API servers run at the end of the hop.
	Version string `json:"version"`
	// Next are the versions of the hops that follow; the last is the manifest's.
	Next []string `json:"next,omitempty"`
}

// Last reports whether the way ends with this hop, or has none.
func (h *Hop) Last() bool { return h == nil || len(h.Next) == 0 }

// String says the way: "hop 1 of 3: v1.32.13 now, then v1.33.13, v1.34.2".
func (h *Hop) String() string {
	text := fmt.Sprintf("hop %d of %d: %s now", h.Number, h.Of, h.Version)
	if !h.Last() {
		text += ", then " + strings.Join(h.Next, ", ")
	}
	return text
}
