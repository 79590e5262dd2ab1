package desired

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/quorate/quorate/desired/kopsspec"
)

// Annotations about differences that appear after a commit was applied to its end.
const (
	driftModes    = "drift"
	driftSchedule = "drift-schedule"
	correctDrift  = "correct-drift"
)

// A DriftMode is what is done about drift.
type DriftMode string

// The modes, from the one that does most.
const (
	// FixDrift puts back what the manifest says.
	FixDrift DriftMode = "fix"
	// AskDrift changes nothing until somebody commits an answer.
	AskDrift DriftMode = "ask"
	// ReportDrift changes nothing, and tells.
	ReportDrift DriftMode = "report"
)

var driftModeNames = []string{string(FixDrift), string(AskDrift), string(ReportDrift)}

// DriftClasses are the risk classes of changes, as diff names them, that a mode can be given to.
var DriftClasses = []string{"metadata", "in place", "rolling", "quorum-affecting", "destructive"}

// A DriftPolicy is the value of quorate.dev/drift, such as "fix, rolling=ask, destructive=report". The zero
// value fixes everything.
type DriftPolicy string

// Mode is what is done about drift whose correction is of the class. A class that is named nowhere, which a
// well-formed policy leaves to its one word without a class, is fixed if there is no such word.
func (p DriftPolicy) Mode(class string) DriftMode {
	modes, _ := parseDrift(string(p))
	for _, c := range []string{class, ""} {
		if mode, named := modes[c]; named {
			return mode
		}
	}
	return FixDrift
}

func isDriftPolicy(_ manifest, value string) string {
	_, complaint := parseDrift(value)
	return complaint
}

// parseDrift reads the modes by class, that of all others at the empty class; or it says what is wrong with
// the first bad word.
func parseDrift(value string) (modes map[string]DriftMode, complaint string) {
	modes = map[string]DriftMode{}
	if value == "" {
		return modes, `it says nothing; write fix, ask or report, and if you like other modes for some classes: "fix, rolling=ask"`
	}
	for entry := range strings.SplitSeq(value, ",") {
		class, mode, named := strings.Cut(entry, "=")
		if !named {
			class, mode = "", class
		}
		class, mode = strings.TrimSpace(class), strings.TrimSpace(mode)
		switch _, twice := modes[class]; {
		case named && !slices.Contains(DriftClasses, class):
			return nil, unknownWord("class of changes", class, DriftClasses)
		case !slices.Contains(driftModeNames, mode):
			return nil, unknownWord("way to treat drift", mode, driftModeNames)
		case twice && named:
			return nil, strconv.Quote(class) + " is there twice; keep one of the two"
		case twice:
			return nil, `two words are for all classes; keep one of the two, or write "class=` + mode + `" for one class`
		}
		modes[class] = DriftMode(mode)
	}
	return modes, ""
}

func unknownWord(what, word string, known []string) string {
	text := fmt.Sprintf("%q is no %s", word, what)
	if meant, ok := kopsspec.Nearest(word, slices.Values(known)); ok {
		return text + "; did you mean " + meant + "?"
	}
	return text + "; they are " + strings.Join(known, ", ")
}

// answers are the numbers by which drift that waits for people is told apart.
var answers = regexp.MustCompile(`^[0-9a-f]{12}$`)

// answer is the number that quorate.dev/correct-drift names. Any other text asks for all that drifted.
func answer(c kopsspec.Cluster) string {
	if value := strings.TrimSpace(c.Metadata.Annotations[annotationPrefix+correctDrift]); answers.MatchString(value) {
		return value
	}
	return ""
}

// unanswered is the cluster without its answer to drift.
func unanswered(c kopsspec.Cluster) kopsspec.Cluster {
	if answer(c) == "" {
		return c
	}
	c.Metadata.Annotations = maps.Clone(c.Metadata.Annotations)
	if delete(c.Metadata.Annotations, annotationPrefix+correctDrift); len(c.Metadata.Annotations) == 0 {
		c.Metadata.Annotations = nil // as if there had never been any
	}
	return c
}

// leastDriftPause is the shortest time between two looks for drift: each costs AWS some 45 calls.
const leastDriftPause = time.Minute

func isDriftSchedule(_ manifest, value string) string {
	// The parser of the library would not survive a time zone without anything behind it.
	if zone := strings.HasPrefix(value, "TZ=") || strings.HasPrefix(value, "CRON_TZ="); zone && !strings.Contains(value, " ") {
		return strconv.Quote(value) + ` has a time zone and no time; write both, such as "CRON_TZ=Europe/Berlin */30 6-20 * * *"`
	}
	times, err := cron.ParseStandard(value)
	if err != nil {
		return fmt.Sprintf(`%q is no cron line (%v); write minute, hour, day, month and weekday, such as "*/10 * * * *" or "CRON_TZ=Europe/Berlin */30 6-20 * * *"`, value, err)
	}
	first := times.Next(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC))
	switch {
	case first.IsZero():
		return strconv.Quote(value) + " names a day that never comes; drift would never be looked for"
	case times.Next(first).Sub(first) < leastDriftPause:
		return strconv.Quote(value) + " is more often than once in a minute; write a longer time"
	}
	return ""
}
