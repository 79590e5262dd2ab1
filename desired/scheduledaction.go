package desired

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // which time zones there are must not depend on the machine that asks

	"github.com/robfig/cron/v3"

	"github.com/quorate/quorate/topology"
)

// scalingSchedule is the annotation that sets a group's bounds at certain times: entries such as
// "0 6 * * MON-FRI min=3 max=10 tz=Europe/Berlin", one per line or separated by semicolons.
const scalingSchedule = "scaling-schedule"

// maxScheduledActions is AWS's limit for one group.
// https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-quotas.html
const maxScheduledActions = 125

func (m manifest) scheduledActions() []topology.ScheduledAction {
	var actions []topology.ScheduledAction
	for _, g := range m.groups {
		times, _ := parseSchedule(g.Metadata.Annotations[annotationPrefix+scalingSchedule])
		for _, t := range times {
			actions = append(actions, topology.ScheduledAction{
				Name: t.name(), Group: m.groupRef(g), Recurrence: t.recurrence, TimeZone: t.zone,
				Min: t.sizes["min"], Max: t.sizes["max"], Desired: t.sizes["desired"], Ownership: topology.Owned,
			})
		}
	}
	return actions
}

// scheduled is one entry of a schedule.
type scheduled struct {
	recurrence, zone string
	sizes            map[string]int // min, max, desired
}

func (s scheduled) name() string { return topology.ScheduledActionName(s.recurrence, s.zone) }

func isScalingSchedule(_ manifest, value string) string {
	_, complaint := parseSchedule(value)
	return complaint
}

// parseSchedule reads all entries, or says what is wrong with the first bad one.
func parseSchedule(value string) (list []scheduled, complaint string) {
	for entry := range strings.SplitSeq(strings.ReplaceAll(value, "\n", ";"), ";") {
		if strings.TrimSpace(entry) == "" {
			continue
		}
		one, complaint := parseScheduled(strings.Fields(entry))
		if complaint != "" {
			return nil, strconv.Quote(strings.TrimSpace(entry)) + ": " + complaint
		}
		if slices.ContainsFunc(list, func(other scheduled) bool { return other.name() == one.name() }) {
			return nil, strconv.Quote(strings.TrimSpace(entry)) + ": there is another entry for the same time; keep one of the two"
		}
		list = append(list, one)
	}
	switch {
	case len(list) > maxScheduledActions:
		return nil, fmt.Sprintf("AWS takes at most %d scheduled actions for one group, and these are %d", maxScheduledActions, len(list))
	case len(list) == 0 && value != "":
		return nil, `there is no entry in it; write entries such as "0 6 * * MON-FRI min=3 max=10", or remove the annotation`
	}
	return list, ""
}

// cronFields is how many fields AWS has in a time: minute, hour, date, month, weekday.
const cronFields = 5

func parseScheduled(words []string) (one scheduled, complaint string) {
	isSetting := func(w string) bool { return strings.Contains(w, "=") }
	times := slices.IndexFunc(words, isSetting)
	if times < 0 {
		times = len(words)
	}
	one = scheduled{recurrence: strings.Join(words[:times], " "), sizes: map[string]int{"desired": topology.KeepDesired}}
	if complaint := checkCron(words[:times]); complaint != "" {
		return one, complaint
	}
	for _, word := range words[times:] {
		if complaint := one.set(word); complaint != "" {
			return one, complaint
		}
	}
	return one, one.check()
}

var (
	cronField = regexp.MustCompile(`^(\*|[0-9A-Za-z]+(-[0-9A-Za-z]+)?)(/[0-9]+)?(,(\*|[0-9A-Za-z]+(-[0-9A-Za-z]+)?)(/[0-9]+)?)*$`)
	// someDay is where the search for a time that comes begins.
	someDay = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
)

func checkCron(fields []string) string {
	const way = `write minute, hour, day of the month, month and day of the week, such as "0 6 * * MON-FRI"`
	if len(fields) != cronFields {
		return fmt.Sprintf("the time has %d fields and must have %d; %s", len(fields), cronFields, way)
	}
	for _, f := range fields {
		if !cronField.MatchString(f) {
			return fmt.Sprintf("%q is no field of a time as AWS takes it; %s", f, way)
		}
	}
	schedule, err := cron.ParseStandard(strings.Join(fields, " "))
	if err != nil {
		return fmt.Sprintf("the time is wrong: %v; %s", err, way)
	}
	if schedule.Next(someDay).IsZero() {
		return "this time never comes; correct the day or the month"
	}
	return ""
}

// set reads one NAME=VALUE.
func (s *scheduled) set(word string) string {
	key, value, _ := strings.Cut(word, "=")
	switch key {
	case "tz":
		if _, err := time.LoadLocation(value); err != nil || value == "" || value == "Local" {
			return fmt.Sprintf("there is no time zone %q; write a name such as tz=Europe/Berlin, or leave it out for UTC", value)
		}
		if value != "UTC" && value != "Etc/UTC" {
			s.zone = value
		}
	case "min", "max", "desired":
		size, err := strconv.ParseInt(value, 10, 32)
		if err != nil || size < 0 {
			return fmt.Sprintf("%s=%s is no number of machines", key, value)
		}
		s.sizes[key] = int(size)
	default:
		return fmt.Sprintf("%q is not known; behind the time come min=, max=, and if you like desired= and tz=", word)
	}
	return ""
}

func (s scheduled) check() string {
	least, hasMin := s.sizes["min"]
	most, hasMax := s.sizes["max"]
	desired := s.sizes["desired"]
	switch {
	case !hasMin || !hasMax:
		return "it needs both min= and max="
	case least > most:
		return fmt.Sprintf("min %d is above max %d", least, most)
	case desired != topology.KeepDesired && (desired < least || desired > most):
		return fmt.Sprintf("desired %d is not between min %d and max %d", desired, least, most)
	}
	return ""
}
