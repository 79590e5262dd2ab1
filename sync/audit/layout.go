package audit

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Ref is where the trail is kept: beside the notes that hold the statuses, in the same ref, so that
// one fetch brings both and one push moves both.
//
//	audit/records/ha.example.com/00000/012.json   the 12th record, written once and never again
//	audit/last.json                               which record was written last, of any cluster
//	the note of a commit                          "audit: ha.example.com record 12 sha256:5f2a…"
//
// The records are files and no notes: a note is one text per commit, which would grow without bound
// while a commit stands and be in the way of who reads statuses with git log. Git keeps files beside
// notes, and no two writers ever write the same file.
const Ref = "refs/notes/quorate"

const (
	// Root is the folder of the trail, in which files are only ever added; but for last.json.
	Root    = "audit"
	records = Root + "/records"
	last    = Root + "/last.json"
	// perFolder bounds the listing that an additional record rewrites.
	perFolder = 1000
)

// A Tree is the notes ref as it is being changed; gitrepo.Notes is one.
type Tree interface {
	Names(dir string) ([]string, error)
	Read(path string) ([]byte, error)
	Put(path string, data []byte) error
	EditNote(commit string, edit func(old string) string) error
}

func recordPath(cluster string, sequence int) string {
	return fmt.Sprintf("%s/%s/%05d/%03d.json", records, cluster, sequence/perFolder, sequence%perFolder)
}

var recordName = regexp.MustCompile(`^` + records + `/([^/]+)/(\d{5,})/(\d{3})\.json$`)

// place is the cluster and the sequence number that a path stands for.
func place(name string) (cluster string, sequence int, ok bool) {
	m := recordName.FindStringSubmatch(name)
	if m == nil {
		return "", 0, false
	}
	folder, err := strconv.Atoi(m[2])
	n, _ := strconv.Atoi(m[3]) // three digits
	return m[1], folder*perFolder + n, err == nil && name == recordPath(m[1], folder*perFolder+n)
}

var clusterName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`)

// written is a record with the hash of its text.
type written struct {
	Record
	SHA256 string
}

func (w written) link() *Link { return &Link{w.Cluster, w.Sequence, w.SHA256} }

// head is the newest record of a cluster, if it has any.
func head(t Tree, cluster string) (written, bool, error) {
	dir := path.Join(records, cluster)
	for range 2 {
		names, err := t.Names(dir)
		if err != nil || len(names) == 0 {
			return written{}, false, err
		}
		longest := slices.MaxFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b)) })
		dir = path.Join(dir, longest)
	}
	w, err := readRecord(t, dir)
	return w, true, err
}

func readRecord(t Tree, name string) (written, error) {
	data, err := t.Read(name)
	if err != nil {
		return written{}, err
	}
	text := strings.TrimSuffix(string(data), "\n")
	var r Record
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		// What somebody broke is said by Verify; the chain goes on behind it.
		r = Record{}
	}
	cluster, sequence, _ := place(name)
	r.Cluster, r.Sequence = cluster, sequence
	return written{r, hash([]byte(text))}, nil
}

// newest is the link to the record that was written last, nil if there is none.
func newest(t Tree) (*Link, error) {
	data, err := t.Read(last)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var l Link
	if err := json.Unmarshal(data, &l); err != nil {
		return nil, nil //nolint:nilerr // a broken file is found by Verify, and must not stop the trail
	}
	return &l, nil
}

// lookBack is how many records are looked at for one that was written already: a push whose answer
// was lost is made again, and others may have written in between.
const lookBack = 2 * batch

// appendRecord seals the record behind the cluster's others and puts it into the tree. known is the
// newest record of the cluster that this service wrote, nil if it knows of none.
func appendRecord(t Tree, r Record, known *Link) (written, error) {
	newest0, found, err := head(t, r.Cluster)
	if err != nil {
		return written{}, err
	}
	for n := newest0.Sequence; found && n > max(0, newest0.Sequence-lookBack); n-- {
		if old, err := readRecord(t, recordPath(r.Cluster, n)); err == nil && old.ID == r.ID {
			return old, nil
		}
	}
	if r.After, err = newest(t); err != nil {
		return written{}, err
	}
	r.Sequence, r.Previous = newest0.Sequence+1, newest0.SHA256
	if known != nil && known.Sequence > newest0.Sequence {
		// Somebody dropped what we wrote. The gap stays to be seen.
		r.Sequence, r.Previous = known.Sequence+1, known.SHA256
	}
	data, err := r.encode()
	if err != nil {
		return written{}, err
	}
	w := written{r, hash(data)}
	return w, put(t, w, data)
}

func put(t Tree, w written, data []byte) error {
	link, err := canonical(w.link())
	if err != nil {
		return err
	}
	return errors.Join(
		t.Put(recordPath(w.Cluster, w.Sequence), append(data, '\n')),
		t.Put(last, append(link, '\n')),
		t.EditNote(w.Commit, func(old string) string { return setLine(old, *w.link()) }),
	)
}

// The line of a cluster in the note of a commit names its newest record about that commit: whoever
// drops this record must edit the note, too.
func line(l Link) string {
	return fmt.Sprintf("audit: %s record %d sha256:%s", l.Cluster, l.Sequence, l.SHA256)
}

var noteLine = regexp.MustCompile(`^audit: (\S+) record (\d+) sha256:([0-9a-f]{64})$`)

func parseLine(text string) (Link, bool) {
	m := noteLine.FindStringSubmatch(text)
	if m == nil {
		return Link{}, false
	}
	n, err := strconv.Atoi(m[2])
	l := Link{m[1], n, m[3]}
	return l, err == nil && line(l) == text
}

func setLine(note string, l Link) string {
	var lines []string
	for text := range strings.Lines(note) {
		text = strings.TrimRight(text, "\n")
		if old, ok := parseLine(text); ok && old.Cluster == l.Cluster {
			continue
		}
		lines = append(lines, text)
	}
	return strings.Join(append(lines, line(l)), "\n") + "\n"
}
