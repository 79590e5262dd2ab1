package review

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/sync/gitrepo"
	"github.com/quorate/quorate/sync/rules"
)

// change is what a pull request does to one cluster.
type change struct {
	name, path string
	// want is the cluster as the pull request has it; as the branch has it, if it is gone.
	want desired.Cluster
	// gone says that no manifest of the cluster is left.
	gone bool
	// stale says that the branch has changed the same files meanwhile: what is planned is not what a merge
	// would bring.
	stale bool
	// files stands for the files of the cluster in the pull request and on the branch.
	files string
}

// touched is all that a pull request does.
type touched struct {
	changes  []change // by name
	problems []desired.Problem
	// broken are clusters of the branch whose manifest is no longer valid, sorted.
	broken []string
	// rules says that the pull request changes quorate.yaml.
	rules bool
	// ruled is what that means to clusters.
	ruled []rules.Change
	// branch has the clusters as the branch has them, by name.
	branch map[string]desired.Cluster
}

func (t touched) nothing() bool {
	return len(t.changes) == 0 && len(t.problems) == 0 && !t.rules
}

// errors are the problems that keep the pull request from being planned.
func (t touched) errors() []desired.Problem {
	return slices.DeleteFunc(slices.Clone(t.problems), func(p desired.Problem) bool { return p.Severity != desired.Error })
}

// unit is a unit of the repository, read.
type unit struct {
	hash     string
	clusters []desired.Cluster
	problems []desired.Problem
}

func (u unit) broken() bool {
	return slices.ContainsFunc(u.problems, func(p desired.Problem) bool { return p.Severity == desired.Error })
}

// compare tells what lies between where a pull request began and its head, and whether the branch went on
// with the same files. All three are units by path.
func compare(fork, head, branch map[string]unit) touched {
	t := touched{branch: map[string]desired.Cluster{}}
	for _, u := range branch {
		for _, c := range u.clusters {
			t.branch[c.Name] = c
		}
	}
	now := names(head)
	for _, path := range slices.Sorted(maps.Keys(head)) {
		u := head[path]
		if u.hash == fork[path].hash || u.hash == branch[path].hash {
			continue
		}
		t.problems = append(t.problems, u.problems...)
		if u.broken() {
			t.broken = append(t.broken, clusterNames(fork[path])...)
			continue
		}
		for _, c := range u.clusters {
			t.problems = append(t.problems, twins(c.Name, now[c.Name])...)
			t.changes = append(t.changes, change{
				name: c.Name, path: path, want: c, stale: fork[path].hash != branch[path].hash, files: u.hash + branch[path].hash,
			})
		}
	}
	for _, path := range slices.Sorted(maps.Keys(fork)) {
		if head[path].hash == fork[path].hash || head[path].broken() || branch[path].hash == "" {
			continue
		}
		for _, c := range branch[path].clusters {
			if len(now[c.Name]) == 0 {
				t.changes = append(t.changes, change{name: c.Name, path: path, want: c, gone: true, files: "gone" + branch[path].hash})
			}
		}
	}
	t.order()
	return t
}

func (t *touched) order() {
	slices.SortFunc(t.changes, func(a, b change) int { return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.path, b.path)) })
	t.changes = slices.CompactFunc(t.changes, func(a, b change) bool { return a.name == b.name })
	slices.Sort(t.broken)
	t.broken = slices.Compact(t.broken)
}

// names are the units that hold each cluster.
func names(units map[string]unit) map[string][]string {
	paths := map[string][]string{}
	for _, path := range slices.Sorted(maps.Keys(units)) {
		for _, c := range units[path].clusters {
			paths[c.Name] = append(paths[c.Name], path)
		}
	}
	return paths
}

func clusterNames(u unit) []string {
	var all []string
	for _, c := range u.clusters {
		all = append(all, c.Name)
	}
	return all
}

// manifests are where clusters stand, by name.
func manifests(units map[string]unit) map[string]string {
	files := map[string]string{}
	for _, u := range units {
		for _, c := range u.clusters {
			files[c.Name] = c.File
		}
	}
	return files
}

// twins refuses a name that several units have: nobody could tell which of them is meant.
func twins(name string, paths []string) []desired.Problem {
	if len(paths) < 2 {
		return nil
	}
	return []desired.Problem{{File: paths[0], Path: "metadata.name", Severity: desired.Error,
		Message: fmt.Sprintf("cluster %s is described in %s; keep one", name, strings.Join(paths, " and "))}}
}

// units reads what a commit has. Without the folder of clusters it has none.
func (s *Service) units(commit string) (map[string]unit, error) {
	listing, err := s.cfg.Repository.Units(commit, s.cfg.Path)
	if errors.Is(err, gitrepo.ErrPathMissing) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	units := map[string]unit{}
	for _, u := range listing.Units {
		units[u.Path] = s.readUnit(u)
	}
	return units, nil
}

// maxRead bounds the units that are kept read.
const maxRead = 2000

// readUnit builds the clusters of a unit, unless the same files were read before.
func (s *Service) readUnit(u gitrepo.Unit) unit {
	key := u.Path + " " + u.TreeHash
	if known, ok := s.read[key]; ok {
		return known
	}
	var files []desired.File
	for _, f := range u.Files {
		files = append(files, desired.File{Name: f.Path, Data: f.Data})
	}
	fresh := unit{hash: u.TreeHash}
	fresh.clusters, fresh.problems = desired.Build(files)
	for _, r := range u.Refused {
		fresh.problems = append(fresh.problems, desired.Problem{File: r.Path, Severity: desired.Error, Message: r.Reason})
	}
	if len(s.read) >= maxRead {
		clear(s.read)
	}
	s.read[key] = fresh
	return fresh
}
