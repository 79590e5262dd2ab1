package awssim

import (
	"maps"
	"time"
)

// What those who judge a caller want to know, past every fault that hinders it.

// Snapshot is a snapshot of a volume.
type Snapshot struct {
	ID        string
	Tags      map[string]string
	Begun     time.Time
	Completed bool
}

// Snapshots lists all snapshots, in no order.
func (r *Region) Snapshots() []Snapshot {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []Snapshot
	for id, s := range r.world.Snapshots {
		list = append(list, Snapshot{ID: id, Tags: maps.Clone(r.world.Tags[id]), Begun: s.Start, Completed: s.State == "completed"})
	}
	return list
}

// Registered reports whether an instance is a target of any target group, and not on its way out of it.
func (r *Region) Registered(instanceID string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, g := range r.world.TargetGroups {
		for _, t := range g.Targets {
			if t.ID == instanceID && t.State != targetDraining {
				return true
			}
		}
	}
	return false
}
