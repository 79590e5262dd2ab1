package sync

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/quorate/quorate/apply"
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
	return fmt.Sprintf("%s%swaiting%s: %s", r.Planned.hopText(), far(r.Report), since, r.Reason())
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

// far counts the steps that are done. How many zones of the control plane are is part of the reason.
func far(r apply.Report) string {
	if done := r.Done(); done > 0 && done < len(r.Outcomes) {
		return fmt.Sprintf("%d of %d done, ", done, len(r.Outcomes))
	}
	return ""
}
