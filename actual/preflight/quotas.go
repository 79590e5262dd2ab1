package preflight

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	quotatypes "github.com/aws/aws-sdk-go-v2/service/servicequotas/types"

	"github.com/quorate/quorate/topology"
)

// A quota is a limit of the account in one region, by the codes of Service Quotas.
type quota struct{ service, code, what string }

// The quotas of networks (Amazon VPC User Guide, "Amazon VPC quotas"; Elastic Load Balancing, "Quotas for
// your Network Load Balancers"). The codes are those of `aws service-quotas list-service-quotas`.
var (
	vpcQuota          = quota{"vpc", "L-F678F1CE", "VPCs"}
	elasticIPQuota    = quota{"ec2", "L-0263D0A3", "elastic IPs"}
	loadBalancerQuota = quota{"elasticloadbalancing", "L-69A177A2", "network load balancers"}
)

// demand is what the plan adds to what counts against a quota.
type demand struct {
	quota
	ref  topology.Ref // the first that asks
	more int
	used func(context.Context) (int, error)
}

func (d *demand) add(ref topology.Ref, n int) {
	if d.more == 0 {
		d.ref = ref
	}
	d.more += n
}

// checkQuotas compares limits with what is used and what is to come, for what is to come only.
func checkQuotas(ctx context.Context, c Clients, in Input, f *Findings) error {
	demands := append(networkDemands(c, in), computeDemands(c, in)...)
	found, failures := make([]Findings, len(demands)+1), make([]error, len(demands)+1)
	var all sync.WaitGroup
	for i, d := range demands {
		all.Go(func() { failures[i] = d.judge(ctx, c.Quotas, in.Region, &found[i]) })
	}
	last := len(demands)
	all.Go(func() { failures[last] = checkGroupLimit(ctx, c, in, &found[last]) })
	all.Wait()
	for _, each := range found {
		f.Problems = append(f.Problems, each.Problems...)
	}
	return errors.Join(failures...)
}

func (d demand) judge(ctx context.Context, api quotaReader, region string, f *Findings) error {
	var limit, used int
	var limitErr, usedErr error
	var both sync.WaitGroup
	both.Go(func() { limit, limitErr = limitOf(ctx, api, d.quota) })
	both.Go(func() { used, usedErr = d.used(ctx) })
	both.Wait()
	if err := errors.Join(limitErr, usedErr); err != nil {
		return err
	}
	if used+d.more > limit {
		f.problem(d.ref, "the account may have %d %s in %s and has %d, so that there is no room for %d more; ask AWS to raise the quota %s of %s, or remove some",
			limit, d.what, region, used, d.more, d.code, d.service)
	}
	return nil
}

// limitOf is the account's limit, or AWS's default where nobody ever asked for another.
func limitOf(ctx context.Context, api quotaReader, q quota) (int, error) {
	out, err := api.GetServiceQuota(ctx, &servicequotas.GetServiceQuotaInput{ServiceCode: aws.String(q.service), QuotaCode: aws.String(q.code)})
	if err == nil {
		return int(aws.ToFloat64(out.Quota.Value)), nil
	}
	if _, unset := errors.AsType[*quotatypes.NoSuchResourceException](err); !unset {
		return 0, err
	}
	standard, err := api.GetAWSDefaultServiceQuota(ctx, &servicequotas.GetAWSDefaultServiceQuotaInput{ServiceCode: aws.String(q.service), QuotaCode: aws.String(q.code)})
	if err != nil {
		return 0, err
	}
	return int(aws.ToFloat64(standard.Quota.Value)), nil
}

// networkDemands count what is created of the kinds that AWS limits most tightly.
func networkDemands(c Clients, in Input) []demand {
	vpcs := demand{quota: vpcQuota, used: func(ctx context.Context) (int, error) { return usedVPCs(ctx, c.EC2) }}
	addresses := demand{quota: elasticIPQuota, used: func(ctx context.Context) (int, error) { return usedAddresses(ctx, c.EC2) }}
	balancers := demand{quota: loadBalancerQuota, used: func(context.Context) (int, error) { return in.Have.Facts.NetworkLoadBalancers, nil }}
	for _, change := range in.Changes {
		if !change.creates() || change.Want.Owner() != topology.Owned {
			continue
		}
		switch change.Want.(type) {
		case topology.VPC:
			vpcs.add(change.Ref, 1)
		case topology.ElasticIP:
			addresses.add(change.Ref, 1)
		case topology.LoadBalancer:
			balancers.add(change.Ref, 1)
		}
	}
	return slices.DeleteFunc([]demand{vpcs, addresses, balancers}, func(d demand) bool { return d.more == 0 })
}

func usedVPCs(ctx context.Context, api EC2) (int, error) {
	n := 0
	for pages := ec2.NewDescribeVpcsPaginator(api, &ec2.DescribeVpcsInput{MaxResults: aws.Int32(1000)}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return 0, err
		}
		n += len(page.Vpcs)
	}
	return n, nil
}

func usedAddresses(ctx context.Context, api EC2) (int, error) {
	out, err := api.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{})
	if err != nil {
		return 0, err
	}
	return len(out.Addresses), nil
}

// checkGroupLimit asks Auto Scaling, which tells limit and use in one answer.
func checkGroupLimit(ctx context.Context, c Clients, in Input, f *Findings) error {
	var more demand
	for _, change := range changesOf[topology.AutoScalingGroup](in) {
		if change.creates() {
			more.add(change.Ref, 1)
		}
	}
	if more.more == 0 {
		return nil
	}
	out, err := c.AutoScaling.DescribeAccountLimits(ctx, &autoscaling.DescribeAccountLimitsInput{})
	if err != nil {
		return err
	}
	limit, used := int(aws.ToInt32(out.MaxNumberOfAutoScalingGroups)), int(aws.ToInt32(out.NumberOfAutoScalingGroups))
	if used+more.more > limit {
		f.problem(more.ref, "the account may have %d Auto Scaling groups in %s and has %d, so that there is no room for %d more; ask AWS to raise the quota L-CDE20ADC of autoscaling, or remove some",
			limit, in.Region, used, more.more)
	}
	return nil
}
