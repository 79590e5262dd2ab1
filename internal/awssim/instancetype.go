package awssim

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// instanceType is the size of a machine.
type instanceType struct {
	Name         string
	VCPUs        int
	MemoryMiB    int
	Architecture string
}

// instanceFamilies are the families that exist, with the GiB of memory for each vCPU. A "g" after
// the generation means Graviton, that is arm64.
var instanceFamilies = map[string]int{
	"t2": 4, "t3": 4, "t3a": 4, "t4g": 4,
	"m4": 4, "m5": 4, "m5a": 4, "m6a": 4, "m6i": 4, "m6g": 4, "m7a": 4, "m7i": 4, "m7g": 4, "m8g": 4,
	"c4": 2, "c5": 2, "c5a": 2, "c6a": 2, "c6i": 2, "c6g": 2, "c7a": 2, "c7i": 2, "c7g": 2, "c8g": 2,
	"r4": 8, "r5": 8, "r5a": 8, "r6a": 8, "r6i": 8, "r6g": 8, "r7a": 8, "r7i": 8, "r7g": 8, "r8g": 8,
	"i3": 8, "i4i": 8, "g4dn": 4, "g5": 4, "p3": 8,
}

// burstable are the sizes of the t families: vCPUs and MiB.
var burstable = map[string][2]int{
	"nano": {2, 512}, "micro": {2, 1024}, "small": {2, 2048}, "medium": {2, 4096}, "large": {2, 8192}, "xlarge": {4, 16384}, "2xlarge": {8, 32768},
}

var typeName = regexp.MustCompile(`^([a-z]+\d[a-z]*)\.(nano|micro|small|medium|large|(\d*)xlarge)$`)

// largestMultiple is the N of the largest Nxlarge the families above come in.
const largestMultiple = 24

// findInstanceType knows the common families in the sizes they come in.
func findInstanceType(name string) (instanceType, bool) {
	if name == "m3.medium" { // the last of its generation in use: the default of old manifests
		return instanceType{name, 1, 3840, "x86_64"}, true
	}
	m := typeName.FindStringSubmatch(name)
	if m == nil {
		return instanceType{}, false
	}
	family, size := m[1], m[2]
	perCPU, known := instanceFamilies[family]
	t := instanceType{Name: name, Architecture: familyArchitecture(family)}
	if strings.HasPrefix(family, "t") {
		b, sold := burstable[size]
		t.VCPUs, t.MemoryMiB = b[0], b[1]
		return t, known && sold
	}
	t.VCPUs = vcpus(size, m[3], t.Architecture)
	t.MemoryMiB = t.VCPUs * perCPU * 1024
	return t, known && t.VCPUs > 0
}

var graviton = regexp.MustCompile(`^[a-z]+\dg`)

func familyArchitecture(family string) string {
	if graviton.MatchString(family) {
		return "arm64"
	}
	return "x86_64"
}

// vcpus is 0 for sizes that do not exist.
func vcpus(size, multiple, architecture string) int {
	switch {
	case size == "medium" && architecture == "arm64":
		return 1
	case size == "large":
		return 2
	case size == "xlarge":
		return 4
	}
	n, err := strconv.Atoi(multiple)
	if err != nil || n < 2 || n > largestMultiple {
		return 0
	}
	return 4 * n
}

// allInstanceTypes lists the catalogue by name.
func allInstanceTypes() map[string]instanceType {
	all := map[string]instanceType{}
	all["m3.medium"], _ = findInstanceType("m3.medium")
	sizes := []string{"nano", "micro", "small", "medium", "large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge"}
	for family := range instanceFamilies {
		for _, size := range sizes {
			if t, exists := findInstanceType(family + "." + size); exists {
				all[t.Name] = t
			}
		}
	}
	return all
}

var instanceTypeFilters = filterTable[instanceType]{
	"instance-type":                         func(_ *world, t instanceType) []string { return one(t.Name) },
	"processor-info.supported-architecture": func(_ *world, t instanceType) []string { return one(t.Architecture) },
	"vcpu-info.default-vcpus":               func(_ *world, t instanceType) []string { return one(strconv.Itoa(t.VCPUs)) },
	"memory-info.size-in-mib":               func(_ *world, t instanceType) []string { return one(strconv.Itoa(t.MemoryMiB)) },
	"current-generation":                    func(*world, instanceType) []string { return flag(true) },
	"bare-metal":                            func(*world, instanceType) []string { return flag(false) },
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
		t, exists := findInstanceType(name)
		if !exists {
			return describeInstanceTypesOutput{}, refuse("InvalidInstanceType", "The following supplied instance types do not exist: [%s]", name)
		}
		rows[name] = t
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
	UsageClasses      []string `xml:"supportedUsageClasses>item"`
	RootDeviceTypes   []string `xml:"supportedRootDeviceTypes>item"`
	Virtualization    []string `xml:"supportedVirtualizationTypes>item"`
}

func newInstanceTypeXML(t instanceType) instanceTypeXML {
	return instanceTypeXML{
		Name:              t.Name,
		CurrentGeneration: true,
		Hypervisor:        "nitro",
		Burstable:         strings.HasPrefix(t.Name, "t"),
		Architectures:     one(t.Architecture),
		VCPUs:             t.VCPUs,
		MemoryMiB:         t.MemoryMiB,
		MaxInterfaces:     3,
		AddressesEach:     10,
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

// describeOfferings offers every type in every zone.
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
			rows[fmt.Sprintf("%s %s", name, l)] = offering{name, in.LocationType, l}
		}
	}
	list, next, err := describe(w, rows, nil, in.query, offeringFilters, "")
	return describeOfferingsOutput{items[offering]{list}, next}, err
}
