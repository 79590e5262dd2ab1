package apply

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/quorate/quorate/topology"
)

func iamTags(tags topology.Tags) []iamtypes.Tag {
	return tagList(tags, func(key, value string) iamtypes.Tag {
		return iamtypes.Tag{Key: aws.String(key), Value: aws.String(value)}
	})
}

func ownsIAM(cluster string, tags []iamtypes.Tag) bool {
	return slices.ContainsFunc(tags, func(t iamtypes.Tag) bool { return owns(cluster, t.Key, t.Value) })
}
