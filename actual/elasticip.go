package actual

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/topology"
)

type elasticIPReader interface {
	DescribeAddresses(context.Context, *ec2.DescribeAddressesInput, ...func(*ec2.Options)) (*ec2.DescribeAddressesOutput, error)
}

type elasticIPAnswers struct{ found []ec2types.Address }

// lookElasticIPs asks for those that the manifest gives by their public address, which
// is then their name.
func lookElasticIPs(ctx context.Context, o *observation) error {
	for _, filters := range o.lookups(topology.KindElasticIP, "public-ip") {
		out, err := o.clients.EC2.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{Filters: filters})
		if err != nil {
			return err
		}
		o.elasticIPs.found = append(o.elasticIPs.found, out.Addresses...)
	}
	o.elasticIPs.found = distinct(o.elasticIPs.found, func(a ec2types.Address) *string { return a.AllocationId })
	return nil
}

func convertElasticIPs(o *observation) error {
	for _, a := range o.elasticIPs.found {
		id, tags := aws.ToString(a.AllocationId), ec2Tags(a.Tags)
		if given := aws.ToString(a.PublicIp); o.isShared(topology.KindElasticIP, given) {
			o.add(id, topology.ElasticIP{Name: given, Tags: tags, Ownership: topology.Shared})
			continue
		}
		if who, ok := o.identify(candidate{kind: topology.KindElasticIP, id: id, tags: tags}); ok {
			o.add(id, topology.ElasticIP{Name: who.name, Tags: tags, Ownership: who.owner})
		}
	}
	return nil
}
