package topology

// WarmPool keeps machines beside a group that have booted once and wait, so that the
// group grows faster. Zero is none.
type WarmPool struct {
	// State is what the machines do while they wait: "Stopped", "Running" or
	// "Hibernated"; empty means that there is no pool.
	State string `json:"state"`
	// MinSize is how many wait at least.
	MinSize int `json:"minSize"`
	// MaxPrepared is how many machines the group and its pool hold together at most;
	// [GroupMaximum] for as many as the group itself may have.
	MaxPrepared int `json:"maxPrepared"`
	// Reuse returns machines to the pool when the group shrinks.
	Reuse bool `json:"reuse,omitzero"`
	// Removing is only ever found: AWS is ending the pool's machines, and then the pool.
	Removing bool `json:"removing,omitzero"`
}

// The values of kops, which are also AWS's defaults.
const (
	WarmPoolStopped = "Stopped"
	// GroupMaximum is how AWS writes that a pool is bounded by its group alone.
	GroupMaximum = -1
)

// IsZero reports that there is no pool.
func (p WarmPool) IsZero() bool { return p == WarmPool{} }

// WarmPoolHookName is the name that kops gives to the hook at which every new machine of
// a group waits until it has prepared itself.
const WarmPoolHookName = "kops-warmpool"
