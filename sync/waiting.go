package sync

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/apply/order"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

// A wait is what the passes of a cluster stand before, one after another.
type wait struct {
	what  string
	since time.Time
}

// after is the wait once another pass has ended. A sentence that differs only in its numbers tells of the
// same wait.
func (w wait) after(r Result, now time.Time) wait {
	if r.Err != nil || r.Report.State() != apply.Waiting {
		return wait{}
	}
	if what := strings.Map(notDigit, r.Reason()); what != w.what {
		return wait{what, now}
	}
	return w
}

func notDigit(c rune) rune {
	if unicode.IsDigit(c) {
		return -1
	}
	return c
}

// waitText says how far it is, and what it has waited for and how long. Its beginning is short, since
// statuses are cut at their end.
func waitText(r Result, waited time.Duration) string {
	since := ""
	if waited >= 10*time.Second {
		since = " " + inTens(waited)
	}
	return fmt.Sprintf("%s%swaiting%s: %s", r.Planned.hopText(), far(r), since, r.Reason())
}

// inTens is a length of time that changes slowly: 40 s, 3 min, 2 h 10 min.
func inTens(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds())/10*10)
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	}
	return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60/10*10)
}

// far counts the zones of the control plane that are as they should be while some are not, or else the
// steps that are done.
func far(r Result) string {
	zones, left := 0, 0
	for _, resource := range r.Planned.Cluster.Topology.All() {
		if isControlPlane(resource) {
			zones++
		}
	}
	for _, step := range r.Planned.Steps {
		if makesMasters(step) {
			left++
		}
	}
	if left > 0 && left <= zones {
		return fmt.Sprintf("control plane %d/%d, ", zones-left, zones)
	}
	if done := r.Report.Done(); done > 0 && done < len(r.Report.Outcomes) {
		return fmt.Sprintf("%d of %d done, ", done, len(r.Report.Outcomes))
	}
	return ""
}

func makesMasters(s order.Step) bool {
	return isControlPlane(s.Change.Want) && (s.Change.Effect == diff.Roll || s.Change.Effect == diff.Create)
}

func isControlPlane(r topology.Resource) bool {
	group, ok := r.(topology.AutoScalingGroup)
	return ok && group.Role == topology.ControlPlane
}
