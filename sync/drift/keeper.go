package drift

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/internal/durable"
	"github.com/quorate/quorate/topology"
)

// A Keeper judges drift for the service, and remembers. One of its methods runs at a time for one cluster, as
// its lease sees to.
type Keeper struct {
	// Dir is the folder with one file for each cluster. No other process may use it.
	Dir string
	// Log hears of findings when they are new.
	Log *slog.Logger
	// Deeds, if set, tells who changed what; see [Keeper.Attribute].
	Deeds Deeds
}

// Look parts a plan as [Judge] does, if the marks of the groups say that the cluster's manifests were applied
// to their end before; otherwise, and when the cluster ends, all of the plan is what somebody committed.
func (k *Keeper) Look(c desired.Cluster, marks map[topology.Ref]topology.Tags, plan diff.Plan, now time.Time) (diff.Plan, Report) {
	key, err := Key(c)
	if err != nil || plan.EndsCluster() || !Applied(marks, key) {
		return plan, Report{}
	}
	memory := k.recall(c.Name, key)
	all := plan
	plan, report := Judge(all, c.Policy.Drift, memory, now)
	if answer := report.Answer(); answer != "" && answer == c.Policy.Answer {
		k.Log.Info("drift that waited is put back, as it was answered", "cluster", c.Name, "answer", answer)
		memory = memory.release(report.Findings)
		plan, report = Judge(all, c.Policy.Drift, memory, now)
	}
	k.tell(c.Name, memory, report)
	if err := k.remember(c.Name, memory.saw(report.Findings, now)); err != nil {
		report.Doubt = err.Error()
	}
	return plan, report
}

// tell logs each finding once, with its values.
func (k *Keeper) tell(cluster string, memory Memory, report Report) {
	for _, f := range report.Findings {
		if _, known := memory.Seen[f.key()]; !known {
			k.Log.Warn("drift", "cluster", cluster, "what", f.Sentence(), "class", f.Risk.String(), "mode", f.Mode)
		}
	}
}

// Corrected notes which of the findings a pass corrected: those of the resources of which it carried out the
// change to its end.
func (k *Keeper) Corrected(c desired.Cluster, report Report, done []topology.Ref, now time.Time) error {
	corrected := slices.DeleteFunc(slices.Clone(report.Findings), func(f Finding) bool { return f.Held() || !slices.Contains(done, f.Ref) })
	if len(corrected) == 0 {
		return nil
	}
	key, err := Key(c)
	if err != nil {
		return err
	}
	return k.remember(c.Name, k.recall(c.Name, key).correctedNow(corrected, now))
}

func (k *Keeper) file(cluster string) string { return filepath.Join(k.Dir, cluster+".json") }

// recall reads the memory. One that cannot be read is as good as none.
func (k *Keeper) recall(cluster, key string) Memory {
	var m Memory
	data, err := os.ReadFile(k.file(cluster))
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		k.Log.Warn("what was remembered of drift is lost; it seems to begin now", "cluster", cluster, "error", err)
		m = Memory{}
	}
	return m.of(key)
}

// remember writes the memory durably, if it is not what the file holds already.
func (k *Keeper) remember(cluster string, m Memory) error {
	if old, err := os.ReadFile(k.file(cluster)); err == nil {
		if data, err := json.MarshalIndent(m, "", "  "); err == nil && bytes.Equal(bytes.TrimSpace(old), data) {
			return nil
		}
	}
	if err := durable.WriteJSON(k.file(cluster), m); err != nil {
		return fmt.Errorf("remember the drift of %s: %w", cluster, err)
	}
	return nil
}
