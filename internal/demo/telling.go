package demo

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/diff/render"
	service "github.com/quorate/quorate/sync"
)

// tell says one sentence with the time since the beginning.
func (s *story) tell(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.cfg.Out, "%6.1fs  %s\n", time.Since(s.began).Seconds(), fmt.Sprintf(format, args...))
}

func (s *story) chapter(title string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.cfg.Out, "\n── %s\n", title)
}

// planLines is how much of a plan is told: a whole cluster is more than a screen.
const planLines = 14

// onPlan tells a plan once, cut to its beginning.
func (s *story) onPlan(p service.Planned) {
	if p.Plan.Empty() {
		return
	}
	text := &strings.Builder{}
	_ = render.Text(text, p.Render(), s.cfg.Paint) // a strings.Builder takes everything
	lines := strings.Split(strings.TrimRight(text.String(), "\n"), "\n")
	more := ""
	if len(lines) > planLines {
		more = fmt.Sprintf("  … and %d more lines", len(lines)-planLines)
		lines = lines[:planLines]
	}
	s.mu.Lock()
	if s.shown == lines[0] {
		s.mu.Unlock()
		return
	}
	s.shown = lines[0]
	s.mu.Unlock()
	for _, line := range lines {
		s.tell("%s", line)
	}
	if more != "" {
		s.tell("%s", more)
	}
}

// progress remembers in which order zones are taken out, and tells the gate's numbers.
func (s *story) progress(_ string, o apply.Outcome) {
	if o.Zone == "" || !o.Acted || o.Effect != diff.Roll {
		return
	}
	s.mu.Lock()
	repeated := len(s.rolled) > 0 && s.rolled[len(s.rolled)-1] == o.Zone
	if !repeated {
		s.rolled = append(s.rolled, o.Zone)
	}
	s.mu.Unlock()
	if o.Verdict != nil && !repeated {
		m := o.Verdict.Margin
		s.tell("gate: %s may go: %d of %d etcd members are healthy, %d stay, %d are a majority", o.Zone, m.HealthyNow, m.Voters, m.HealthyAfter, m.Majority)
	}
}

func (s *story) zones() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.rolled)
}

func (s *story) tellSummary(sum Summary) {
	for _, c := range sum.Clusters {
		s.tell("%s: %d resources, %d changes left, %d AWS calls.", c.Name, c.Resources, c.FinalChanges, c.Calls)
		s.tell("Client: %d writes, %d failed, %d lost, longest stall %.2f s.", c.Writes.Attempted, c.Writes.Failed, c.Writes.Lost, c.Writes.LongestStall)
		for _, e := range c.Etcd {
			s.tell("etcd %s: %d of %d members healthy, never fewer than %d.", e.Name, e.Healthy, e.Members, e.SmallestHealthy)
		}
		s.tell("Drift: %d found, %d corrected.", c.Drift.Found, c.Drift.Corrected)
	}
	for _, p := range sum.Problems {
		s.tell("PROBLEM: %s.", p)
	}
	if sum.Held {
		s.tell("Everything held.")
	}
}

// stay keeps the world up for whoever wants to try it, and tells what happens.
func (s *story) stay(ctx context.Context) {
	manifest := filepath.Join(s.stage.repo.clone, manifestPath)
	fmt.Fprintf(s.cfg.Out, `
── It is yours now; Ctrl-C ends it
  edit    %s   (say, maxSize of the workers)
  then    cd %s && git commit -am 'Try it' && git push
  read    git fetch origin refs/notes/quorate:refs/notes/quorate && git log --notes=quorate
  look    AWS_ENDPOINT_URL=%s AWS_ACCESS_KEY_ID=demo AWS_SECRET_ACCESS_KEY=demo \
            aws --region us-east-1 autoscaling describe-auto-scaling-groups

`, manifest, s.stage.repo.clone, s.stage.url)
	last := ""
	for {
		select {
		case <-ctx.Done():
			return
		case r := <-s.results:
			line := r.Report.Reason()
			switch {
			case r.Err != nil:
				line = apply.Explain(r.Err)
			case r.Converged():
				line = "converged"
			}
			if line != last && line != "" {
				s.tell("%s: %s", r.cluster.Name, line)
			}
			last = line
		}
	}
}
