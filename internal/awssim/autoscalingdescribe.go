package awssim

import (
	"maps"
	"slices"
	"strings"
	"time"
)

type describeScalingGroupsInput struct {
	AutoScalingGroupNames []string
	Filters               []scalingFilter
	IncludeInstances      *bool
	scalingPage
}

type describeScalingGroupsOutput struct {
	Groups    members[scalingGroupXML] `xml:"AutoScalingGroups"`
	NextToken string                   `xml:",omitempty"`
}

// describeScalingGroups leaves out names of nothing, as AWS does.
func (w *world) describeScalingGroups(in describeScalingGroupsInput) (describeScalingGroupsOutput, error) {
	var found []*scalingGroup
	for _, g := range sortedRows(w.ScalingGroups) {
		if len(in.AutoScalingGroupNames) > 0 && !slices.Contains(in.AutoScalingGroupNames, g.Name) {
			continue
		}
		matched, err := w.matchesScaling(g, in.Filters)
		if err != nil {
			return describeScalingGroupsOutput{}, err
		}
		if matched {
			found = append(found, g)
		}
	}
	cut, next, err := scalingList(found, func(g *scalingGroup) string { return g.Name }, in.scalingPage)
	out := describeScalingGroupsOutput{NextToken: next}
	for _, g := range cut {
		x := w.scalingGroupXML(g)
		if in.IncludeInstances != nil && !*in.IncludeInstances {
			x.Instances = members[groupInstanceXML]{}
		}
		out.Groups.Members = append(out.Groups.Members, x)
	}
	return out, err
}

func (w *world) matchesScaling(g *scalingGroup, filters []scalingFilter) (bool, error) {
	tags, all := w.Tags[g.ARN], true
	for _, f := range filters {
		key, isTag := strings.CutPrefix(f.Name, "tag:")
		switch {
		case isTag:
			value, tagged := tags[key]
			all = all && tagged && f.takes(value)
		case f.Name == "tag-key":
			all = all && f.takes(slices.Collect(maps.Keys(tags))...)
		case f.Name == "tag-value":
			all = all && f.takes(slices.Collect(maps.Values(tags))...)
		default:
			return false, invalidScaling("Filter type %s is not correct. Allowed Filter types are: tag-key, tag-value, tag:<key>", f.Name)
		}
	}
	return all, nil
}

type scalingGroupXML struct {
	Name                 string `xml:"AutoScalingGroupName"`
	ARN                  string `xml:"AutoScalingGroupARN"`
	CreatedTime          time.Time
	MinSize              int
	MaxSize              int
	DesiredCapacity      int
	DefaultCooldown      int
	Warmup               *int `xml:"DefaultInstanceWarmup"`
	AvailabilityZones    members[string]
	VPCZoneIdentifier    string
	LaunchTemplate       *templateSpecification
	Mixed                *mixedInstancesXML `xml:"MixedInstancesPolicy"`
	HealthCheckType      string
	Grace                int `xml:"HealthCheckGracePeriod"`
	MaxInstanceLifetime  *int
	Protected            bool  `xml:"NewInstancesProtectedFromScaleIn"`
	CapacityRebalance    *bool `xml:"CapacityRebalance"`
	TerminationPolicies  members[string]
	ServiceLinkedRoleARN string
	TargetGroupARNs      members[string]
	TrafficSources       members[trafficSourceXML]
	LoadBalancerNames    members[string]
	EnabledMetrics       members[metricXML]
	SuspendedProcesses   members[suspensionXML]
	Tags                 members[scalingTag]
	Instances            members[groupInstanceXML]
	WarmPool             *warmPoolXML `xml:"WarmPoolConfiguration"`
	WarmPoolSize         *int
	Status               string `xml:",omitempty"`
}

type trafficSourceXML struct {
	Identifier string
	Type       string
}

type metricXML struct {
	Metric      string
	Granularity string
}

type suspensionXML struct {
	ProcessName      string
	SuspensionReason string
}

func (w *world) scalingGroupXML(g *scalingGroup) scalingGroupXML {
	x := scalingGroupXML{
		Name: g.Name, ARN: g.ARN, CreatedTime: g.Created,
		MinSize: g.Min, MaxSize: g.Max, DesiredCapacity: g.Desired,
		DefaultCooldown: g.Cooldown, Warmup: g.Warmup,
		AvailabilityZones: members[string]{w.zones(g)},
		VPCZoneIdentifier: strings.Join(g.Subnets, ","),
		HealthCheckType:   g.HealthCheck, Grace: g.Grace,
		Protected:            g.Protected,
		TerminationPolicies:  members[string]{g.Policies},
		ServiceLinkedRoleARN: g.ServiceRole,
		TargetGroupARNs:      members[string]{g.TargetARNs},
		LoadBalancerNames:    members[string]{g.Classic},
		Tags:                 members[scalingTag]{w.scalingTagsOf(g)},
	}
	w.addLists(g, &x)
	if g.Mixed != nil {
		x.Mixed = g.Mixed.xml()
	} else {
		x.LaunchTemplate = g.Template.xml()
	}
	if g.MaxLifetime != 0 {
		x.MaxInstanceLifetime = &g.MaxLifetime
	}
	if g.Rebalance {
		x.CapacityRebalance = &g.Rebalance
	}
	if g.WarmPool != nil {
		size := len(g.warmed())
		x.WarmPool, x.WarmPoolSize = g.WarmPool.xml(), &size
	}
	if g.Deleting {
		x.Status = "Delete in progress"
	}
	return x
}

func (w *world) addLists(g *scalingGroup, x *scalingGroupXML) {
	for _, arn := range g.TargetARNs {
		x.TrafficSources.Members = append(x.TrafficSources.Members, trafficSourceXML{arn, "elbv2"})
	}
	for _, name := range g.Classic {
		x.TrafficSources.Members = append(x.TrafficSources.Members, trafficSourceXML{name, "elb"})
	}
	for _, m := range g.Metrics {
		x.EnabledMetrics.Members = append(x.EnabledMetrics.Members, metricXML{m, "1Minute"})
	}
	for _, p := range slices.Sorted(maps.Keys(g.Suspended)) {
		x.SuspendedProcesses.Members = append(x.SuspendedProcesses.Members, suspensionXML{p, g.Suspended[p]})
	}
	for _, i := range g.Instances {
		if !i.Warm {
			x.Instances.Members = append(x.Instances.Members, i.xml())
		}
	}
}
