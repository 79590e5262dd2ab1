package awssim_test

import (
	"slices"
	"testing"

	asg "github.com/aws/aws-sdk-go-v2/service/autoscaling"
)

func TestGroupsJoinOnlyClassicLoadBalancersThatExist(t *testing.T) {
	f := newFleet(t)
	named := func(names ...string) func(*asg.CreateAutoScalingGroupInput) {
		return func(in *asg.CreateAutoScalingGroupInput) { in.LoadBalancerNames = names }
	}
	call(f.create("nodes", 0, 1, named("web"))).refused(t, "ValidationError")
	f.AddClassicLoadBalancer("web")
	f.AddClassicLoadBalancer("api")
	f.group(t, "nodes", 0, 1, named("web"))

	name, ctx := "nodes", t.Context()
	for range 2 { // a second time is no error
		call(f.asg.AttachLoadBalancers(ctx, &asg.AttachLoadBalancersInput{AutoScalingGroupName: &name, LoadBalancerNames: []string{"api"}})).must(t)
	}
	if got := f.describe(t, name).LoadBalancerNames; !slices.Equal(got, []string{"web", "api"}) {
		t.Errorf("attached: %v", got)
	}
	call(f.asg.AttachLoadBalancers(ctx, &asg.AttachLoadBalancersInput{AutoScalingGroupName: &name, LoadBalancerNames: []string{"gone"}})).refused(t, "ValidationError")
	call(f.asg.DetachLoadBalancers(ctx, &asg.DetachLoadBalancersInput{AutoScalingGroupName: &name, LoadBalancerNames: []string{"web"}})).must(t)
	call(f.asg.DetachLoadBalancers(ctx, &asg.DetachLoadBalancersInput{AutoScalingGroupName: &name, LoadBalancerNames: []string{"web"}})).refused(t, "ValidationError")
	if got := f.describe(t, name).LoadBalancerNames; !slices.Equal(got, []string{"api"}) {
		t.Errorf("attached: %v", got)
	}
}
