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

// spool is a folder with what is not pushed yet. Every file is written beside its name, synced and
// renamed, so that a crash at any moment leaves it whole or not there.
//
//	open-HASH.json   the pass of a cluster that is under way
//	wait-ID.json     a record that waits to be pushed
//	heads.json       the newest record of each cluster that this service pushed
type spool struct{ dir string }

const half = "new-" // what a killed process did not finish

func openSpool(dir string) (spool, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return spool{}, err
	}
	halves, err := filepath.Glob(filepath.Join(dir, half+"*"))
	if err != nil {
		return spool{}, err
	}
	for _, name := range halves {
		if err := os.Remove(name); err != nil {
			return spool{}, err
		}
	}
	return spool{dir}, nil
}

func (s spool) open(cluster string) string {
	return filepath.Join(s.dir, "open-"+hash([]byte(cluster))[:24]+".json")
}

func (s spool) waiting(id string) string {
	return filepath.Join(s.dir, "wait-"+hash([]byte(id))[:24]+".json")
}

func (s spool) heads() string { return filepath.Join(s.dir, "heads.json") }

// write makes the file durable before it returns: it outlives a power cut.
func (s spool) write(name string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(s.dir, half+"*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return err
	}
	return s.sync()
}

// sync makes renames and removals of the folder durable.
func (s spool) sync() error {
	dir, err := os.Open(s.dir)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

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
