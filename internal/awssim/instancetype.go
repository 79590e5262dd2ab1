package awssim

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/quorate/quorate/desired/instancetype"
)

// allInstanceTypes lists the catalogue by name.
func allInstanceTypes() map[string]instancetype.Type {
	all := map[string]instancetype.Type{}
	for t := range instancetype.All() {
		all[t.Name] = t
	}
	return all
}

var instanceTypeFilters = filterTable[instancetype.Type]{
	"instance-type":                         func(_ *world, t instancetype.Type) []string { return one(t.Name) },
	"processor-info.supported-architecture": func(_ *world, t instancetype.Type) []string { return t.Architectures },
	"vcpu-info.default-vcpus":               func(_ *world, t instancetype.Type) []string { return one(strconv.Itoa(t.VCPUs)) },
	"memory-info.size-in-mib":               func(_ *world, t instancetype.Type) []string { return one(strconv.Itoa(t.MemoryMiB)) },
	"current-generation":                    func(*world, instancetype.Type) []string { return flag(true) },
	"bare-metal":                            func(_ *world, t instancetype.Type) []string { return flag(t.BareMetal) },
}

type describeInstanceTypesInput struct {
	Types []string `wire:"InstanceType"`
	query
}

type describeInstanceTypesOutput struct {
	Types     items[instanceTypeXML] `xml:"instanceTypeSet"`
	NextToken string                 `xml:"nextToken,omitempty"`
}

func (w *world) describeInstanceTypes(in describeInstanceTypesInput) (describeInstanceTypesOutput, error) {
	rows := allInstanceTypes()
	for _, name := range in.Types {
		if _, exists := rows[name]; !exists {
			return describeInstanceTypesOutput{}, refuse("InvalidInstanceType", "The following supplied instance types do not exist: [%s]", name)
		}
	}
	list, next, err := describe(w, rows, in.Types, in.query, instanceTypeFilters, "InvalidInstanceType")
	return describeInstanceTypesOutput{itemsOf(list, newInstanceTypeXML), next}, err
}

type instanceTypeXML struct {
	Name              string   `xml:"instanceType"`
	CurrentGeneration bool     `xml:"currentGeneration"`
	BareMetal         bool     `xml:"bareMetal"`
	Hypervisor        string   `xml:"hypervisor"`
	Burstable         bool     `xml:"burstablePerformanceSupported"`
	Architectures     []string `xml:"processorInfo>supportedArchitectures>item"`
	VCPUs             int      `xml:"vCpuInfo>defaultVCpus"`
	MemoryMiB         int      `xml:"memoryInfo>sizeInMiB"`
	MaxInterfaces     int      `xml:"networkInfo>maximumNetworkInterfaces"`
	AddressesEach     int      `xml:"networkInfo>ipv4AddressesPerInterface"`
	IPv6              bool     `xml:"networkInfo>ipv6Supported"`
	GPUs              []gpuXML `xml:"gpuInfo>gpus>item"`
	UsageClasses      []string `xml:"supportedUsageClasses>item"`
	RootDeviceTypes   []string `xml:"supportedRootDeviceTypes>item"`
	Virtualization    []string `xml:"supportedVirtualizationTypes>item"`
}

type gpuXML struct {
	Count int `xml:"count"`
}

func newInstanceTypeXML(t instancetype.Type) instanceTypeXML {
	hypervisor := "xen"
	if t.Nitro {
		hypervisor = "nitro"
	}
	var gpus []gpuXML
	if t.GPUs > 0 {
		gpus = []gpuXML{{t.GPUs}}
	}
	return instanceTypeXML{
		GPUs:              gpus,
		Name:              t.Name,
		CurrentGeneration: true,
		BareMetal:         t.BareMetal,
		Hypervisor:        hypervisor,
		Burstable:         t.Burstable,
		Architectures:     t.Architectures,
		VCPUs:             t.VCPUs,
		MemoryMiB:         t.MemoryMiB,
		MaxInterfaces:     t.Interfaces,
		AddressesEach:     t.AddressesEach,
		IPv6:              true,
		UsageClasses:      []string{"on-demand", "spot"},
		RootDeviceTypes:   one("ebs"),
		Virtualization:    one("hvm"),
	}
}

// offering says that a type can be had somewhere.
type offering struct {
	Type         string `xml:"instanceType"`
	LocationType string `xml:"locationType"`
	Location     string `xml:"location"`
}

var offeringFilters = filterTable[offering]{
	"instance-type": func(_ *world, o offering) []string { return one(o.Type) },
	"location":      func(_ *world, o offering) []string { return one(o.Location) },
}

type describeOfferingsInput struct {
	LocationType string
	query
}

type describeOfferingsOutput struct {
	Offerings items[offering] `xml:"instanceTypeOfferingSet"`
	NextToken string          `xml:"nextToken,omitempty"`
}

// Offer is an instance type in a zone.
type Offer struct{ Type, Zone string }

// SetUnoffered says which types the region does not have in which zones. It replaces what was said
// before.
func (r *Region) SetUnoffered(offers ...Offer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unoffered = map[Offer]bool{}
	for _, o := range offers {
		r.unoffered[o] = true
	}
}

// describeOfferings offers every type in every zone but for what it was told to leave out.
func (w *world) describeOfferings(in describeOfferingsInput) (describeOfferingsOutput, error) {
	var locations []string
	switch in.LocationType {
	case "", "region":
		in.LocationType = "region"
		locations = one(w.region.cfg.Region)
	case "availability-zone":
		locations = w.region.cfg.Zones
	case "availability-zone-id":
		for _, z := range w.region.cfg.Zones {
			locations = append(locations, w.zoneID(z))
		}
	default:
		return describeOfferingsOutput{}, refuse("InvalidParameterValue", "Value (%s) for parameter locationType is invalid.", in.LocationType)
	}
	rows := map[string]offering{}
	for _, name := range slices.Sorted(maps.Keys(allInstanceTypes())) {
		for _, l := range locations {
			if !w.region.unoffered[Offer{name, w.zoneOf(l)}] {
				rows[fmt.Sprintf("%s %s", name, l)] = offering{name, in.LocationType, l}
			}
		}
	}
	list, next, err := describe(w, rows, nil, in.query, offeringFilters, "")
	return describeOfferingsOutput{items[offering]{list}, next}, err
}
