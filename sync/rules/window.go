package rules

import (
	"slices"
	"time"
)

// A Window is open whenever the clock on the wall of its zone shows a time within it, on
// its days. So it is shorter in the night in which the clocks leap over part of it, and
// open twice where they repeat some.
type Window struct {
	Days []time.Weekday
	// From and To are minutes since midnight. A window whose To is not after its From ends
	// on the next day, and belongs to the day it begins on.
	From, To int
	Zone     *time.Location
}

func (w Window) open(t time.Time) bool {
	t = t.In(w.Zone)
	shows := t.Hour()*60 + t.Minute()
	today := slices.Contains(w.Days, t.Weekday())
	yesterday := slices.Contains(w.Days, (t.Weekday()+6)%7)
	if w.From < w.To {
		return today && w.From <= shows && shows < w.To
	}
	return today && w.From <= shows || yesterday && shows < w.To
}

// opens reports whether any of the windows is open; none means always.
func opens(windows []Window, t time.Time) bool {
	return len(windows) == 0 || slices.ContainsFunc(windows, func(w Window) bool { return w.open(t) })
}

// nextOpening is the first minute after t in which a window is open; zero if there is none
// within the week and the day that windows repeat in.
func nextOpening(windows []Window, t time.Time) time.Time {
	t = t.Truncate(time.Minute)
	for end := t.AddDate(0, 0, 8); t.Before(end); {
		if t = t.Add(time.Minute); opens(windows, t) {
			return t.In(windows[0].Zone)
		}
	}
	return time.Time{}
}

// A Freeze lets nothing begin between two moments.
type Freeze struct {
	From, To time.Time // To is not part of it
	Reason   string
}

func (f Freeze) holds(t time.Time) bool { return !t.Before(f.From) && t.Before(f.To) }
