package web

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/quorate/quorate/internal/durable"
)

const (
	// maxPlans are kept, of the commits that were planned last.
	maxPlans = 500
	// maxPlanText bounds the text of one, in bytes.
	maxPlanText = 1 << 20
)

// A Plan is what a pull request would do to one cluster, as its page shows it.
type Plan struct {
	Cluster string `json:"cluster"`
	// Head is the commit that is proposed, and Base that of the branch, of the name Branch.
	Head   string `json:"head"`
	Base   string `json:"base"`
	Branch string `json:"branch"`
	Pull   int    `json:"pull"`
	Risk   string `json:"risk"`
	// Text is the status, and Notes are sentences above the plan.
	Text  string   `json:"text"`
	Notes []string `json:"notes,omitempty"`
	// Plan is its text, and Digest and Seen are of it and of what AWS had at At.
	Plan   string    `json:"plan"`
	Digest string    `json:"digest"`
	Seen   string    `json:"seen"`
	At     time.Time `json:"at"`
}

// Plans keeps the newest plan of each proposed commit and cluster, one file each: commit/cluster.json. It may be
// used from many goroutines at once.
type Plans struct {
	dir string
	log *slog.Logger
	mu  sync.Mutex
}

// NewPlans keeps them in the folder, of which nothing is read before a page is asked for.
func NewPlans(dir string, log *slog.Logger) *Plans { return &Plans{dir: dir, log: log} }

var commitName = regexp.MustCompile(`^[0-9a-f]{40}$`)

func (s *Plans) file(head, cluster string) (string, error) {
	if !commitName.MatchString(head) || !clusterName.MatchString(cluster) {
		return "", fmt.Errorf("plan of %q at %q: not the name of a cluster and a commit", cluster, head)
	}
	return filepath.Join(s.dir, head, cluster+".json"), nil
}

// Keep makes it the plan that is shown. One that cannot be kept is logged and stops nothing: it is on the pull
// request, too.
func (s *Plans) Keep(p Plan) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.keep(p); err != nil {
		s.log.Warn("the page of a plan was not kept", "cluster", p.Cluster, "commit", p.Head, "error", err)
	}
}

func (s *Plans) keep(p Plan) error {
	file, err := s.file(p.Head, p.Cluster)
	if err != nil {
		return err
	}
	if len(p.Plan) > maxPlanText {
		kept := p.Plan[:maxPlanText]
		p.Plan = kept[:strings.LastIndexByte(kept, '\n')+1] + "Cut here: the whole is longer than a page may be.\n"
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	if err := durable.WriteJSON(file, p); err != nil {
		return err
	}
	return s.thin()
}

// thin takes the plans away that were made longest ago.
func (s *Plans) thin() error {
	files, err := filepath.Glob(filepath.Join(s.dir, "*", "*.json"))
	if err != nil || len(files) <= maxPlans {
		return err
	}
	made := map[string]time.Time{}
	for _, file := range files {
		if info, err := os.Stat(file); err == nil {
			made[file] = info.ModTime()
		}
	}
	slices.SortFunc(files, func(a, b string) int { return cmp.Or(made[a].Compare(made[b]), cmp.Compare(a, b)) })
	var errs []error
	for _, file := range files[:len(files)-maxPlans] {
		errs = append(errs, os.Remove(file))
		_ = os.Remove(filepath.Dir(file)) // which others may still be in
	}
	return errors.Join(errs...)
}

func (s *Plans) read(head, cluster string) (Plan, bool) {
	file, err := s.file(head, cluster)
	if err != nil {
		return Plan{}, false
	}
	data, err := os.ReadFile(file)
	var p Plan
	if err != nil || json.Unmarshal(data, &p) != nil || p.Head != head || p.Cluster != cluster {
		return Plan{}, false
	}
	return p, true
}

// of are the plans of a commit, by cluster.
func (s *Plans) of(head string) []Plan {
	if !commitName.MatchString(head) {
		return nil
	}
	files, err := filepath.Glob(filepath.Join(s.dir, head, "*.json"))
	if err != nil {
		return nil
	}
	var all []Plan
	for _, file := range files {
		if p, ok := s.read(head, strings.TrimSuffix(filepath.Base(file), ".json")); ok {
			all = append(all, p)
		}
	}
	slices.SortFunc(all, func(a, b Plan) int { return cmp.Compare(a.Cluster, b.Cluster) })
	return all
}

func (s *Plans) page(l links, head, cluster string) (page, bool) {
	if s == nil {
		return page{}, false
	}
	p, found := s.read(head, cluster)
	return page{
		Title: "Plan of " + cluster + " at " + short(head), Plan: &p,
		Path: []crumb{{"Clusters", l.home()}, {"Plans of " + short(head), l.path("plans", head)}, {Name: cluster}},
	}, found
}

func (s *Plans) index(l links, head string) (page, bool) {
	if s == nil {
		return page{}, false
	}
	p := page{Title: "Plans of " + short(head), Path: []crumb{{"Clusters", l.home()}, {Name: "Plans of " + short(head)}}}
	for _, one := range s.of(head) {
		p.Plans = append(p.Plans, planLine{one, l.path("plans", head, one.Cluster)})
	}
	return p, len(p.Plans) > 0
}

// planLine is a plan in a list.
type planLine struct {
	Plan
	Link string
}
