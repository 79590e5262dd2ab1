package awssim

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// cron is a time that comes again and again, as Auto Scaling writes it: minute, hour, date, month
// and weekday; see crontab(5).
type cron struct {
	minute, hour, day, month, weekday uint64 // a bit for each value
	anyDay, anyWeekday                bool
}

// cronRange is what one field may hold.
type cronRange struct {
	low, high int
	names     []string // of the values from low on
}

var cronRanges = []cronRange{
	{0, 59, nil}, {0, 23, nil}, {1, 31, nil},
	{1, 12, []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}},
	{0, 6, []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}},
}

func parseCron(text string) (cron, bool) {
	fields := strings.Fields(text)
	if len(fields) != len(cronRanges) {
		return cron{}, false
	}
	var bits [5]uint64
	for i, f := range fields {
		for term := range strings.SplitSeq(f, ",") {
			set, ok := cronRanges[i].parse(term)
			if !ok {
				return cron{}, false
			}
			bits[i] |= set
		}
	}
	return cron{bits[0], bits[1], bits[2], bits[3], bits[4], strings.HasPrefix(fields[2], "*"), strings.HasPrefix(fields[4], "*")}, true
}

// parse reads one term: a value, a range or a star, perhaps with a step.
func (r cronRange) parse(term string) (set uint64, ok bool) {
	term, every, stepped := strings.Cut(term, "/")
	from, to, ranged := strings.Cut(term, "-")
	low, lowOK := r.value(from)
	high, highOK := low, lowOK
	step := 1
	switch {
	case term == "*":
		low, lowOK, high, highOK = r.low, true, r.high, true
	case ranged:
		high, highOK = r.value(to)
	case stepped:
		high = r.high
	}
	if stepped {
		step, _ = strconv.Atoi(every)
	}
	if !lowOK || !highOK || low > high || step < 1 {
		return 0, false
	}
	for v := low; v <= high; v += step {
		set |= 1 << v
	}
	return set, true
}

func (r cronRange) value(text string) (int, bool) {
	if i := slices.Index(r.names, strings.ToUpper(text)); i >= 0 {
		return r.low + i, true
	}
	v, err := strconv.Atoi(text)
	return v, err == nil && v >= r.low && v <= r.high
}

// cronHorizon is how many days ahead a time is looked for: the 29th of February comes within them.
const cronHorizon = 8*366 + 1

// next is the first such time after t, in t's time zone; zero if none comes.
func (c cron) next(t time.Time) time.Time {
	t = t.Truncate(time.Minute).Add(time.Minute)
	year, month, day := t.Date()
	for ahead := range cronHorizon {
		midnight := time.Date(year, month, day+ahead, 0, 0, 0, 0, t.Location())
		if !c.comesOn(midnight) {
			continue
		}
		for minute := range 24 * 60 {
			at := time.Date(year, month, day+ahead, minute/60, minute%60, 0, 0, t.Location())
			if c.hour>>(minute/60)&1 == 1 && c.minute>>(minute%60)&1 == 1 && !at.Before(t) {
				return at
			}
		}
	}
	return time.Time{}
}

// comesOn joins the two ways to name a day as cron does: either is enough if both are given.
func (c cron) comesOn(day time.Time) bool {
	if c.month>>int(day.Month())&1 == 0 {
		return false
	}
	date, weekday := c.day>>day.Day()&1 == 1, c.weekday>>int(day.Weekday())&1 == 1
	if c.anyDay || c.anyWeekday {
		return date && weekday
	}
	return date || weekday
}
