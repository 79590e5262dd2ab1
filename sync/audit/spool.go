package audit

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// spool is a folder with what is not pushed yet. Every file is durable, so that a
// crash at any moment leaves it whole or not there.
//
//	open-HASH.json   the pass of a cluster that is under way
//	wait-ID.json     a record that waits to be pushed
//	heads.json       the newest record of each cluster that this service pushed
type spool struct{ dir string }

func openSpool(dir string) (spool, error) { return spool{dir}, os.MkdirAll(dir, 0o700) }

func (s spool) open(cluster string) string {
	return filepath.Join(s.dir, "open-"+hash([]byte(cluster))[:24]+".json")
}

func (s spool) waiting(id string) string {
	return filepath.Join(s.dir, "wait-"+hash([]byte(id))[:24]+".json")
}

func (s spool) heads() string { return filepath.Join(s.dir, "heads.json") }

// remove is content if there is nothing to remove.
func (s spool) remove(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// list reads the records of a pattern, oldest first. A damaged file is set aside by name, so that it
// is complained about once and stops nothing.
func (s spool) list(pattern string) ([]Record, error) {
	files, err := filepath.Glob(filepath.Join(s.dir, pattern))
	if err != nil {
		return nil, err
	}
	var all []Record
	var damaged []error
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		var r Record
		if err := json.Unmarshal(data, &r); err != nil || r.ID == "" {
			damaged = append(damaged, fmt.Errorf("%s.damaged is no record", name), os.Rename(name, name+".damaged"))
			continue
		}
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b Record) int {
		return cmp.Or(a.Ended.Compare(b.Ended), a.Began.Compare(b.Began), strings.Compare(a.ID, b.ID))
	})
	return all, errors.Join(damaged...)
}

// known is what this service remembers of a cluster's newest record.
type known struct {
	Link    Link   `json:"link"`
	Essence string `json:"essence"`
}

func (s spool) readHeads() (map[string]known, error) {
	heads := map[string]known{}
	data, err := os.ReadFile(s.heads())
	if errors.Is(err, os.ErrNotExist) {
		return heads, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, &heads); err != nil {
		return map[string]known{}, fmt.Errorf("%s is damaged, and is written anew: %w", s.heads(), err)
	}
	return heads, nil
}
