package topology

import "time"

// A RollingUpdate is the pace at which the machines of a group are replaced: rollingUpdate of the
// manifest with kops's defaults filled in, and the annotations for what kops does not ask. It is no fact of AWS, so no resource holds it.
type RollingUpdate struct {
	// MaxSurge is how many machines may run beyond the group's size meanwhile.
	MaxSurge Count
	// MaxUnavailable is how many may be missing from it.
	MaxUnavailable Count
	// SurgeOnly is drainAndTerminate: false. Machines are detached and nothing more; their owner ends
	// them.
	SurgeOnly bool
	// Unmanaged lets pods go that no controller would make again elsewhere.
	Unmanaged bool
	// ForceAfter is how long a machine may be emptied before the pods that are left on it are deleted
	// without asking their budgets. Zero is never.
	ForceAfter time.Duration
	// RollAt are moments, sorted: once one has come, the machines launched before it are replaced.
	RollAt []time.Time
	// MaxAge is how old a machine may become before it is replaced. Zero is as old as it likes.
	MaxAge time.Duration
	// BackWithin is how long a machine made anew may take until it does its part of the work; a roll halts
	// after that. Zero is [DefaultBackWithin].
	BackWithin time.Duration
	// AllowDowntime lets the machine of the only master be replaced: the API and etcd are away meanwhile.
	AllowDowntime bool
	// SnapshotMaxAge is how old a snapshot of etcd may be when a master goes. Zero is half an hour.
	SnapshotMaxAge time.Duration
}

// DefaultBackWithin is how long kops waits for a cluster to validate (--validation-timeout).
const DefaultBackWithin = 15 * time.Minute

// Count is a number of machines, or a share of a group's in percent.
type Count struct {
	N       int
	Percent bool
}

// Up is the count for a group of that size, rounded up, as kops does for a surge.
func (c Count) Up(size int) int {
	if !c.Percent {
		return c.N
	}
	return (c.N*size + 99) / 100
}

// Down is the count for a group of that size, rounded down, as kops does for machines that may be
// missing.
func (c Count) Down(size int) int {
	if !c.Percent {
		return c.N
	}
	return c.N * size / 100
}

// Pace is what the settings mean for a group of that size. One of the two is at least 1, for otherwise
// nothing could move.
func (u RollingUpdate) Pace(size int) (surge, unavailable int) {
	surge, unavailable = u.MaxSurge.Up(size), u.MaxUnavailable.Down(size)
	if surge == 0 && unavailable == 0 {
		unavailable = 1
	}
	return surge, unavailable
}
