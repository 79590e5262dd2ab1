package awssim

import (
	"slices"
	"strings"
)

// scalingPolicy moves the desired capacity of a group. The simulator's machines have no load, so that
// none is ever moved.
type scalingPolicy struct {
	Name     string
	ARN      string
	Type     string
	Disabled bool
	Tracking *targetTracking
	// Alarms are the names of those that AWS keeps for the policy.
	Alarms []string
}

// targetTracking is the setting of a policy of that type, in both directions.
type targetTracking struct {
	Predefined     *predefinedMetric `wire:"PredefinedMetricSpecification" xml:"PredefinedMetricSpecification,omitempty"`
	TargetValue    float64
	DisableScaleIn bool
}

type predefinedMetric struct {
	Type  string `wire:"PredefinedMetricType" xml:"PredefinedMetricType"`
	Label string `wire:"ResourceLabel" xml:"ResourceLabel,omitempty"`
}

// predefinedMetrics are those that AWS knows.
var predefinedMetrics = []string{"ASGAverageCPUUtilization", "ASGAverageNetworkIn", "ASGAverageNetworkOut", "ALBRequestCountPerTarget"}

const (
	targetTrackingType = "TargetTrackingScaling"
	maxScalingPolicies = 50 // https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-quotas.html
)

type putScalingPolicyInput struct {
	AutoScalingGroupName        string
	PolicyName                  string
	PolicyType                  string
	Enabled                     *bool
	EstimatedInstanceWarmup     *int
	TargetTrackingConfiguration *targetTracking
}

type scalingPolicyXML struct {
	GroupName string `xml:"AutoScalingGroupName"`
	Name      string `xml:"PolicyName"`
	ARN       string `xml:"PolicyARN"`
	Type      string `xml:"PolicyType"`
	Alarms    members[scalingPolicyAlarmXML]
	Tracking  *targetTracking `xml:"TargetTrackingConfiguration,omitempty"`
	Enabled   bool
}

type scalingPolicyAlarmXML struct {
	AlarmName string
	AlarmARN  string
}

type putScalingPolicyOutput struct {
	PolicyARN string
	Alarms    members[scalingPolicyAlarmXML]
}

// putScalingPolicy makes a policy or replaces the one of that name. Of the types only target tracking
// is known.
func (w *world) putScalingPolicy(in putScalingPolicyInput) (putScalingPolicyOutput, error) {
	g, err := w.scalingGroup(in.AutoScalingGroupName)
	if err != nil {
		return putScalingPolicyOutput{}, err
	}
	if err := in.check(); err != nil {
		return putScalingPolicyOutput{}, err
	}
	p, exists := g.Scaling[in.PolicyName]
	if !exists {
		if len(g.Scaling) >= maxScalingPolicies {
			return putScalingPolicyOutput{}, refuse("LimitExceeded", "Scaling policy limit exceeded for the group %s", g.Name)
		}
		p = w.newScalingPolicy(g, in.PolicyName)
		g.Scaling[p.Name] = p
	}
	w.keepAlarms(g, p, in.TargetTrackingConfiguration.TargetValue)
	p.Tracking, p.Disabled = in.TargetTrackingConfiguration, in.Enabled != nil && !*in.Enabled
	return putScalingPolicyOutput{p.ARN, w.policyAlarms(p)}, nil
}

func (in putScalingPolicyInput) check() error {
	t := in.TargetTrackingConfiguration
	switch {
	case !scalingName.MatchString(in.PolicyName):
		return invalidScaling("Invalid policy name '%s'", in.PolicyName)
	case in.PolicyType != targetTrackingType:
		return invalidScaling("the simulator knows policies of type %s only", targetTrackingType)
	case t == nil || t.Predefined == nil:
		return invalidScaling("TargetTrackingConfiguration with a metric must be specified for policy type %s", targetTrackingType)
	case !slices.Contains(predefinedMetrics, t.Predefined.Type):
		return invalidScaling("Invalid predefined metric type '%s'", t.Predefined.Type)
	case t.TargetValue <= 0:
		return invalidScaling("Target value must be greater than 0")
	}
	return nil
}

func (w *world) newScalingPolicy(g *scalingGroup, name string) *scalingPolicy {
	id := w.region.ids.uuid()
	p := &scalingPolicy{
		Name: name, Type: targetTrackingType,
		ARN: w.arn("autoscaling", "scalingPolicy:"+id+":autoScalingGroupName/"+g.Name+":policyName/"+name),
	}
	for _, side := range []string{"High", "Low"} {
		p.Alarms = append(p.Alarms, "TargetTracking-"+g.Name+"-Alarm"+side+"-"+w.region.ids.uuid())
	}
	return p
}

// keepAlarms makes the two alarms by which AWS hears of a metric that is off its target. They look at
// the load of machines, of which the simulator has no data.
func (w *world) keepAlarms(g *scalingGroup, p *scalingPolicy, target float64) {
	comparisons := []string{"GreaterThanThreshold", "LessThanThreshold"}
	for i, name := range p.Alarms {
		settings := alarmSettings{
			AlarmName: name, AlarmDescription: "DO NOT EDIT OR DELETE. For TargetTrackingScaling policy " + p.ARN + ".", ActionsEnabled: new(true),
			AlarmActions: []string{p.ARN}, Namespace: "AWS/EC2", MetricName: "CPUUtilization", Dimensions: []dimension{{"AutoScalingGroupName", g.Name}},
			Statistic: "Average", Period: 60, EvaluationPeriods: 3, DatapointsToAlarm: 3, Threshold: &target, ComparisonOperator: comparisons[i], TreatMissingData: "missing",
		}
		w.Alarms[name] = &alarm{
			alarmSettings: settings, ARN: w.arn("cloudwatch", "alarm:"+name), State: alarmNoData, Configured: w.now(), StateChanged: w.now(), Policy: true,
		}
	}
}

// removePolicy takes a policy off its group, with its alarms.
func (w *world) removePolicy(g *scalingGroup, p *scalingPolicy) {
	for _, name := range p.Alarms {
		if a := w.Alarms[name]; a != nil {
			w.removeAlarm(a)
		}
	}
	delete(g.Scaling, p.Name)
}

func (w *world) policyAlarms(p *scalingPolicy) members[scalingPolicyAlarmXML] {
	var list members[scalingPolicyAlarmXML]
	for _, name := range p.Alarms {
		list.Members = append(list.Members, scalingPolicyAlarmXML{name, w.arn("cloudwatch", "alarm:"+name)})
	}
	return list
}

type describeScalingPoliciesInput struct {
	scalingPage
	AutoScalingGroupName string
	PolicyNames          []string
	PolicyTypes          []string
}

type describeScalingPoliciesOutput struct {
	Policies  members[scalingPolicyXML] `xml:"ScalingPolicies"`
	NextToken string                    `xml:",omitempty"`
}

func (w *world) describeScalingPolicies(in describeScalingPoliciesInput) (describeScalingPoliciesOutput, error) {
	wanted := func(p *scalingPolicy) bool {
		return (len(in.PolicyNames) == 0 || slices.Contains(in.PolicyNames, p.Name) || slices.Contains(in.PolicyNames, p.ARN)) &&
			(len(in.PolicyTypes) == 0 || slices.Contains(in.PolicyTypes, p.Type))
	}
	var list []scalingPolicyXML
	for _, g := range sortedRows(w.ScalingGroups) {
		if in.AutoScalingGroupName != "" && in.AutoScalingGroupName != g.Name {
			continue
		}
		for _, p := range sortedRows(g.Scaling) {
			if wanted(p) {
				list = append(list, scalingPolicyXML{g.Name, p.Name, p.ARN, p.Type, w.policyAlarms(p), p.Tracking, !p.Disabled})
			}
		}
	}
	cut, next, err := scalingList(list, func(x scalingPolicyXML) string { return x.GroupName + "\x00" + x.Name }, in.scalingPage)
	return describeScalingPoliciesOutput{members[scalingPolicyXML]{cut}, next}, err
}

type deleteScalingPolicyInput struct {
	AutoScalingGroupName string
	PolicyName           string // or its ARN, which tells the group, too
}

func (w *world) deleteScalingPolicy(in deleteScalingPolicyInput) (none, error) {
	name := in.PolicyName
	if before, policy, isARN := strings.Cut(name, ":policyName/"); isARN {
		_, in.AutoScalingGroupName, _ = strings.Cut(before, ":autoScalingGroupName/")
		name = policy
	}
	return w.onScalingGroup(in.AutoScalingGroupName, func(g *scalingGroup) error {
		p, exists := g.Scaling[name]
		if !exists {
			return invalidScaling("Scaling policy name not found - Scaling policy with name '%s' not found", name)
		}
		w.removePolicy(g, p)
		return nil
	})
}
