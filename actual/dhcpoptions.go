package actual

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/topology"
)

type dhcpOptionsReader interface {
	DescribeDhcpOptions(context.Context, *ec2.DescribeDhcpOptionsInput, ...func(*ec2.Options)) (*ec2.DescribeDhcpOptionsOutput, error)
}

type dhcpOptionsAnswers struct{ found []ec2types.DhcpOptions }

func lookDHCPOptions(ctx context.Context, o *observation) (err error) {
	pages := ec2.NewDescribeDhcpOptionsPaginator(o.clients.EC2, &ec2.DescribeDhcpOptionsInput{Filters: o.ours(), MaxResults: page1000})
	o.dhcpOptions.found, err = everything(ctx, pages, func(p *ec2.DescribeDhcpOptionsOutput) []ec2types.DhcpOptions { return p.DhcpOptions })
	return err
}

func convertDHCPOptions(o *observation) error {
	for _, d := range o.dhcpOptions.found {
		id, tags := aws.ToString(d.DhcpOptionsId), ec2Tags(d.Tags)
		who, ok := o.identify(candidate{kind: topology.KindDHCPOptions, id: id, tags: tags})
		if !ok {
			continue
		}
		options := topology.DHCPOptions{Name: who.name, Tags: tags, Ownership: who.owner}
		for _, c := range d.DhcpConfigurations {
			switch values := dhcpValues(c); aws.ToString(c.Key) {
			case "domain-name":
				options.DomainName = first(values)
			case "domain-name-servers":
				options.DomainNameServers = values // in the order that machines ask them
			}
		}
		o.add(id, options)
	}
	return nil
}

func dhcpValues(c ec2types.DhcpConfiguration) []string {
	var values []string
	for _, v := range c.Values {
		values = append(values, aws.ToString(v.Value))
	}
	return values
}

// first is the first element, or the zero value.
func first[T any](list []T) (value T) {
	if len(list) > 0 {
		value = list[0]
	}
	return value
}
