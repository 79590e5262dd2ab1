package audit

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// A Trail is everything of a repository that records are in, as it is in a clone.
type Trail struct {
	// Files are the files below Root, by path.
	Files map[string][]byte
	// Notes are the notes of commits.
	Notes map[string]string
	// Losses are what the history of the notes shows to have been there once.
	Losses []Loss
	// Has reports whether the clone holds a commit.
	Has func(commit string) bool
}

// Loss is a file that a later commit of the notes took away or changed.
type Loss struct {
	Path    string
	Changed bool
	Commit  string // of the notes
	By      string
	When    time.Time
}

// A Finding is one thing that cannot be in a trail that nobody tampered with.
type Finding struct {
	Cluster  string `json:"cluster,omitempty"`
	Sequence int    `json:"sequence,omitempty"`
	Text     string `json:"text"` // a sentence
}

// Verify returns everything that is wrong with the trail, sorted; nothing if all is well.
func (t Trail) Verify() []Finding {
	v := verifier{trail: t, chains: map[string][]written{}, byLink: map[Link]written{}}
	v.read()
	for _, cluster := range slices.Sorted(maps.Keys(v.chains)) {
		v.chain(cluster, v.chains[cluster])
	}
	v.order()
	v.witnesses()
	v.losses()
	slices.SortFunc(v.found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Cluster, b.Cluster), cmp.Compare(a.Sequence, b.Sequence), cmp.Compare(a.Text, b.Text))
	})
	return slices.Compact(v.found)
}

type verifier struct {
	trail  Trail
	chains map[string][]written // by cluster, sorted by sequence number
	byLink map[Link]written
	found  []Finding
}

func (v *verifier) finding(cluster string, sequence int, format string, args ...any) {
	v.found = append(v.found, Finding{cluster, sequence, fmt.Sprintf(format, args...)})
}

// read decodes the files. One that is no record still has its place in the chain.
func (v *verifier) read() {
	for _, name := range slices.Sorted(maps.Keys(v.trail.Files)) {
		if name == last {
			continue
		}
		cluster, sequence, ok := place(name)
		if !ok {
			v.finding("", 0, "%s is no record of the trail", name)
			continue
		}
		data := v.trail.Files[name]
		text := strings.TrimSuffix(string(data), "\n")
		r, err := decode([]byte(text))
		switch {
		case err != nil:
			v.finding(cluster, sequence, "record %d of %s was edited: %v", sequence, cluster, err)
		case len(text)+1 != len(data):
			v.finding(cluster, sequence, "record %d of %s was edited: it does not end in one line break", sequence, cluster)
		case r.Cluster != cluster || r.Sequence != sequence:
			v.finding(cluster, sequence, "where record %d of %s should be is record %d of %s", sequence, cluster, r.Sequence, r.Cluster)
		}
		r.Cluster, r.Sequence = cluster, sequence
		w := written{r, hash([]byte(text))}
		v.chains[cluster] = append(v.chains[cluster], w)
		v.byLink[*w.link()] = w
	}
	for _, chain := range v.chains {
		slices.SortFunc(chain, func(a, b written) int { return cmp.Compare(a.Sequence, b.Sequence) })
	}
}

// chain looks at the records of one cluster.
func (v *verifier) chain(cluster string, chain []written) {
	ids := map[string]int{}
	before := written{}
	for _, w := range chain {
		v.gap(cluster, before.Sequence+1, w.Sequence-1)
		if before.Sequence == w.Sequence-1 && w.Previous != before.SHA256 {
			v.finding(cluster, w.Sequence, "record %d of %s does not follow record %d: one of the two was edited or exchanged, or two services wrote", w.Sequence, cluster, w.Sequence-1)
		}
		if first, twice := ids[w.ID]; twice && w.ID != "" {
			v.finding(cluster, w.Sequence, "record %d of %s tells of the same pass as record %d", w.Sequence, cluster, first)
		}
		if v.trail.Has != nil && w.Commit != "" && !v.trail.Has(w.Commit) {
			v.finding(cluster, w.Sequence, "record %d of %s is about commit %.12s, which is not in this clone", w.Sequence, cluster, w.Commit)
		}
		v.times(before, w)
		ids[w.ID] = w.Sequence
		before = w
	}
}

// gap is one finding however long it is: a single name can claim to be record half a billion.
func (v *verifier) gap(cluster string, from, to int) {
	switch {
	case from == to:
		v.finding(cluster, from, "record %d of %s is missing", from, cluster)
	case from < to:
		v.finding(cluster, from, "records %d to %d of %s are missing", from, to, cluster)
	}
}

// times notices two services at work on one cluster at once: each holds its own lease then.
func (v *verifier) times(before, w written) {
	if w.Ended.Before(w.Began) {
		v.finding(w.Cluster, w.Sequence, "record %d of %s ended before it began", w.Sequence, w.Cluster)
	}
	if before.Sequence > 0 && before.Holder != w.Holder && w.Began.Before(before.Ended) {
		v.finding(w.Cluster, w.Sequence, "record %d of %s began before record %d ended, and another service wrote it (%s, %s): two worked on the cluster at once",
			w.Sequence, w.Cluster, before.Sequence, w.Holder, before.Holder)
	}
}

// order looks at the one chain through the records of all clusters. It shows the end of a cluster's
// chain to be missing, as soon as any cluster has a later record.
func (v *verifier) order() {
	named := map[Link]written{}
	starts := 0
	for _, w := range v.all() {
		if w.After == nil {
			if starts++; starts > 1 {
				v.finding(w.Cluster, w.Sequence, "record %d of %s says that it is the first of the whole trail, and is not", w.Sequence, w.Cluster)
			}
			continue
		}
		if _, there := v.byLink[*w.After]; !there {
			v.finding(w.After.Cluster, w.After.Sequence, "record %d of %s, after which record %d of %s was written, is missing or was edited",
				w.After.Sequence, w.After.Cluster, w.Sequence, w.Cluster)
		}
		if other, fork := named[*w.After]; fork {
			v.finding(w.Cluster, w.Sequence, "the trail forks: record %d of %s and record %d of %s were both written right after record %d of %s",
				other.Sequence, other.Cluster, w.Sequence, w.Cluster, w.After.Sequence, w.After.Cluster)
		}
		named[*w.After] = w
	}
	v.end(named)
}

func (v *verifier) all() []written {
	var all []written
	for _, cluster := range slices.Sorted(maps.Keys(v.chains)) {
		all = append(all, v.chains[cluster]...)
	}
	return all
}

// end compares the last record with what last.json says.
func (v *verifier) end(named map[Link]written) {
	data, there := v.trail.Files[last]
	if !there && len(v.chains) == 0 {
		return
	}
	var l Link
	again, err := []byte(nil), json.Unmarshal(data, &l)
	if err == nil {
		again, err = canonical(l)
	}
	if err != nil || string(again)+"\n" != string(data) {
		v.finding("", 0, "%s, which names the last record, is missing or was edited", last)
		return
	}
	if _, there := v.byLink[l]; !there {
		v.finding(l.Cluster, l.Sequence, "record %d of %s, the last one written, is missing or was edited", l.Sequence, l.Cluster)
	}
	if later, more := named[l]; more {
		v.finding(later.Cluster, later.Sequence, "record %d of %s was written after the last one that %s names", later.Sequence, later.Cluster, last)
	}
	for _, w := range v.all() {
		if _, followed := named[*w.link()]; !followed && *w.link() != l {
			v.finding(w.Cluster, w.Sequence, "no record was written after record %d of %s, and it is not the last one", w.Sequence, w.Cluster)
		}
	}
}

// witnesses compares the records with the lines in the notes of the commits they are about.
func (v *verifier) witnesses() {
	type about struct{ commit, cluster string }
	newest := map[about]written{}
	for _, w := range v.all() {
		newest[about{w.Commit, w.Cluster}] = w
	}
	for _, commit := range slices.Sorted(maps.Keys(v.trail.Notes)) {
		for text := range strings.Lines(v.trail.Notes[commit]) {
			l, ok := parseLine(strings.TrimRight(text, "\n"))
			if !ok {
				continue
			}
			key := about{commit, l.Cluster}
			if w, there := newest[key]; !there || *w.link() != l {
				v.finding(l.Cluster, l.Sequence, "the note of commit %.12s names record %d of %s, which is missing, was edited, or is not the newest about it", commit, l.Sequence, l.Cluster)
			}
			delete(newest, key)
		}
	}
	for key, w := range newest {
		v.finding(key.cluster, w.Sequence, "the note of commit %.12s does not name record %d of %s, which is about it", key.commit, w.Sequence, key.cluster)
	}
}

func (v *verifier) losses() {
	for _, l := range v.trail.Losses {
		what := "taken away"
		if l.Changed {
			what = "changed"
		}
		cluster, sequence, ok := place(l.Path)
		switch {
		case ok:
			v.finding(cluster, sequence, "record %d of %s was %s by %s at %s, in the commit %.12s of the notes", sequence, cluster, what, l.By, l.When.UTC().Format(time.RFC3339), l.Commit)
		case l.Path != last || !l.Changed:
			v.finding("", 0, "%s was %s by %s at %s, in the commit %.12s of the notes", l.Path, what, l.By, l.When.UTC().Format(time.RFC3339), l.Commit)
		}
	}
}
