package drift

import (
	"fmt"
	"strings"
	"time"

	"github.com/quorate/quorate/desired"
)

// Word is how a report looks on a commit: as the states of a commit status.
type Word string

// The words.
const (
	None     Word = "success"
	Asks     Word = "pending"
	Drifted  Word = "failure"
	Troubled Word = "error"
)

// Say is the report in one word and one line, which names what drifted without the cluster's name.
func (r Report) Say(cluster string, now time.Time) (Word, string) {
	word, what := r.summary()
	if r.Doubt != "" {
		return Troubled, r.Doubt
	}
	if word == None {
		return None, "no drift, looked at " + now.UTC().Format("2006-01-02 15:04")
	}
	var names []string
	for _, f := range r.telling() {
		names = append(names, f.name(cluster))
	}
	since := r.Oldest().UTC().Format("01-02 15:04")
	if doers := r.doers(); len(doers) > 0 {
		since += " by " + strings.Join(doers, ", ")
	}
	if answer := r.Answer(); answer != "" {
		since += " (answer " + answer + ")"
	}
	return word, fmt.Sprintf("%s since %s: %s", what, since, strings.Join(names, ", "))
}

// summary is the worst of what there is: what nobody will change by itself before what is about to be.
func (r Report) summary() (Word, string) {
	count := map[desired.DriftMode]int{}
	fought := 0
	for _, f := range r.Findings {
		count[f.Mode]++
		if f.Fought && f.Held() {
			fought++
		}
	}
	switch {
	case len(r.Findings) == 0:
		return None, ""
	case r.Refused:
		return Drifted, "cannot be corrected, drifted"
	case fought > 0:
		return Drifted, fmt.Sprintf("%d came back after %d corrections, somebody must decide,", fought, corrections)
	case count[desired.ReportDrift] > 0:
		return Drifted, fmt.Sprintf("%d drifted", len(r.Findings))
	case count[desired.AskDrift] > 0:
		return Asks, fmt.Sprintf("%d drifted, asks before correcting,", len(r.Findings))
	}
	return Asks, fmt.Sprintf("correcting %d, drifted", len(r.Findings))
}

// telling are the findings with those first that somebody must do something about.
func (r Report) telling() []Finding {
	var fought, held, rest []Finding
	for _, f := range r.Findings {
		switch {
		case f.Fought:
			fought = append(fought, f)
		case f.Held():
			held = append(held, f)
		default:
			rest = append(rest, f)
		}
	}
	return append(append(fought, held...), rest...)
}

// name is the field as people find it, short enough for a status.
func (f Finding) name(cluster string) string {
	ref := string(f.Ref.Kind) + "/" + strings.TrimSuffix(f.Ref.Name, "."+cluster)
	if f.Path == "" {
		return ref + " is " + f.Have
	}
	return ref + " " + f.Path
}

// Sentence tells all of a finding on one line, for logs and pages.
func (f Finding) Sentence() string {
	text := f.Ref.String()
	if f.Path != "" {
		text += " " + f.Path
	}
	text += fmt.Sprintf(": is %s, applied was %s, since %s", orNone(f.Have), orNone(f.Want), f.Since.UTC().Format(time.RFC3339))
	if f.Deed != nil {
		text += ", " + f.Deed.String()
	}
	return text
}

func orNone(value string) string {
	if value == "" {
		return "nothing"
	}
	return value
}
