package kopsspec

import (
	"math"
	"strconv"
	"strings"
)

// MixedInstancesPolicy lets a group have several instance types, and spot machines.
type MixedInstancesPolicy struct {
	// Instances are instance types in the order of preference.
	Instances                  []string              `json:"instances"`
	InstanceRequirements       *InstanceRequirements `json:"instanceRequirements"`
	OnDemandAboveBase          *int                  `json:"onDemandAboveBase"` // percent
	OnDemandAllocationStrategy string                `json:"onDemandAllocationStrategy"`
	OnDemandBase               *int                  `json:"onDemandBase"`
	SpotAllocationStrategy     string                `json:"spotAllocationStrategy"`
	SpotInstancePools          *int                  `json:"spotInstancePools"`
}

// InstanceRequirements choose instance types by what they have.
type InstanceRequirements struct {
	CPU                   QuantityRange `json:"cpu"`
	Memory                QuantityRange `json:"memory"`
	ExcludedInstanceTypes []string      `json:"excludedInstanceTypes"`
}

// QuantityRange has its ends in the notation of Kubernetes; empty for none.
type QuantityRange struct {
	Min string `json:"min"`
	Max string `json:"max"`
}

// Quantity is the value of a number in the notation of Kubernetes, rounded up to a whole one as
// Kubernetes does: 500m is 1, 4Gi is 4294967296. What is no quantity is 0.
func Quantity(text string) int {
	if !quantity.MatchString(text) {
		return 0
	}
	number := strings.TrimRight(text, "KMGTPEkmnui")
	factor := factors[text[len(number):]]
	if factor == 0 {
		number, factor = text, 1
	}
	value, err := strconv.ParseFloat(number, 64)
	if err != nil || math.Abs(value*factor) > math.MaxInt32<<30 {
		return 0
	}
	return int(math.Ceil(value * factor))
}

var factors = map[string]float64{
	"n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
	"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40, "Pi": 1 << 50, "Ei": 1 << 60,
}
