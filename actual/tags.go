package actual

import (
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	classictypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/quorate/quorate/topology"
)

// tagsFrom collects tags without those that AWS writes itself and those by which the service remembers:
// nobody can want them.
func tagsFrom[T any](list []T, pair func(T) (key, value *string)) topology.Tags {
	tags := topology.Tags{}
	for _, tag := range list {
		key, value := pair(tag)
		if !strings.HasPrefix(aws.ToString(key), topology.TagAWSReserved) && !topology.IsMark(aws.ToString(key)) {
			tags[aws.ToString(key)] = aws.ToString(value)
		}
	}
	return tags
}

func ec2Tags(list []ec2types.Tag) topology.Tags {
	return tagsFrom(list, func(t ec2types.Tag) (*string, *string) { return t.Key, t.Value })
}

func elbTags(list []elbtypes.Tag) topology.Tags {
	return tagsFrom(list, func(t elbtypes.Tag) (*string, *string) { return t.Key, t.Value })
}

func classicTags(list []classictypes.Tag) topology.Tags {
	return tagsFrom(list, func(t classictypes.Tag) (*string, *string) { return t.Key, t.Value })
}

// sqsTags drops AWS's own from the map that SQS has instead of a list.
func sqsTags(all map[string]string) topology.Tags {
	return tagsFrom(slices.Sorted(maps.Keys(all)), func(key string) (*string, *string) { return &key, aws.String(all[key]) })
}

func iamTags(list []iamtypes.Tag) topology.Tags {
	return tagsFrom(list, func(t iamtypes.Tag) (*string, *string) { return t.Key, t.Value })
}
