package apply

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

// tagChange is what a change does to the tags of a resource: keys of AWS's own
// ("aws:…") are never in it.
type tagChange struct {
	set topology.Tags
	// drop is sorted; it stays empty for kinds whose extra tags are nobody's business.
	drop []string
}

// tagChangeOf reads the fields "tags[KEY]" of a change.
func tagChangeOf(change diff.Change) tagChange {
	result := tagChange{set: topology.Tags{}}
	wanted := change.Want.Labels()
	for _, f := range change.Fields {
		key, ok := strings.CutPrefix(f.Path, "tags[")
		key = strings.TrimSuffix(key, "]")
		if !ok || strings.HasPrefix(key, topology.TagAWSReserved) {
			continue
		}
		if value, keep := wanted[key]; keep {
			result.set[key] = value
		} else {
			result.drop = append(result.drop, key)
		}
	}
	slices.Sort(result.drop)
	return result
}

// ec2Tagger adds and overwrites tags.
type ec2Tagger interface {
	CreateTags(context.Context, *ec2.CreateTagsInput, ...func(*ec2.Options)) (*ec2.CreateTagsOutput, error)
}

// ec2Untagger can remove tags too, for kinds whose tags are exact.
type ec2Untagger interface {
	ec2Tagger
	DeleteTags(context.Context, *ec2.DeleteTagsInput, ...func(*ec2.Options)) (*ec2.DeleteTagsOutput, error)
}

const tagsLate = "AWS does not know the resource everywhere yet"

// addTags writes the tags that are missing or wrong.
func addTags(ctx context.Context, api ec2Tagger, id string, set topology.Tags) error {
	if len(set) == 0 {
		return nil
	}
	_, err := api.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{id}, Tags: ec2Tags(set)})
	return settling(err, tagsLate)
}

// setTags is addTags for a kind whose extra tags are removed.
func setTags(ctx context.Context, api ec2Untagger, id string, tags tagChange) error {
	if err := addTags(ctx, api, id, tags.set); err != nil || len(tags.drop) == 0 {
		return err
	}
	in := &ec2.DeleteTagsInput{Resources: []string{id}}
	for _, key := range tags.drop {
		in.Tags = append(in.Tags, ec2types.Tag{Key: aws.String(key)})
	}
	_, err := api.DeleteTags(ctx, in)
	return settling(err, tagsLate)
}

func ec2Tags(tags topology.Tags) []ec2types.Tag {
	return tagList(tags, func(key, value string) ec2types.Tag {
		return ec2types.Tag{Key: aws.String(key), Value: aws.String(value)}
	})
}

// tagList writes tags as a service has them, sorted: the same call is then the same
// request.
func tagList[T any](tags topology.Tags, tag func(key, value string) T) []T {
	var list []T
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, tag(key, tags[key]))
	}
	return list
}

// tagged is the part of a creating call that sets the tags.
func tagged(resource ec2types.ResourceType, tags topology.Tags) []ec2types.TagSpecification {
	if len(tags) == 0 {
		return nil
	}
	return []ec2types.TagSpecification{{ResourceType: resource, Tags: ec2Tags(tags)}}
}

// ours finds, among the resources of one kind, the one that the cluster made under
// the wanted name.
func ours(cluster string, want topology.Tags) []ec2types.Filter {
	return append(carrying(cluster), filter("tag:"+topology.TagName, want[topology.TagName]))
}

// carrying finds what carries the cluster's ownership tag.
func carrying(cluster string) []ec2types.Filter {
	return []ec2types.Filter{filter("tag:"+topology.OwnershipTag(cluster), string(topology.Owned))}
}

func filter(name, value string) ec2types.Filter {
	return ec2types.Filter{Name: aws.String(name), Values: []string{value}}
}

// owns reports whether a tag is the one that says "this is the cluster's own".
func owns(cluster string, key, value *string) bool {
	return aws.ToString(key) == topology.OwnershipTag(cluster) && aws.ToString(value) == string(topology.Owned)
}

// present is nil for an empty string, which AWS would take for a value.
func present(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// positive is nil for zero, which stands for "AWS has no such setting here".
func positive(n int) *int32 {
	if n == 0 {
		return nil
	}
	return aws.Int32(int32(n))
}
