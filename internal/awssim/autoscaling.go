package awssim

import (
	"cmp"
	"slices"
)

// autoScalingOperations is all of Auto Scaling that the simulator knows, by kind.
var autoScalingOperations = map[string]operation{
	"CreateAutoScalingGroup":    mutates((*world).createScalingGroup),
	"UpdateAutoScalingGroup":    mutates((*world).updateScalingGroup),
	"DeleteAutoScalingGroup":    mutates((*world).deleteScalingGroup),
	"DescribeAutoScalingGroups": reads((*world).describeScalingGroups),
	"SetDesiredCapacity":        mutates((*world).setDesiredCapacity),
	"EnableMetricsCollection":   mutates((*world).enableMetricsCollection),
	"DisableMetricsCollection":  mutates((*world).disableMetricsCollection),
	"SuspendProcesses":          mutates((*world).suspendProcesses),
	"ResumeProcesses":           mutates((*world).resumeProcesses),

	"CreateOrUpdateTags": mutates((*world).createOrUpdateScalingTags),
	"DeleteTags":         mutates((*world).deleteScalingTags),
	"DescribeTags":       reads((*world).describeScalingTags),

	"AttachLoadBalancerTargetGroups":   mutates((*world).attachTargetGroups),
	"DetachLoadBalancerTargetGroups":   mutates((*world).detachTargetGroups),
	"DescribeLoadBalancerTargetGroups": reads((*world).describeAttachedTargetGroups),

	"AttachLoadBalancers": mutates((*world).attachClassic),
	"DetachLoadBalancers": mutates((*world).detachClassic),

	"DescribeAccountLimits":               reads((*world).describeScalingLimits),
	"DescribeAutoScalingInstances":        reads((*world).describeScalingInstances),
	"DescribeScalingActivities":           reads((*world).describeScalingActivities),
	"TerminateInstanceInAutoScalingGroup": mutates((*world).terminateScalingInstance),
	"DetachInstances":                     mutates((*world).detachScalingInstances),
	"EnterStandby":                        mutates((*world).enterStandby),
	"ExitStandby":                         mutates((*world).exitStandby),
	"SetInstanceHealth":                   mutates((*world).setInstanceHealth),
	"SetInstanceProtection":               mutates((*world).setInstanceProtection),

	"PutLifecycleHook":               mutates((*world).putLifecycleHook),
	"DescribeLifecycleHooks":         reads((*world).describeLifecycleHooks),
	"DeleteLifecycleHook":            mutates((*world).deleteLifecycleHook),
	"CompleteLifecycleAction":        mutates((*world).completeLifecycleAction),
	"RecordLifecycleActionHeartbeat": mutates((*world).recordLifecycleActionHeartbeat),

	"PutScalingPolicy": mutates((*world).putScalingPolicy),
	"DescribePolicies": reads((*world).describeScalingPolicies),
	"DeletePolicy":     mutates((*world).deleteScalingPolicy),

	"PutScheduledUpdateGroupAction": mutates((*world).putScheduledAction),
	"DescribeScheduledActions":      reads((*world).describeScheduledActions),
	"DeleteScheduledAction":         mutates((*world).deleteScheduledAction),

	"PutWarmPool":      mutates((*world).putWarmPool),
	"DescribeWarmPool": reads((*world).describeWarmPool),
	"DeleteWarmPool":   mutates((*world).deleteWarmPool),
}

// scalingTags are Auto Scaling's words for bad tags.
var scalingTags = tagRules{limit: "LimitExceeded", duplicate: "ValidationError", invalid: "ValidationError"}

// invalidScaling is how Auto Scaling words almost every refusal.
func invalidScaling(format string, args ...any) *apiError {
	return refuse("ValidationError", format, args...)
}

// scalingPage is embedded in the input of the paginated Describes.
type scalingPage struct {
	MaxRecords *int
	NextToken  string
}

// scalingList cuts a page out of a list sorted by key. Sizes differ by operation: 50 if not asked,
// up to 100, for most.
func scalingList[T any](list []T, key func(T) string, p scalingPage) ([]T, string, error) {
	size := cmp.Or(p.MaxRecords, new(50))
	return page(list, key, paging{MaxResults: size, NextToken: p.NextToken}, 100)
}

// scalingFilter is a filter of Auto Scaling: any of its values must match, without wildcards.
type scalingFilter struct {
	Name   string
	Values []string
}

// takes says whether one of a thing's values is asked for.
func (f scalingFilter) takes(values ...string) bool {
	return slices.ContainsFunc(values, func(v string) bool { return slices.Contains(f.Values, v) })
}
