package awssim_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/quorate/quorate/internal/awssim"
)

// The race detector is the judge here; what must hold besides is that every VPC exists once.
func TestManyCallersAtOnceWhileTimePasses(t *testing.T) {
	const callers, each = 8, 10
	w := newWorld(t, func(c *awssim.Config) { c.Clock = awssim.NewScaledClock(1000) })
	w.SetQuotas(map[string]float64{"L-F678F1CE": callers * each})
	w.SetStaleReads(time.Second)
	w.SetIntercept(awssim.FirstOf(
		awssim.OnOperation("ec2", "DescribeTags", awssim.Throttle),
		awssim.OnOperation("ec2", "DescribeSubnets", awssim.ServerError),
	))
	var group sync.WaitGroup
	for n := range callers {
		group.Go(func() {
			for i := range each {
				vpc := w.vpc(t, fmt.Sprintf("172.%d.0.0/16", 16+i))
				subnet := w.subnet(t, vpc, fmt.Sprintf("172.%d.%d.0/24", 16+i, n), "us-east-1a")
				call(w.ec2.RunInstances(t.Context(), launch(subnet))).must(t)
				call(w.ec2.DescribeVpcs(t.Context(), nil)).must(t)
				call(w.ec2.DescribeTags(t.Context(), &ec2.DescribeTagsInput{})).refused(t, "RequestLimitExceeded")
				call(w.ec2.DescribeSubnets(t.Context(), nil)).refused(t, "InternalError")
			}
		})
	}
	group.Wait()
	count := map[string]int{}
	for _, item := range w.Inventory() {
		count[item.Type]++
	}
	if count["vpc"] != callers*each || count["instance"] != callers*each {
		t.Errorf("the world holds %v", count)
	}
	w.Close()
}
