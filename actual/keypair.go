package actual

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/topology"
)

type keyPairReader interface {
	DescribeKeyPairs(context.Context, *ec2.DescribeKeyPairsInput, ...func(*ec2.Options)) (*ec2.DescribeKeyPairsOutput, error)
}

type keyPairAnswers struct{ found []ec2types.KeyPairInfo }

func lookKeyPairs(ctx context.Context, o *observation) error {
	for _, filters := range o.lookups(topology.KindKeyPair, "key-name") {
		out, err := o.clients.EC2.DescribeKeyPairs(ctx, &ec2.DescribeKeyPairsInput{Filters: filters, IncludePublicKey: aws.Bool(true)})
		if err != nil {
			return err
		}
		o.keyPairs.found = append(o.keyPairs.found, out.KeyPairs...)
	}
	o.keyPairs.found = distinct(o.keyPairs.found, func(k ec2types.KeyPairInfo) *string { return k.KeyName })
	return nil
}

// convertKeyPairs names a key pair by its own name: kops gives all of a cluster's one
// Name tag.
func convertKeyPairs(o *observation) error {
	for _, k := range o.keyPairs.found {
		name, tags := aws.ToString(k.KeyName), ec2Tags(k.Tags)
		switch {
		case o.isShared(topology.KindKeyPair, name):
			o.add(name, topology.KeyPair{Name: name, Tags: tags, Ownership: topology.Shared})
		case o.owns(tags):
			o.add(name, topology.KeyPair{Name: name, PublicKey: withoutComment(k.PublicKey), Tags: tags, Ownership: topology.Owned})
		}
	}
	return nil
}

// withoutComment cuts an OpenSSH public key down to its type and its base64 text.
func withoutComment(key *string) string {
	fields := strings.Fields(aws.ToString(key))
	return strings.Join(fields[:min(len(fields), 2)], " ")
}
