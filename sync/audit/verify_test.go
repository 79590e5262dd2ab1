package audit

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"
	"time"
)

// shelf is a notes ref in memory.
type shelf struct {
	files map[string][]byte
	notes map[string]string
}

func newShelf() *shelf { return &shelf{map[string][]byte{}, map[string]string{}} }

func (s *shelf) Names(dir string) ([]string, error) {
	names := map[string]bool{}
	for name := range s.files {
		if below, ok := strings.CutPrefix(name, dir+"/"); ok {
			first, _, _ := strings.Cut(below, "/")
			names[first] = true
		}
	}
	return slices.Sorted(maps.Keys(names)), nil
}

func (s *shelf) Read(name string) ([]byte, error) {
	data, ok := s.files[name]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return data, nil
}

func (s *shelf) Put(name string, data []byte) error {
	s.files[name] = data
	return nil
}

func (s *shelf) EditNote(commit string, edit func(string) string) error {
	s.notes[commit] = edit(s.notes[commit])
	return nil
}

func (s *shelf) Annotated() ([]string, error) { return slices.Sorted(maps.Keys(s.notes)), nil }

func (s *shelf) Note(commit string) (string, error) { return s.notes[commit], nil }

var morning = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

// aRecord is the nth record of a story.
func aRecord(cluster string, n int) Record {
	return Record{
		ID: fmt.Sprintf("%s-%d", cluster, n), Cluster: cluster, Commit: strings.Repeat(string("abcdef"[n%3]), 40), Author: "Ada",
		Trigger: "poll", Manifest: "11", Plan: "22", Result: Changed, Holder: "host/1", Version: "1.0",
		Began: morning.Add(time.Duration(n) * time.Minute), Ended: morning.Add(time.Duration(n)*time.Minute + 30*time.Second),
		Steps: []Step{{Ref: "vpc/" + cluster, Effect: "create", State: "done", Milliseconds: int64(n), Requests: []Request{{Operation: "CreateVpc", ID: fmt.Sprint("id-", n)}},
			Quorum: &Quorum{Cluster: "main", Answer: "proceed", Voters: 3, HealthyNow: 3, HealthyAfter: 2, Majority: 2}}},
	}.tidy()
}

// trailOf is a trail of several clusters, written in turn.
func trailOf(t *testing.T, records int, clusters ...string) Trail {
	t.Helper()
	s := newShelf()
	for n := range records {
		s.notes[strings.Repeat("a", 40)] += "quorate/apply/x: success: a status (2026-03-01T08:00:00Z)\n"
		if _, err := appendRecord(s, aRecord(clusters[n%len(clusters)], n), nil); err != nil {
			t.Fatal(err)
		}
	}
	trail, err := Load(s)
	if err != nil {
		t.Fatal(err)
	}
	return trail
}

func (t Trail) copy() Trail {
	out := t
	out.Files, out.Notes = map[string][]byte{}, maps.Clone(t.Notes)
	for name, data := range t.Files {
		out.Files[name] = bytes.Clone(data)
	}
	return out
}

func TestATrailThatNobodyTouchedHasNoFindings(t *testing.T) {
	trail := trailOf(t, 25, "ha.example.com", "small.example.com", "repository")
	if found := trail.Verify(); len(found) > 0 {
		t.Errorf("findings: %v", found)
	}
	if found := (Trail{}).Verify(); len(found) > 0 {
		t.Errorf("findings in no trail: %v", found)
	}
	if n := len(trail.Records()); n != 25 {
		t.Errorf("%d records, want 25", n)
	}
}

// tamperings are what can happen to the byte at a place of a file.
var tamperings = []func(data []byte, at int) []byte{
	func(data []byte, at int) []byte { data[at] ^= 0x01; return data },
	func(data []byte, at int) []byte { data[at] ^= 0x20; return data },
	func(data []byte, at int) []byte { data[at] ^= 0x80; return data },
	func(data []byte, at int) []byte { return slices.Delete(data, at, at+1) },
	func(data []byte, at int) []byte { return slices.Insert(data, at, ' ') },
}

// TestAnySingleMutationIsFound breaks a trail at every place: each byte of each file, each record
// dropped, doubled, or exchanged with each other.
func TestAnySingleMutationIsFound(t *testing.T) {
	whole := trailOf(t, 5, "ha.example.com", "small.example.com")
	names := slices.Sorted(maps.Keys(whole.Files))
	found := func(what string, mutate func(Trail)) {
		t.Helper()
		broken := whole.copy()
		mutate(broken)
		if len(broken.Verify()) == 0 {
			t.Errorf("nobody notices: %s", what)
		}
	}
	for i, name := range names {
		found("dropped "+name, func(b Trail) { delete(b.Files, name) })
		for at := range whole.Files[name] {
			how := (at + i) % len(tamperings) // each byte once, and each way at many places
			found(fmt.Sprintf("byte %d of %s, in way %d", at, name, how), func(b Trail) { b.Files[name] = tamperings[how](b.Files[name], at) })
		}
		for _, other := range names[i+1:] {
			found("exchanged "+name+" and "+other, func(b Trail) { b.Files[name], b.Files[other] = b.Files[other], b.Files[name] })
		}
		found("doubled "+name, func(b Trail) { b.Files[path.Dir(name)+"/999.json"] = b.Files[name] })
		found("doubled "+name+" elsewhere", func(b Trail) { b.Files[Root+"/records/third.example.com/00000/001.json"] = b.Files[name] })
	}
}

// TestAnyEditOfTheLinesInNotesIsFound is about the witnesses; the statuses beside them are not ours.
func TestAnyEditOfTheLinesInNotesIsFound(t *testing.T) {
	whole := trailOf(t, 5, "ha.example.com", "small.example.com")
	for commit, note := range whole.Notes {
		for text := range strings.Lines(note) {
			if !strings.HasPrefix(text, "audit: ") {
				continue
			}
			for at := range len(text) - 1 {
				broken := whole.copy()
				broken.Notes[commit] = strings.Replace(note, text, text[:at]+"~"+text[at+1:], 1)
				if len(broken.Verify()) == 0 {
					t.Errorf("nobody notices byte %d of %q", at, text)
				}
			}
		}
	}
}

// forge writes the record anew, with all that names it in the same cluster following suit.
func forge(t *testing.T, whole Trail, cluster string, from int, edit func(*Record)) Trail {
	t.Helper()
	b := whole.copy()
	previous := ""
	for n := from; b.Files[recordPath(cluster, n)] != nil; n++ {
		r, err := decode(bytes.TrimSuffix(b.Files[recordPath(cluster, n)], []byte("\n")))
		if err != nil {
			t.Fatal(err)
		}
		if n == from {
			edit(&r)
		} else {
			r.Previous = previous
		}
		data, err := r.encode()
		if err != nil {
			t.Fatal(err)
		}
		b.Files[recordPath(cluster, n)] = append(data, '\n')
		old := *written{r, hash(bytes.TrimSuffix(whole.Files[recordPath(cluster, n)], []byte("\n")))}.link()
		previous = hash(data)
		b.Notes[r.Commit] = strings.ReplaceAll(b.Notes[r.Commit], line(old), line(Link{cluster, n, previous}))
	}
	return b
}

// TestAForgerWhoRewritesOneChainIsFoundByTheOthers knows the format, and mends the chain and the notes
// behind the edit: the records of other clusters still name what was there.
func TestAForgerWhoRewritesOneChainIsFoundByTheOthers(t *testing.T) {
	whole := trailOf(t, 9, "ha.example.com", "small.example.com")
	forged := forge(t, whole, "ha.example.com", 2, func(r *Record) { r.Author = "Eve" })
	text := fmt.Sprint(forged.Verify())
	if !strings.Contains(text, "record 2 of ha.example.com, after which record 2 of small.example.com was written, is missing or was edited") {
		t.Errorf("findings: %s", text)
	}
}

// TestTheLastRecordsCannotBeDroppedAlone: neither with nor without the line in the note, as long as
// somebody has a later record or last.json stands.
func TestTheLastRecordsCannotBeDroppedAlone(t *testing.T) {
	whole := trailOf(t, 9, "ha.example.com", "small.example.com") // it ends with the 5th record of ha
	for cluster, sequence := range map[string]int{"ha.example.com": 5, "small.example.com": 4} {
		b := whole.copy()
		delete(b.Files, recordPath(cluster, sequence))
		for commit := range b.Notes {
			b.Notes[commit] = ""
		}
		if text := fmt.Sprint(b.Verify()); !strings.Contains(text, fmt.Sprintf("record %d of %s", sequence, cluster)) {
			t.Errorf("findings without the last record of %s: %s", cluster, text)
		}
	}
}

func TestFindingsAreSentences(t *testing.T) {
	whole := trailOf(t, 9, "ha.example.com", "small.example.com")
	ha := func(n int) string { return recordPath("ha.example.com", n) }
	for name, c := range map[string]struct {
		mutate func(Trail) Trail
		want   string
	}{
		"edited": {func(b Trail) Trail {
			b.Files[ha(2)] = bytes.Replace(b.Files[ha(2)], []byte("Ada"), []byte("Eve"), 1)
			return b
		}, "record 3 of ha.example.com does not follow record 2: one of the two was edited or exchanged, or two services wrote"},
		"a field more": {func(b Trail) Trail {
			b.Files[ha(2)] = bytes.Replace(b.Files[ha(2)], []byte("{"), []byte(`{"a":1,`), 1)
			return b
		}, `record 2 of ha.example.com was edited: json: unknown field "a"`},
		"dropped": {func(b Trail) Trail { delete(b.Files, ha(2)); return b }, "record 2 of ha.example.com is missing"},
		"moved":   {func(b Trail) Trail { b.Files[ha(2)], b.Files[ha(3)] = b.Files[ha(3)], b.Files[ha(2)]; return b }, "where record 2 of ha.example.com should be is record 3 of ha.example.com"},
		"an unknown commit": {func(b Trail) Trail { b.Has = func(string) bool { return false }; return b },
			"record 1 of ha.example.com is about commit aaaaaaaaaaaa, which is not in this clone"},
		"something else": {func(b Trail) Trail { b.Files[Root+"/readme"] = nil; return b }, "audit/readme is no record of the trail"},
		"two services": {func(b Trail) Trail {
			return forge(t, b, "ha.example.com", 5, func(r *Record) { r.Holder, r.Began = "host/2", morning })
		}, "record 5 of ha.example.com began before record 4 ended, and another service wrote it (host/2, host/1): two worked on the cluster at once"},
		"lost": {func(b Trail) Trail {
			b.Losses = []Loss{{Path: ha(7), Commit: strings.Repeat("c", 40), By: "Eve", When: morning}}
			return b
		}, "record 7 of ha.example.com was taken away by Eve at 2026-03-01T08:00:00Z, in the commit cccccccccccc of the notes"},
		"a fork": {func(b Trail) Trail {
			return forge(t, b, "ha.example.com", 5, func(r *Record) { r.After = &Link{"ha.example.com", 4, ""} })
		}, "record 4 of ha.example.com, after which record 5 of ha.example.com was written, is missing or was edited"},
		"no end": {func(b Trail) Trail { delete(b.Files, last); return b }, "audit/last.json, which names the last record, is missing or was edited"},
	} {
		t.Run(name, func(t *testing.T) {
			found := c.mutate(whole.copy()).Verify()
			if !slices.ContainsFunc(found, func(f Finding) bool { return f.Text == c.want }) {
				t.Errorf("no %q among %v", c.want, found)
			}
		})
	}
}

// TestTwoWritersWhoDoNotSeeEachOtherMakeAFork is what a merge of notes by hand can bring about.
func TestTwoWritersWhoDoNotSeeEachOtherMakeAFork(t *testing.T) {
	a := newShelf()
	if _, err := appendRecord(a, aRecord("ha.example.com", 0), nil); err != nil {
		t.Fatal(err)
	}
	b := &shelf{maps.Clone(a.files), maps.Clone(a.notes)}
	for _, w := range []struct {
		on *shelf
		r  Record
	}{{a, aRecord("ha.example.com", 1)}, {b, aRecord("small.example.com", 2)}} {
		if _, err := appendRecord(w.on, w.r, nil); err != nil {
			t.Fatal(err)
		}
	}
	for name, data := range b.files {
		if a.files[name] == nil {
			a.files[name] = data
		}
	}
	trail, err := Load(a)
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprint(trail.Verify()); !strings.Contains(text, "the trail forks: record 2 of ha.example.com and record 1 of small.example.com were both written right after record 1 of ha.example.com") {
		t.Errorf("findings: %s", text)
	}
}

func TestRecordsAreBoundedAndPrintable(t *testing.T) {
	r := aRecord("ha.example.com", 1)
	r.Reason = strings.Repeat("long ", 1000) + "\x1b[31m\u2028"
	r.Author = "A\x00d\u202ea\n"
	for range 600 {
		r.Steps = append(r.Steps, r.Steps[0])
	}
	r = r.tidy()
	if len(r.Steps) != maxSteps || r.Omitted != 101 || len([]rune(r.Reason)) > maxText || r.Author != "Ada" {
		t.Errorf("%d steps, %d omitted, a reason of %d, author %q", len(r.Steps), r.Omitted, len(r.Reason), r.Author)
	}
	data, err := r.encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decode(data); err != nil {
		t.Errorf("what was written cannot be read: %v", err)
	}
}

func TestFoldersAreFilledToAThousand(t *testing.T) {
	for sequence, want := range map[int]string{1: "00000/001", 999: "00000/999", 1000: "00001/000", 123_456_789: "123456/789"} {
		name := recordPath("ha.example.com", sequence)
		if name != "audit/records/ha.example.com/"+want+".json" {
			t.Errorf("record %d is %s", sequence, name)
		}
		if cluster, n, ok := place(name); !ok || cluster != "ha.example.com" || n != sequence {
			t.Errorf("%s is record %d of %s", name, n, cluster)
		}
	}
	s := newShelf()
	for n := range 1005 {
		if _, err := appendRecord(s, aRecord("ha.example.com", n), nil); err != nil {
			t.Fatal(err)
		}
	}
	trail, err := Load(s)
	if err != nil {
		t.Fatal(err)
	}
	if found := trail.Verify(); len(found) > 0 || trail.Heads()[0].Sequence != 1005 {
		t.Errorf("findings %v, heads %v", found, trail.Heads())
	}
}

// FuzzVerify holds that no bytes whatever make Verify panic, or pass for a record.
func FuzzVerify(f *testing.F) {
	f.Add([]byte(`{"format":1}`), "audit/records/a.b/00000/001.json")
	f.Add([]byte(`{}`), last)
	f.Fuzz(func(t *testing.T, data []byte, name string) {
		trail := Trail{Files: map[string][]byte{name: data}, Notes: map[string]string{strings.Repeat("a", 40): string(data)}}
		if len(trail.Verify()) == 0 {
			t.Errorf("%q at %q passes for a trail", data, name)
		}
	})
}

func TestRandomStoriesHaveNoFindings(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		s := newShelf()
		for n := range 1 + random.IntN(40) {
			cluster := fmt.Sprintf("c%d.example.com", random.IntN(4))
			if _, err := appendRecord(s, aRecord(cluster, n), nil); err != nil {
				t.Fatal(err)
			}
		}
		trail, err := Load(s)
		if err != nil {
			t.Fatal(err)
		}
		if found := trail.Verify(); len(found) > 0 {
			t.Fatalf("findings: %v", found)
		}
	}
}
