package review

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/diff/render"
	quorate "github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/sync/commitstatus"
)

// planLimit bounds one look at AWS.
const planLimit = 3 * time.Minute

// row is what is said of one cluster.
type row struct {
	name, path string
	state      commitstatus.State
	text       string // of the status
	word       string // of the table
	risk       diff.Risk
	steps      int
	seconds    int
	margin     string
	cost       string
	notes      []string // sentences above the plan
	body       string   // the plan in markdown
	full       string   // and as quorate plan prints it
	// link is where its page is, and all where those of all plans of the commit shownOf are; empty if nowhere.
	link, all, shownOf string
	// plan and seen are digests: of what would change, and of what AWS had.
	plan, seen string
	at         time.Time
	// files is what it was made for; a row that came of an error is never kept.
	files string
	again bool // it is worth trying again without a change of the pull request
}

// plan makes the rows of all changes, those that still hold from before.
func (s *Service) plan(ctx context.Context, changes []change, before map[string]row) map[string]row {
	rows := make([]row, len(changes))
	var tasks sync.WaitGroup
	for i, c := range changes {
		if old, known := before[c.name]; known && s.holds(old, c) {
			rows[i] = old
			continue
		}
		s.slots <- struct{}{}
		tasks.Go(func() {
			defer func() { <-s.slots }()
			rows[i] = s.planOne(ctx, c)
		})
	}
	tasks.Wait()
	byName := map[string]row{}
	for _, r := range rows {
		byName[r.name] = r
	}
	return byName
}

// holds says that a row need not be made again: the files are the same, here and on the branch, and AWS is
// not known to have moved since it was looked at.
func (s *Service) holds(r row, c change) bool {
	s.mu.Lock()
	moved := s.moved[c.name]
	s.mu.Unlock()
	return !r.again && r.files == c.files && s.cfg.Now().Sub(r.at) < s.cfg.MaxAge && !moved.After(r.at)
}

func (s *Service) planOne(ctx context.Context, c change) (made row) {
	at := s.cfg.Now()
	defer func() {
		if bug := recover(); bug != nil {
			s.cfg.Log.Error("planning ended in a bug", "cluster", c.name, "bug", bug)
			made = failedRow(c, "planning ended in a bug of quorate; nothing is known of what it would do")
		}
		made.files, made.at = c.files, at
	}()
	ctx, cancel := context.WithTimeout(ctx, planLimit)
	defer cancel()
	want := c.want
	if c.gone {
		want.Policy.Deletion = true // to see what is there
	}
	planned, err := s.cfg.Look(ctx, want)
	if err != nil {
		return failedRow(c, "no plan: "+apply.Explain(err))
	}
	if c.gone {
		return goneRow(c, planned)
	}
	return plannedRow(c, planned)
}

// failedRow is of a cluster that could not be planned, which is nobody's leave to go on.
func failedRow(c change, why string) row {
	return row{name: c.name, path: c.path, state: commitstatus.Error, text: why, word: "no plan", notes: []string{why}, again: true}
}

func plannedRow(c change, p quorate.Planned) row {
	r := described(c, p)
	r.risk, r.state, r.word = p.Plan.Risk(), commitstatus.Success, "planned"
	r.text = summary(r, p)
	if p.Plan.EndsCluster() {
		r.notes = append(r.notes, inventory(p)...)
	}
	if p.Cluster.Policy.Paused != "" {
		r.notes = append(r.notes, "The cluster is paused: nothing of this begins before that ends.")
	}
	if c.stale {
		r.notes = append(r.notes, "The branch has changed this cluster since the pull request was begun: bring the branch into it to see what a merge would do.")
	}
	if forbidden := p.Plan.Forbidden(); len(forbidden) > 0 {
		r.state, r.word = commitstatus.Failure, "refused"
		r.text = fmt.Sprintf("refused: %s: %s", forbidden[0].Ref, forbidden[0].Reason)
	}
	return r
}

// goneRow is of a cluster whose manifest goes. Nothing is destroyed by that.
func goneRow(c change, left quorate.Planned) row {
	r := described(c, left)
	r.risk, r.steps, r.seconds, r.margin, r.cost = diff.RiskNothing, 0, 0, "", ""
	if left.Gone() {
		r.state, r.word, r.text = commitstatus.Success, "ended", left.Ended()
		r.notes = append(r.notes, "The cluster was deleted before, and nothing of it is left: removing the folder destroys nothing.")
		return r
	}
	r.state, r.word = commitstatus.Failure, "left alone"
	r.text = fmt.Sprintf("removing the folder destroys nothing, and leaves %d resources and %d machines to nobody", len(left.Plan.Changes), len(left.Plan.Machines))
	first := "To delete the cluster, first commit the annotation quorate.dev/deletion with its name, and remove the folder when it is deleted."
	if c.want.Policy.Deletion {
		first = "Its deletion is not finished: remove the folder when the status says that it is."
	}
	r.notes = append(r.notes, "Removing the folder destroys nothing. What is below would stay, and nobody would look after it any more.", first)
	return r
}

func described(c change, p quorate.Planned) row {
	shown := p.Render()
	var body, full strings.Builder
	_ = render.Markdown(&body, shown) // a builder takes everything
	_ = render.Text(&full, shown, render.Plain)
	return row{
		name: c.name, path: c.path, steps: len(p.Steps), seconds: p.Rollout.Seconds, margin: margin(p.Rollout), cost: shown.CostChange(),
		body: body.String(), full: full.String(), plan: p.Plan.Digest(), seen: observed(p),
	}
}

// summary is the status of a plan that may be carried out.
func summary(r row, p quorate.Planned) string {
	parts := []string{r.risk.String() + ": " + p.Render().Summary()}
	if r.seconds > 0 {
		parts = append(parts, duration(r.seconds))
	}
	if r.margin != "" {
		parts = append(parts, "etcd "+r.margin)
	}
	if r.cost != "" && r.cost != "unchanged" {
		parts = append(parts, r.cost+" a month")
	}
	return strings.Join(parts, "; ")
}

// margin is the narrowest moment of the rollout, empty if no member of etcd goes.
func margin(r render.Rollout) string {
	var all []render.Margin
	for _, stage := range r.Stages {
		all = append(all, stage.Margins...)
	}
	if len(all) == 0 {
		return ""
	}
	worst := slices.MinFunc(all, func(a, b render.Margin) int { return (a.During - a.Majority) - (b.During - b.Majority) })
	return fmt.Sprintf("%d of %d, majority %d", worst.During, worst.Voters, worst.Majority)
}

func duration(seconds int) string {
	if seconds == 0 {
		return ""
	}
	return fmt.Sprintf("about %d min", (seconds+59)/60)
}

// observed stands for what AWS had: 64 hex digits of SHA-256 over resources, ids and machines.
func observed(p quorate.Planned) string {
	sum := sha256.New()
	encoder := json.NewEncoder(sum)
	write := func(value any) {
		if encoder.Encode(value) != nil {
			fmt.Fprintf(sum, "%+v\n", value) // the text stands for what JSON has no word for
		}
	}
	for ref, resource := range p.State.Topology.All() {
		id, _ := p.State.Bindings.ID(ref)
		write([]any{ref.String(), id, resource})
	}
	for _, m := range p.State.Machines {
		write(m)
	}
	for _, l := range p.State.Leftovers {
		write([]any{l.Kind, l.ID})
	}
	return hex.EncodeToString(sum.Sum(nil))
}
