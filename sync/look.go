package sync

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/internal/printable"
	"github.com/quorate/quorate/sync/commitstatus"
	"github.com/quorate/quorate/sync/gitrepo"
	"github.com/quorate/quorate/sync/promotion"
)

// unit is the manifests that are read together, as they were read last.
type unit struct {
	treeHash string
	clusters []desired.Cluster
	// refused are the problems that keep all of its clusters from being run.
	refused []desired.Problem
}

// look polls the branch, and returns the clusters whose manifests changed.
func (s *Service) look(ctx context.Context) []string {
	commit, err := s.cfg.Repository.Head(ctx)
	if s.cfg.OnLook != nil {
		s.cfg.OnLook(err)
	}
	if err != nil {
		if ctx.Err() == nil {
			s.cfg.Log.Error("cannot look at the repository", "error", err)
		}
		return nil
	}
	s.mu.Lock()
	unmoved := commit.Hash == s.head.Hash || commit.Hash == s.refused
	s.mu.Unlock()
	if unmoved {
		return s.lookAgain(ctx)
	}
	if was := s.rewritten(commit); was != "" {
		s.tellRewritten(ctx, commit, was)
	}
	commit, apply := s.admit(ctx, commit)
	if !apply {
		return nil
	}
	listing, err := s.cfg.Repository.Units(commit.Hash, s.cfg.Path)
	if err != nil {
		s.cfg.Log.Error("cannot read the manifests", "commit", commit.Hash, "error", err)
		s.say(ctx, commitstatus.Status{Commit: commit.Hash, Context: "quorate/manifests", State: commitstatus.Error, Description: err.Error()})
		return nil
	}
	book, read := s.readRules(ctx, commit)
	if !read {
		return nil
	}
	return s.take(ctx, commit, listing, book)
}

// lookAgain reads the commit that counts once more, if another repository claimed one of its clusters or gave
// one up.
func (s *Service) lookAgain(ctx context.Context) []string {
	s.mu.Lock()
	head := s.head
	s.mu.Unlock()
	if !s.cfg.Claimant.disputed() || head.Hash == "" {
		return nil
	}
	listing, err := s.cfg.Repository.Units(head.Hash, s.cfg.Path)
	if err != nil {
		s.cfg.Log.Error("cannot read the manifests", "commit", head.Hash, "error", err)
		return nil
	}
	return s.take(ctx, head, listing, s.cfg.Promotion.Current())
}

// take makes the listing of a commit the one that counts. Only units whose files
// changed are read.
func (s *Service) take(ctx context.Context, commit gitrepo.Commit, listing gitrepo.Listing, book promotion.Rulebook) []string {
	s.mu.Lock()
	old := s.units
	s.mu.Unlock()
	if old == nil && commit.Previous != "" {
		old = s.before(commit.Previous)
	}
	units := map[string]unit{}
	for _, u := range listing.Units {
		units[u.Path] = read(u, old[u.Path])
	}
	refuseTwins(units)
	s.keepOwn(units)
	if err := s.refuseRivals(units); err != nil {
		s.cfg.Log.Error("nothing is taken from this commit, for it cannot be noted what it describes", "commit", commit.Hash, "error", err)
		return nil
	}
	s.report(ctx, commit.Hash, old, units)

	s.mu.Lock()
	defer s.mu.Unlock()
	changed := s.replace(units)
	s.head, s.units = commit, units
	changed = append(changed, s.takeRules(commit, book)...)
	slices.Sort(changed)
	return slices.Compact(changed)
}

// before reads the units of the commit that an earlier process saw last, so that a
// manifest that vanished while nobody watched is noticed.
func (s *Service) before(commit string) map[string]unit {
	units := map[string]unit{}
	listing, err := s.cfg.Repository.Units(commit, s.cfg.Path)
	if err != nil {
		return units // it was rewritten away, or the mirror is new: nothing to compare with
	}
	for _, u := range listing.Units {
		units[u.Path] = read(u, unit{})
	}
	s.keepOwn(units)
	return units
}

// read builds the clusters of a unit, unless its files are as they were.
func read(u gitrepo.Unit, old unit) unit {
	if old.treeHash == u.TreeHash {
		return old
	}
	fresh := unit{treeHash: u.TreeHash}
	var files []desired.File
	for _, f := range u.Files {
		files = append(files, desired.File{Name: f.Path, Data: f.Data})
	}
	clusters, problems := desired.Build(files)
	for _, r := range u.Refused {
		problems = append(problems, desired.Problem{File: r.Path, Severity: desired.Error, Message: r.Reason})
	}
	fresh.clusters = clusters
	fresh.refused = slices.DeleteFunc(problems, func(p desired.Problem) bool { return p.Severity != desired.Error })
	return fresh
}

// refuseTwins refuses every unit that holds a cluster of a name that another one
// holds too: nobody can tell which of them is meant.
func refuseTwins(units map[string]unit) {
	holders := map[string][]string{}
	for _, path := range slices.Sorted(maps.Keys(units)) {
		for _, c := range units[path].clusters {
			holders[c.Name] = append(holders[c.Name], path)
		}
	}
	for name, paths := range holders {
		if len(paths) < 2 {
			continue
		}
		for _, path := range paths {
			units[path] = units[path].refuse(path, fmt.Sprintf("cluster %s is described in %s; keep one", name, strings.Join(paths, " and ")))
		}
	}
}

// refuse keeps the clusters of a unit from being run until whatever is in their way is gone, for which it is
// read again.
func (u unit) refuse(path, why string) unit {
	u.treeHash = ""
	u.refused = append(slices.Clone(u.refused), desired.Problem{File: path, Path: "metadata.name", Severity: desired.Error, Message: why})
	return u
}

// keepOwn drops the clusters that are followed elsewhere, and the units that hold no others.
func (s *Service) keepOwn(units map[string]unit) {
	if s.cfg.Own == nil {
		return
	}
	for path, u := range units {
		had := len(u.clusters)
		u.clusters = slices.DeleteFunc(slices.Clone(u.clusters), func(c desired.Cluster) bool { return !s.cfg.Own(c.Name) })
		if units[path] = u; had > 0 && len(u.clusters) == 0 {
			delete(units, path)
		}
	}
}

// refuseRivals refuses every unit with a cluster that another repository of this service describes, too.
func (s *Service) refuseRivals(units map[string]unit) error {
	var names []string
	unreadable := false
	for _, u := range units {
		unreadable = unreadable || len(u.refused) > 0
		for _, c := range u.clusters {
			names = append(names, c.Name)
		}
	}
	rivals, err := s.cfg.Claimant.claim(names, unreadable)
	if err != nil {
		return err
	}
	for path, u := range units {
		for _, c := range u.clusters {
			if others := rivals[c.Name]; len(others) > 0 {
				units[path] = units[path].refuse(path, fmt.Sprintf("cluster %s is described in this repository and in %s, and applied from none; keep one", c.Name, strings.Join(others, " and ")))
			}
		}
	}
	return nil
}

// report posts what is wrong with the manifests of the commit: problems, and
// clusters whose manifest is gone.
func (s *Service) report(ctx context.Context, commit string, old, units map[string]unit) {
	for _, path := range slices.Sorted(maps.Keys(units)) {
		status := commitstatus.Status{Commit: commit, Context: "quorate/manifests/" + word(path), State: commitstatus.Success, Description: "the manifests are valid"}
		if refused := units[path].refused; len(refused) > 0 {
			status.State, status.Description = commitstatus.Failure, problemText(refused)
			for _, p := range refused {
				s.cfg.Log.Error("problem", "at", p.String())
			}
		} else if len(old[path].refused) == 0 {
			continue // it was valid and is: nobody needs to hear it again
		}
		s.say(ctx, status)
	}
	now, before := clustersIn(units), clustersIn(old)
	broken := map[string]bool{} // their manifests are there, and say nothing that can be gone by
	for path, u := range old {
		for _, c := range u.clusters {
			broken[c.Name] = len(units[path].refused) > 0
		}
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if _, stays := now[name]; !stays && !broken[name] {
			s.tasks.Go(func() { s.tellVanished(ctx, commit, before[name]) })
		}
	}
}

func clustersIn(units map[string]unit) map[string]desired.Cluster {
	clusters := map[string]desired.Cluster{}
	for _, u := range units {
		for _, c := range u.clusters {
			clusters[c.Name] = c
		}
	}
	return clusters
}

// replace installs the clusters of the units and returns those whose manifest is new
// or changed. A cluster at work goes on with what it began, and is run again after.
func (s *Service) replace(units map[string]unit) []string {
	var changed []string
	clusters := map[string]*member{}
	for path, u := range units {
		if len(u.refused) > 0 {
			continue
		}
		for _, c := range u.clusters {
			m, known := s.clusters[c.Name]
			if !known {
				m = &member{}
			}
			if !known || m.unit != path || s.units[path].treeHash != u.treeHash {
				changed = append(changed, c.Name)
			}
			m.want, m.unit = c, path
			clusters[c.Name] = m
			s.looksAt(c.Name, c.Policy.DriftSchedule)
		}
	}
	for name := range s.clusters {
		if clusters[name] == nil {
			s.cfg.Schedule.Settles(name)
			s.looksAt(name, "")
		}
	}
	s.clusters = clusters
	return changed
}

// looksAt gives a cluster its own schedule of looks for drift.
func (s *Service) looksAt(cluster, line string) {
	if err := s.cfg.Schedule.LooksAt(cluster, line); err != nil {
		s.cfg.Log.Error("drift is looked for with that of all others", "cluster", cluster, "error", err)
	}
}

// word makes a path fit for a status context, which has no spaces.
func word(path string) string {
	if path == "" || path == "." {
		return "root"
	}
	return strings.Map(func(r rune) rune {
		if r == ' ' || !printable.Rune(r) {
			return '_'
		}
		return r
	}, path)
}

func short(hash string) string {
	if len(hash) > 10 {
		return hash[:10]
	}
	return hash
}
