package web

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/quorate/quorate/internal/durable"
	"github.com/quorate/quorate/sync/audit"
)

const (
	// perCluster is how many runs of a cluster are kept, and inAll of all of them, so that clusters that
	// come and go do not fill the disk.
	perCluster = 50
	inAll      = 2000
)

// shelf is a folder with one file for each run: cluster/began-id.json.
type shelf struct{ dir string }

// entry is what is known of a run without its file being read.
type entry struct {
	id, commit, plan string
	result           audit.Result
	reason           string
	began            time.Time
}

func entryOf(r Run) entry {
	return entry{r.Record.ID, r.Record.Commit, r.Plan, r.Record.Result, r.Record.Reason, r.Record.Began}
}

// names of clusters are DNS names, so none leads out of the folder.
var (
	clusterName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,252}$`)
	runID       = regexp.MustCompile(`^[A-Za-z0-9]{1,64}$`)
)

func (s shelf) file(cluster string, e entry) (string, error) {
	if !clusterName.MatchString(cluster) || !runID.MatchString(e.id) {
		return "", fmt.Errorf("page of %q: not the name of a cluster and a run", cluster)
	}
	return filepath.Join(s.dir, cluster, fmt.Sprintf("%015d-%s.json", e.began.UnixMilli(), e.id)), nil
}

// write puts the run beside its place and then into it, so that no half of it is ever read.
func (s shelf) write(r Run) error {
	file, err := s.file(r.Record.Cluster, entryOf(r))
	if err != nil {
		return err
	}
	if err := durable.WriteJSON(file, r); err != nil {
		return fmt.Errorf("page of %s: %w", r.Record.Cluster, err)
	}
	return nil
}

func (s shelf) read(cluster string, e entry) (Run, error) {
	file, err := s.file(cluster, e)
	if err != nil {
		return Run{}, err
	}
	return readRun(file)
}

func readRun(file string) (Run, error) {
	var r Run
	data, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(data, &r)
	}
	return r, err
}

func (s shelf) remove(cluster string, e entry) error {
	file, err := s.file(cluster, e)
	if err != nil {
		return err
	}
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("page of %s: %w", cluster, err)
	}
	return nil
}

// open lists what is on the shelf. A file that is no run is taken away: pages are for reading, and the audit
// trail has all of it.
func (s shelf) open() (map[string][]entry, error) {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	files, err := filepath.Glob(filepath.Join(s.dir, "*", "*"))
	if err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	// The newest stay, whichever cluster they are of: file names begin with the time.
	slices.SortFunc(files, func(a, b string) int { return cmp.Compare(filepath.Base(a), filepath.Base(b)) })
	runs := map[string][]entry{}
	for i, file := range files {
		run, err := readRun(file)
		want, errName := s.file(run.Record.Cluster, entryOf(run))
		if err != nil || errName != nil || want != file || i < len(files)-inAll {
			if err := os.Remove(file); err != nil {
				return nil, fmt.Errorf("pages: %w", err)
			}
			continue
		}
		if run.Running() {
			run.Record.Result, run.Record.Ended = audit.Interrupted, run.Record.Began
			run.Record.Reason = "the service ended in the middle of this pass; each of its steps may have happened"
			if err := s.write(run); err != nil {
				return nil, err
			}
		}
		runs[run.Record.Cluster] = append(runs[run.Record.Cluster], entryOf(run))
	}
	return runs, nil
}
