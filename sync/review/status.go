package review

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/sync/commitstatus"
	"github.com/quorate/quorate/sync/rules"
)

// rollUp is the context that stands for a whole pull request, and of each cluster with its name behind it.
const rollUp = "quorate/plan"

// finding is all that is known of one pull request.
type finding struct {
	number           int
	head, baseBranch string
	base             string // commit
	touched          touched
	rows             map[string]row
	// refused says why nothing of it was read, or planned; it is the author's to mend.
	refused string
	// held says why it is not planned until somebody of the repository asks for it.
	held string
	at   time.Time
	// all is where the pages of the plans are; empty if nowhere.
	all string
}

// statuses are what is posted on the head: one for each cluster, and the roll-up.
func (f finding) statuses() []commitstatus.Status {
	var all []commitstatus.Status
	add := func(context string, state commitstatus.State, text, link string) {
		all = append(all, commitstatus.Status{Commit: f.head, Context: context, State: state, Description: text, URL: link})
	}
	for _, name := range f.touched.broken {
		add(rollUp+"/"+name, commitstatus.Failure, "no plan: its manifests are not valid", "")
	}
	for _, r := range f.sorted() {
		add(rollUp+"/"+r.name, r.state, r.text, r.link)
	}
	state, text := f.verdict()
	add(rollUp, state, text, f.all)
	return all
}

func (f finding) sorted() []row {
	return slices.SortedFunc(maps.Values(f.rows), func(a, b row) int { return strings.Compare(a.name, b.name) })
}

// verdict is the roll-up. It is green only if every cluster that is touched has a plan that may be carried
// out, or none is touched.
func (f finding) verdict() (commitstatus.State, string) {
	problems := f.touched.errors()
	switch {
	case f.refused != "":
		return commitstatus.Failure, f.refused
	case len(problems) == 1:
		return commitstatus.Failure, problems[0].String()
	case len(problems) > 1:
		return commitstatus.Failure, fmt.Sprintf("%d problems, the first: %s", len(problems), problems[0])
	case f.held != "":
		return commitstatus.Pending, f.held
	}
	state, text := commitstatus.Success, ""
	for _, r := range f.sorted() {
		if severity(r.state) > severity(state) {
			state, text = r.state, r.name+": "+r.text
		}
	}
	return state, cmp.Or(text, f.success())
}

func severity(s commitstatus.State) int {
	return slices.Index([]commitstatus.State{commitstatus.Success, commitstatus.Pending, commitstatus.Failure, commitstatus.Error}, s)
}

func (f finding) success() string {
	switch len(f.rows) {
	case 0:
		if f.touched.rules {
			return "no cluster is touched; " + rules.File + " is valid" + f.touched.ruling()
		}
		return "no cluster is touched"
	case 1:
		r := f.sorted()[0]
		return r.name + ": " + r.text
	}
	riskiest := slices.MaxFunc(f.sorted(), func(a, b row) int { return cmp.Compare(a.risk, b.risk) })
	return fmt.Sprintf("%d clusters are planned; the riskiest change is %s, of %s", len(f.rows), riskiest.risk, riskiest.name)
}

// ruling says in a few words for whom the rules are others then.
func (t touched) ruling() string {
	clusters := 0
	for _, c := range t.ruled {
		clusters += len(c.Clusters)
	}
	switch {
	case len(t.ruled) == 0:
		return ", and means the same as before"
	case clusters == 0:
		return ", and changes rules of all clusters together"
	case clusters == 1:
		return ", and changes the rules of one cluster"
	}
	return fmt.Sprintf(", and changes the rules of %d clusters", clusters)
}

// errorsFirst orders problems by what stops a merge, and then as the files read.
func errorsFirst(problems []desired.Problem) []desired.Problem {
	return slices.SortedStableFunc(slices.Values(problems), func(a, b desired.Problem) int {
		rank := func(p desired.Problem) int {
			if p.Severity == desired.Error {
				return 0
			}
			return 1
		}
		return rank(a) - rank(b)
	})
}

// postLimit bounds the posting of one status.
const postLimit = 10 * time.Second

// post says it even while the service stops. What could not be said is the poster's to try again.
func (s *Service) post(ctx context.Context, statuses ...commitstatus.Status) {
	for _, status := range statuses {
		limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), postLimit)
		if err := s.cfg.Poster.Post(limited, status); err != nil {
			s.cfg.Log.Warn("status not posted yet", "context", status.Context, "commit", status.Commit, "error", err)
		}
		cancel()
	}
}
