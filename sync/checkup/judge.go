package checkup

import (
	"slices"
	"time"
)

// Severity is how bad a finding is.
type Severity string

const (
	// OK was looked at and is as it should be.
	OK Severity = "ok"
	// Warning works now and should not stay so.
	Warning Severity = "warning"
	// Failure does not work.
	Failure Severity = "failure"
	// Unknown could not be learned, which is never ok.
	Unknown Severity = "unknown"
)

// A Finding is one sentence of a [Report].
type Finding struct {
	Severity Severity `json:"severity"`
	// Check is the name of the check that found it; see [Checks].
	Check string `json:"check"`
	// Subject is what it is about: a group, a machine, an etcd cluster; empty for the whole cluster.
	Subject string `json:"subject,omitempty"`
	Message string `json:"message"`
	// Action says what to do; empty where nothing is to be done.
	Action string `json:"action,omitempty"`
}

// A Report is all findings about a cluster, in the order of the checks.
type Report struct {
	Cluster string    `json:"cluster"`
	Region  string    `json:"region"`
	At      time.Time `json:"at"`
	// Healthy is true if nothing failed and nothing is unknown; warnings do not count.
	Healthy  bool      `json:"healthy"`
	Findings []Finding `json:"findings"`
	// Without are the checks that were left out on request.
	Without []string `json:"without,omitempty"`
}

// Count is how many findings have the severity.
func (r Report) Count(s Severity) int {
	n := 0
	for _, f := range r.Findings {
		if f.Severity == s {
			n++
		}
	}
	return n
}

// check is a function from facts to findings; it does not fill in its own name.
type check struct {
	name  string
	judge func(Facts) []Finding
}

var checks = []check{
	{"manifest", manifest},
	{"machines", machines},
	{"masters", masters},
	{"etcd", etcd},
	{"repairs", repairs},
	{"templates", templates},
	{"launches", launches},
	{"dns", dns},
	{"kubernetes", kubernetes},
	{"backups", backups},
	{"certificates", certificates},
}

// Checks are the names of all checks, in the order of a report.
func Checks() []string {
	names := make([]string, len(checks))
	for i, c := range checks {
		names[i] = c.name
	}
	return names
}

// Judge turns facts into a report, leaving out the checks named. Every check that is not left out has at least
// one finding.
func Judge(f Facts, without ...string) Report {
	r := Report{Cluster: f.Cluster.Name, Region: f.Cluster.Region, At: f.At, Without: without}
	for _, c := range checks {
		if slices.Contains(without, c.name) {
			continue
		}
		found := c.judge(f)
		if len(found) == 0 { // a check that says nothing has not looked
			found = []Finding{{Severity: Unknown, Message: "nothing was found to look at"}}
		}
		for _, finding := range found {
			finding.Check = c.name
			r.Findings = append(r.Findings, finding)
		}
	}
	r.Healthy = r.Count(Failure)+r.Count(Unknown) == 0
	return r
}

// The findings that most checks make.

func ok(message string) []Finding { return []Finding{{Severity: OK, Message: message}} }

func unknown(subject, reason, action string) Finding {
	return Finding{Severity: Unknown, Subject: subject, Message: reason, Action: action}
}

func failure(subject, message, action string) Finding {
	return Finding{Severity: Failure, Subject: subject, Message: message, Action: action}
}

func warning(subject, message, action string) Finding {
	return Finding{Severity: Warning, Subject: subject, Message: message, Action: action}
}
