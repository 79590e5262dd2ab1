package topology

// MixedInstances lets a group launch several instance types, or spot machines. The
// zero value is no policy: every machine is what the launch template says. The
// defaults of AWS are filled in.
type MixedInstances struct {
	// Overrides stand in the order in which AWS prefers them; none means the
	// template's instance type alone.
	Overrides []InstanceOverride `json:"overrides,omitempty"`
	// OnDemandStrategy is "prioritized" or "lowest-price".
	OnDemandStrategy string `json:"onDemandStrategy"`
	// OnDemandBase machines come before any spot machine, and of those above it
	// OnDemandPercent are on demand.
	OnDemandBase    int `json:"onDemandBase"`
	OnDemandPercent int `json:"onDemandPercent"`
	// SpotStrategy is how AWS chooses among the types of spot machines.
	SpotStrategy string `json:"spotStrategy"`
	// SpotPools is how many of the cheapest types are used; zero for strategies other
	// than "lowest-price".
	SpotPools int `json:"spotPools,omitempty"`
	// SpotMaxPrice is in US dollars an hour; empty for the on-demand price.
	SpotMaxPrice string `json:"spotMaxPrice,omitempty"`
}

// What AWS fills in where a policy says nothing.
const (
	DefaultOnDemandPercent = 100
	DefaultSpotStrategy    = SpotLowestPrice
	DefaultSpotPools       = 2
)

// The strategies that other choices depend on.
const (
	OnDemandPrioritized = "prioritized"
	OnDemandLowestPrice = "lowest-price"
	SpotLowestPrice     = "lowest-price"
)

// IsZero reports whether there is no policy. A policy always has a strategy.
func (m MixedInstances) IsZero() bool { return m.OnDemandStrategy == "" }

// DefaultOnDemandStrategy is the one that AWS chooses: types in a list have an order,
// those that meet requirements have none.
func (m MixedInstances) DefaultOnDemandStrategy() string {
	if len(m.Overrides) > 0 && m.Overrides[0].InstanceType == "" {
		return OnDemandLowestPrice
	}
	return OnDemandPrioritized
}

// InstanceOverride is an instance type to use, or what types have to be like.
type InstanceOverride struct {
	InstanceType string `json:"instanceType,omitempty"`
	// Requirements are zero if there is an instance type.
	Requirements InstanceRequirements `json:"requirements,omitzero"`
}

// InstanceRequirements choose instance types by what they have. Types with burstable
// CPUs are taken too, as kops asks for.
type InstanceRequirements struct {
	VCPUs     Bounds   `json:"vcpus"`
	MemoryMiB Bounds   `json:"memoryMiB"`
	Excluded  []string `json:"excluded,omitempty"` // instance types, "*" is a wildcard; sorted
	// Burstable is "included", "excluded" or "required".
	Burstable string `json:"burstable"`
}

// Bounds are a range; Max is zero for no upper end.
type Bounds struct {
	Min int `json:"min"`
	Max int `json:"max,omitempty"`
}
