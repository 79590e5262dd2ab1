package awssim

import (
	"cmp"
	"path"
	"slices"

	"github.com/quorate/quorate/desired/instancetype"
)

// mixedInstances is the policy of a group that launches several instance types, or spot instances.
type mixedInstances struct {
	Template     templateChoice
	Overrides    []templateOverride // in the user's order
	Distribution instancesDistribution
}

// templateOverride is an alternative to what the template says.
type templateOverride struct {
	Type         string
	Weight       string
	Template     *templateChoice
	Requirements *instanceRequirements
}

// mixedInstancesXML is the policy in both directions.
type mixedInstancesXML struct {
	LaunchTemplate        *mixedTemplateXML
	InstancesDistribution *distributionXML
}

type mixedTemplateXML struct {
	Specification *templateSpecification `wire:"LaunchTemplateSpecification" xml:"LaunchTemplateSpecification"`
	Overrides     []overrideXML          `xml:"Overrides>member"`
}

type overrideXML struct {
	InstanceType         string                 `xml:",omitempty"`
	WeightedCapacity     string                 `xml:",omitempty"`
	Specification        *templateSpecification `wire:"LaunchTemplateSpecification" xml:"LaunchTemplateSpecification"`
	InstanceRequirements *instanceRequirements
}

// instanceRequirements choose types by what they have. The simulator knows those that kops writes.
type instanceRequirements struct {
	VCPUs     *amount `wire:"VCpuCount" xml:"VCpuCount"`
	MemoryMiB *amount
	Excluded  []string `wire:"ExcludedInstanceTypes" xml:"ExcludedInstanceTypes>member"`
	Burstable string   `wire:"BurstablePerformance" xml:"BurstablePerformance,omitempty"`
}

type amount struct {
	Min int
	Max *int
}

func (a *amount) takes(n int) bool {
	return a == nil || n >= a.Min && (a.Max == nil || n <= *a.Max)
}

// distributionXML is the distribution on the wire: what is not sent stays as it is.
type distributionXML struct {
	OnDemandAllocationStrategy          string
	OnDemandBaseCapacity                *int
	OnDemandPercentageAboveBaseCapacity *int
	SpotAllocationStrategy              string
	SpotInstancePools                   *int
	SpotMaxPrice                        *string
}

type instancesDistribution struct {
	OnDemandStrategy string
	OnDemandBase     int
	OnDemandPercent  int // of what is above the base
	SpotStrategy     string
	SpotPools        *int // of the strategy lowest-price
	SpotMaxPrice     string
}

// newMixedInstances makes the policy that a request describes, starting from the present one.
func (w *world) newMixedInstances(in mixedInstancesXML, present *mixedInstances) (*mixedInstances, error) {
	m := &mixedInstances{}
	if present != nil {
		*m = *present
	}
	if in.LaunchTemplate != nil {
		if err := w.applyMixedTemplate(m, *in.LaunchTemplate); err != nil {
			return nil, err
		}
	}
	if m.Template.ID == "" {
		return nil, invalidScaling("A mixed instances policy must specify a launch template")
	}
	m.applyDistribution(cmp.Or(in.InstancesDistribution, &distributionXML{}))
	return m, m.check()
}

func (w *world) applyMixedTemplate(m *mixedInstances, in mixedTemplateXML) error {
	var err error
	if in.Specification != nil {
		if m.Template, err = w.chooseTemplate(*in.Specification); err != nil {
			return err
		}
	}
	m.Overrides = nil
	for _, o := range in.Overrides {
		override := templateOverride{Type: o.InstanceType, Weight: o.WeightedCapacity, Requirements: o.InstanceRequirements}
		if (o.InstanceType == "") == (o.InstanceRequirements == nil) {
			return invalidScaling("An override must specify either an instance type or instance requirements")
		}
		if o.Specification != nil {
			choice, err := w.chooseTemplate(*o.Specification)
			if err != nil {
				return err
			}
			override.Template = &choice
		}
		m.Overrides = append(m.Overrides, override)
	}
	return nil
}

// applyDistribution fills in AWS's defaults.
func (m *mixedInstances) applyDistribution(in *distributionXML) {
	d := &m.Distribution
	byType := "prioritized"
	if slices.ContainsFunc(m.Overrides, func(o templateOverride) bool { return o.Requirements != nil }) {
		byType = "lowest-price"
	}
	d.OnDemandStrategy = cmp.Or(in.OnDemandAllocationStrategy, d.OnDemandStrategy, byType)
	if d.SpotStrategy == "" {
		d.OnDemandPercent = 100
	}
	d.SpotStrategy = cmp.Or(in.SpotAllocationStrategy, d.SpotStrategy, "lowest-price")
	assign(&d.OnDemandBase, in.OnDemandBaseCapacity)
	assign(&d.OnDemandPercent, in.OnDemandPercentageAboveBaseCapacity)
	assign(&d.SpotMaxPrice, in.SpotMaxPrice)
	switch {
	case in.SpotInstancePools != nil:
		d.SpotPools = in.SpotInstancePools
	case d.SpotStrategy != "lowest-price":
		d.SpotPools = nil
	case d.SpotPools == nil:
		d.SpotPools = new(2)
	}
}

func (m *mixedInstances) check() error {
	d := m.Distribution
	onDemand := []string{"prioritized", "lowest-price"}
	spot := []string{"lowest-price", "capacity-optimized", "capacity-optimized-prioritized", "price-capacity-optimized", "diversified"}
	switch {
	case !slices.Contains(onDemand, d.OnDemandStrategy):
		return invalidScaling("Invalid on-demand allocation strategy: %s", d.OnDemandStrategy)
	case !slices.Contains(spot, d.SpotStrategy):
		return invalidScaling("Invalid spot allocation strategy: %s", d.SpotStrategy)
	case d.SpotPools != nil && d.SpotStrategy != "lowest-price":
		return invalidScaling("SpotInstancePools option is only available with the lowest-price allocation strategy.")
	case d.OnDemandPercent < 0 || d.OnDemandPercent > 100:
		return invalidScaling("OnDemandPercentageAboveBaseCapacity must be between 0 and 100")
	}
	for _, o := range m.Overrides {
		if o.Weight != "" && o.Weight != "1" {
			return invalidScaling("the simulated region counts every instance as one; it has no weighted capacity of %s", o.Weight)
		}
		if _, exists := instancetype.Find(o.Type); o.Type != "" && !exists {
			return invalidScaling("Invalid instance type '%s' in overrides", o.Type)
		}
	}
	return nil
}

// wantsSpot says whether the next instance of the group is to be a spot instance.
func (m *mixedInstances) wantsSpot(g *scalingGroup) bool {
	base := min(m.Distribution.OnDemandBase, g.Desired)
	above := (g.Desired - base) * m.Distribution.OnDemandPercent
	wanted := base + (above+99)/100 // AWS rounds up in favour of on-demand
	for _, i := range g.Instances {
		if i.counts() && !i.Spot {
			wanted--
		}
	}
	return wanted <= 0
}

// launchKinds lists the ways to launch the group's next instance, the best first.
func (w *world) launchKinds(g *scalingGroup) []launchKind {
	if g.Mixed == nil {
		return []launchKind{{}}
	}
	base := launchKind{Spot: g.Mixed.wantsSpot(g), MaxPrice: g.Mixed.Distribution.SpotMaxPrice}
	kinds := []launchKind{}
	for _, o := range g.Mixed.Overrides {
		kind := base
		kind.Template, kind.Type = o.Template, o.Type
		if o.Requirements == nil {
			kinds = append(kinds, kind)
			continue
		}
		for _, name := range w.typesFor(g, o) {
			kind.Type = name
			kinds = append(kinds, kind)
		}
	}
	if len(g.Mixed.Overrides) == 0 {
		kinds = append(kinds, base)
	}
	return kinds
}

// typesFor lists the instance types that meet an override's requirements and run its image, the
// smallest (taken as the cheapest) first.
func (w *world) typesFor(g *scalingGroup, o templateOverride) []string {
	choice := cmp.Or(o.Template, &g.Template)
	request, err := w.launchRequest(g, "", launchKind{Template: choice})
	if err != nil {
		return nil
	}
	ami, err := w.image(request.Data.ImageID)
	if err != nil {
		return nil
	}
	var found []instancetype.Type
	for t := range instancetype.All() {
		if t.Runs(ami.Architecture) && o.Requirements.takes(t) {
			found = append(found, t)
		}
	}
	slices.SortStableFunc(found, func(a, b instancetype.Type) int {
		return cmp.Or(cmp.Compare(a.VCPUs, b.VCPUs), cmp.Compare(a.MemoryMiB, b.MemoryMiB))
	})
	var names []string
	for _, t := range found {
		names = append(names, t.Name)
	}
	return names
}

// takes says whether a type meets the requirements. AWS leaves burstable types and bare metal out
// unless asked.
func (r *instanceRequirements) takes(t instancetype.Type) bool {
	for _, pattern := range r.Excluded {
		if matched, err := path.Match(pattern, t.Name); err == nil && matched {
			return false
		}
	}
	return r.VCPUs.takes(t.VCPUs) && r.MemoryMiB.takes(t.MemoryMiB) &&
		!t.BareMetal &&
		(!t.Burstable || r.Burstable == "included" || r.Burstable == "required") && (t.Burstable || r.Burstable != "required")
}

// xml is the policy as Describe shows it, defaults filled in.
func (m *mixedInstances) xml() *mixedInstancesXML {
	d := m.Distribution
	x := &mixedInstancesXML{
		LaunchTemplate: &mixedTemplateXML{Specification: m.Template.xml()},
		InstancesDistribution: &distributionXML{
			OnDemandAllocationStrategy:          d.OnDemandStrategy,
			OnDemandBaseCapacity:                &d.OnDemandBase,
			OnDemandPercentageAboveBaseCapacity: &d.OnDemandPercent,
			SpotAllocationStrategy:              d.SpotStrategy,
			SpotInstancePools:                   d.SpotPools,
		},
	}
	if d.SpotMaxPrice != "" {
		x.InstancesDistribution.SpotMaxPrice = &d.SpotMaxPrice
	}
	for _, o := range m.Overrides {
		override := overrideXML{InstanceType: o.Type, WeightedCapacity: o.Weight, InstanceRequirements: o.Requirements}
		if o.Template != nil {
			override.Specification = o.Template.xml()
		}
		x.LaunchTemplate.Overrides = append(x.LaunchTemplate.Overrides, override)
	}
	return x
}

func (c templateChoice) xml() *templateSpecification {
	return &templateSpecification{c.ID, c.Name, c.Version}
}
