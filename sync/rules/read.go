package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/desired/strictyaml"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/internal/pathpattern"
)

// version names the format of the file.
const version = "quorate.dev/v1"

// Read decodes the rules. With any problem they are the zero value and must not be gone
// by: a rule that is misspelt would be a rule that is missing.
func Read(data []byte) (Rules, []desired.Problem) {
	r := &reader{}
	var doc document
	if r.decode(data, &doc) {
		r.check(doc)
	}
	if len(r.problems) > 0 {
		return Rules{}, r.problems
	}
	return r.rules, nil
}

type reader struct {
	file     strictyaml.Document
	problems []desired.Problem
	rules    Rules
}

func (r *reader) decode(data []byte, doc *document) bool {
	r.file, r.problems = strictyaml.Parse(File, data)
	if len(r.problems) == 0 {
		r.problems = r.file.Decode(doc)
	}
	return len(r.problems) == 0
}

func (r *reader) problem(path, format string, args ...any) {
	r.problems = append(r.problems, r.file.Problem(path, format, args...))
}

func (r *reader) check(doc document) {
	if doc.APIVersion != version {
		r.problem("apiVersion", "%q is not read; write apiVersion: %s", doc.APIVersion, version)
	}
	if doc.Kind != "Rules" {
		r.problem("kind", "%q is not read; write kind: Rules", doc.Kind)
	}
	r.rules.AtOnce, r.rules.QuorumAtOnce = r.bound("atOnce", doc.AtOnce), r.bound("quorumAtOnce", doc.QuorumAtOnce)
	r.rules.Overriders = doc.Override.By
	for i, e := range doc.Environments {
		r.rules.Environments = append(r.rules.Environments, r.environment(fmt.Sprintf("environments[%d]", i), e, r.rules.Environments))
	}
}

func (r *reader) bound(path string, n int) int {
	if n < 0 {
		r.problem(path, "%d is no number of clusters; write 1 or more, or leave it out for no bound", n)
	}
	return n
}

func (r *reader) environment(at string, e environmentDocument, earlier []Environment) Environment {
	if e.Name == "" || slices.ContainsFunc(earlier, func(other Environment) bool { return other.Name == e.Name }) {
		r.problem(at+".name", "%q is no name of its own; give every environment one", e.Name)
	}
	if len(e.Paths) == 0 {
		r.problem(at+".paths", "no manifest belongs to it; write patterns such as clusters/%s/**", e.Name)
	}
	for i, p := range e.Paths {
		if err := pathpattern.Check(p); err != nil {
			r.problem(fmt.Sprintf("%s.paths[%d]", at, i), "%q %v", p, err)
		}
	}
	for i, name := range e.After {
		if !slices.ContainsFunc(earlier, func(other Environment) bool { return other.Name == name }) {
			r.problem(fmt.Sprintf("%s.after[%d]", at, i), "no environment above is named %q; an environment comes after ones that stand before it", name)
		}
	}
	zone := r.zone(at+".timeZone", e)
	out := Environment{Name: e.Name, Paths: e.Paths, After: e.After, Soak: r.soak(at+".soak", e), Overrun: r.overrun(at+".overrun", e.Overrun), AtOnce: r.bound(at+".atOnce", e.AtOnce), Destroy: r.percent(at+".destroy", e.Destroy)}
	for i, w := range e.Windows {
		out.Windows = append(out.Windows, r.window(fmt.Sprintf("%s.windows[%d]", at, i), w, zone))
	}
	for i, f := range e.Freezes {
		out.Freezes = append(out.Freezes, r.freeze(fmt.Sprintf("%s.freezes[%d]", at, i), f, zone))
	}
	for i, a := range e.Approvals {
		out.Approvals = append(out.Approvals, r.approval(fmt.Sprintf("%s.approvals[%d]", at, i), a))
	}
	return out
}

// zone must be said wherever a clock is read: a window at 9 means nothing without.
func (r *reader) zone(at string, e environmentDocument) *time.Location {
	if e.TimeZone == "" && len(e.Windows)+len(e.Freezes) == 0 {
		return time.UTC
	}
	zone, err := time.LoadLocation(e.TimeZone)
	if err != nil || e.TimeZone == "" || e.TimeZone == "Local" {
		r.problem(at, "%q is no time zone; windows and freezes need one such as Europe/Berlin or UTC", e.TimeZone)
		return time.UTC
	}
	return zone
}

func (r *reader) soak(at string, e environmentDocument) time.Duration {
	if e.Soak == "" {
		return 0
	}
	d, err := time.ParseDuration(e.Soak)
	if err != nil || d < 0 {
		r.problem(at, "%q is no time; write one such as 2h", e.Soak)
	}
	if len(e.After) == 0 {
		r.problem(at, "it soaks in the environments that it comes after, and there are none; write after: [name]")
	}
	return d
}

func (r *reader) overrun(at, value string) Overrun {
	switch o := Overrun(value); o {
	case "":
		return StopAtSafePoint
	case StopAtSafePoint, Finish:
		return o
	}
	r.problem(at, "%q is neither stop nor finish", value)
	return StopAtSafePoint
}

func (r *reader) percent(at, value string) int {
	if value == "" {
		return 0
	}
	n, err := strconv.Atoi(strings.TrimSuffix(value, "%"))
	if err != nil || n < 1 || n > 100 || !strings.HasSuffix(value, "%") {
		r.problem(at, "%q is no share; write one from 1%% to 100%%", value)
	}
	return n
}

func (r *reader) window(at string, w windowDocument, zone *time.Location) Window {
	return Window{Days: r.days(at+".days", w.Days), From: r.minutes(at+".from", w.From), To: r.minutes(at+".to", w.To), Zone: zone}
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// days reads Mon-Thu, Sat; nothing is every day.
func (r *reader) days(at, value string) []time.Weekday {
	if value == "" {
		value = "Sun-Sat"
	}
	var days []time.Weekday
	for part := range strings.SplitSeq(value, ",") {
		first, last, isRange := strings.Cut(strings.ToLower(strings.TrimSpace(part)), "-")
		if !isRange {
			last = first
		}
		from, to := slices.Index(weekdays, first), slices.Index(weekdays, last)
		if from < 0 || to < 0 {
			r.problem(at, "%q are no days; write them as Mon-Thu or Mon, Wed", value)
			return nil
		}
		for d := from; ; d = (d + 1) % len(weekdays) {
			days = append(days, time.Weekday(d))
			if d == to {
				break
			}
		}
	}
	slices.Sort(days)
	return slices.Compact(days)
}

func (r *reader) minutes(at, value string) int {
	t, err := time.Parse("15:04", value)
	if err != nil {
		r.problem(at, "%q is no time of day; write one such as \"09:00\"", value)
	}
	return t.Hour()*60 + t.Minute()
}

// freeze takes days whole, the last one too.
func (r *reader) freeze(at string, f freezeDocument, zone *time.Location) Freeze {
	out := Freeze{From: r.moment(at+".from", f.From, zone, 0), To: r.moment(at+".to", f.To, zone, 1), Reason: f.Reason}
	if !out.From.IsZero() && !out.To.IsZero() && !out.From.Before(out.To) {
		r.problem(at+".to", "it ends before it begins")
	}
	return out
}

func (r *reader) moment(at, value string, zone *time.Location, day int) time.Time {
	if t, err := time.ParseInLocation("2006-01-02", value, zone); err == nil {
		return t.AddDate(0, 0, day)
	}
	t, err := time.ParseInLocation("2006-01-02 15:04", value, zone)
	if err != nil {
		r.problem(at, "%q is no moment; write a day such as 2026-12-20, or a day with its time such as \"2026-12-20 18:00\"", value)
	}
	return t
}

func (r *reader) approval(at string, a approvalDocument) Approval {
	out := Approval{Count: a.Count, From: a.From}
	if a.Count < 1 {
		r.problem(at+".count", "%d people need not be asked; write 1 or more", a.Count)
	}
	if len(a.Risks) == 0 {
		r.problem(at+".risks", "it applies to nothing; write risks such as [quorum-affecting, destructive]")
	}
	for i, name := range a.Risks {
		risk, err := diff.ParseRisk(name)
		if err != nil {
			r.problem(fmt.Sprintf("%s.risks[%d]", at, i), "%v", err)
		}
		out.Risks = append(out.Risks, risk)
	}
	return out
}
