package preflight

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/desired/instancetype"
)

// A class is instance types whose vCPUs AWS limits together (Amazon EC2 User Guide, "Amazon EC2 instance
// type quotas"), on demand and as spot machines each.
type class struct{ families, onDemand, spot string }

// classes are told by the letters before a family's generation.
var classes = func() map[string]class {
	all := map[string]class{}
	for _, c := range []class{
		{"a c d h i im is m r t z", "L-1216C47A", "L-34B43A08"},
		{"f", "L-74FC7D96", "L-88CF9481"},
		{"g gr vt", "L-DB2E81BA", "L-3819A6DF"},
		{"inf", "L-1945791B", "L-B5D1601B"},
		{"p", "L-417A185B", "L-7212CCBC"},
		{"x", "L-7295265B", "L-E3A00192"},
	} {
		for letters := range strings.FieldsSeq(c.families) {
			all[letters] = c
		}
	}
	return all
}()

// bucket is what counts against one quota of vCPUs.
type bucket struct {
	class
	isSpot bool
}

func (b bucket) quota() quota {
	if b.isSpot {
		return quota{"ec2", b.spot, "vCPUs of spot machines of the families " + b.families}
	}
	return quota{"ec2", b.onDemand, "vCPUs of machines on demand of the families " + b.families}
}

// bucketOf tells against what a machine counts. Types in no class have quotas of their own that are not
// looked at.
func bucketOf(name string, spot bool) (b bucket, vcpus int, ok bool) {
	t, known := instancetype.Find(name)
	letters := name[:max(0, strings.IndexAny(name, "0123456789-"))]
	c, limited := classes[letters]
	return bucket{c, spot}, t.VCPUs, known && limited
}

// computeDemands count the vCPUs of the machines to come. They share one look at the machines that run.
func computeDemands(c Clients, in Input) []demand {
	demands := map[string]*demand{}
	used := onceFor(func(ctx context.Context) (map[bucket]int, error) { return usedVCPUs(ctx, c.EC2) })
	for _, a := range arrivals(in) {
		onDemand, spot := shares(a)
		for _, share := range []struct {
			count  int
			isSpot bool
		}{{onDemand, false}, {spot, true}} {
			b, vcpus, ok := smallest(typesOf(a.group, a.template), share.isSpot)
			if !ok || share.count == 0 {
				continue
			}
			q := b.quota()
			if demands[q.code] == nil {
				demands[q.code] = &demand{quota: q, used: func(ctx context.Context) (int, error) {
					all, err := used(ctx)
					return all[b], err
				}}
			}
			demands[q.code].add(a.group.Ref(), share.count*vcpus)
		}
	}
	var list []demand
	for _, code := range slices.Sorted(maps.Keys(demands)) {
		list = append(list, *demands[code])
	}
	return list
}

// shares splits the machines to come as the group's policy does.
func shares(a arrival) (onDemand, spot int) {
	m := a.group.Mixed
	switch {
	case m.IsZero() && a.template.Spot.MaxPrice != "":
		return 0, a.count
	case m.IsZero():
		return a.count, 0
	}
	base := min(a.count, m.OnDemandBase)
	onDemand = base + ((a.count-base)*m.OnDemandPercent+99)/100
	return onDemand, a.count - onDemand
}

// smallest is the type that takes the fewest vCPUs, so that nobody is refused for what AWS might not
// choose.
func smallest(types []string, spot bool) (b bucket, vcpus int, ok bool) {
	for _, name := range types {
		if candidate, n, known := bucketOf(name, spot); known && (!ok || n < vcpus) {
			b, vcpus, ok = candidate, n, true
		}
	}
	return b, vcpus, ok
}

// usedVCPUs counts what runs in the region, whoever's it is.
func usedVCPUs(ctx context.Context, api EC2) (map[bucket]int, error) {
	used := map[bucket]int{}
	pages := ec2.NewDescribeInstancesPaginator(api, &ec2.DescribeInstancesInput{
		MaxResults: aws.Int32(1000),
		Filters:    []ec2types.Filter{{Name: aws.String("instance-state-name"), Values: []string{"pending", "running"}}},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, r := range page.Reservations {
			for _, i := range r.Instances {
				if b, vcpus, ok := bucketOf(string(i.InstanceType), i.InstanceLifecycle == ec2types.InstanceLifecycleTypeSpot); ok {
					used[b] += vcpus
				}
			}
		}
	}
	return used, nil
}
