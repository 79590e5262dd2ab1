package apply

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/quorate/quorate/topology"
)

// elbTagger reads and writes the tags of load balancers and target groups.
type elbTagger interface {
	DescribeTags(context.Context, *elb.DescribeTagsInput, ...func(*elb.Options)) (*elb.DescribeTagsOutput, error)
	AddTags(context.Context, *elb.AddTagsInput, ...func(*elb.Options)) (*elb.AddTagsOutput, error)
	RemoveTags(context.Context, *elb.RemoveTagsInput, ...func(*elb.Options)) (*elb.RemoveTagsOutput, error)
}

func setELBTags(ctx context.Context, api elbTagger, arn string, tags tagChange) error {
	if len(tags.set) > 0 {
		if _, err := api.AddTags(ctx, &elb.AddTagsInput{ResourceArns: []string{arn}, Tags: elbTags(tags.set)}); err != nil {
			return settling(err, tagsLate)
		}
	}
	if len(tags.drop) == 0 {
		return nil
	}
	_, err := api.RemoveTags(ctx, &elb.RemoveTagsInput{ResourceArns: []string{arn}, TagKeys: tags.drop})
	return settling(err, tagsLate)
}

// takeUpELB returns the ARN of what was in the way of a creating call, if its tags
// say that it is ours.
func takeUpELB(ctx context.Context, api elbTagger, cluster string, ref topology.Ref, arn string, conflict error) (string, error) {
	out, err := api.DescribeTags(ctx, &elb.DescribeTagsInput{ResourceArns: []string{arn}})
	if err != nil {
		return "", settling(err, tagsLate)
	}
	for _, d := range out.TagDescriptions {
		if slices.ContainsFunc(d.Tags, func(t elbtypes.Tag) bool { return owns(cluster, t.Key, t.Value) }) {
			return arn, nil
		}
	}
	return "", strange(ref, conflict)
}

func elbTags(tags topology.Tags) []elbtypes.Tag {
	return tagList(tags, func(key, value string) elbtypes.Tag {
		return elbtypes.Tag{Key: aws.String(key), Value: aws.String(value)}
	})
}
