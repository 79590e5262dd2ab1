package awssim

import (
	"iter"
	"maps"
	"slices"
	"strings"
)

// tag is a tag on the wire, in both directions.
type tag struct {
	Key   string `xml:"key"`
	Value string `xml:"value"`
}

// tagSpecification is one TagSpecification.N of a creating call.
type tagSpecification struct {
	ResourceType string
	Tags         []tag `wire:"Tag"`
}

// tagging is embedded in the input of creating calls that take tags.
type tagging struct {
	TagSpecifications []tagSpecification `wire:"TagSpecification"`
}

// tagsFor gives the tags meant for a resource type, and refuses tags meant for others.
func (t tagging) tagsFor(resourceType string) ([]tag, error) {
	var tags []tag
	for _, spec := range t.TagSpecifications {
		if spec.ResourceType != resourceType {
			return nil, refuse("InvalidParameterValue", "'%s' is not a valid taggable resource type for this operation.", spec.ResourceType)
		}
		tags = append(tags, spec.Tags...)
	}
	return tags, checkTags(tags)
}

// AWS's limits on tags: 50 for each resource, keys of 1-127 characters (EC2; 128 elsewhere), values
// of up to 256, and no key of a user's may start with "aws:".
const (
	maxTags     = 50
	maxTagKey   = 128
	maxTagValue = 256
)

var errTagLimit = refuse("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.")

func checkTags(tags []tag) error {
	if len(tags) > maxTags {
		return errTagLimit
	}
	seen := map[string]bool{}
	for _, t := range tags {
		switch {
		case t.Key == "" || len(t.Key) > maxTagKey:
			return refuse("InvalidParameterValue", "Tag keys must be between 1 and %d characters: '%s'", maxTagKey, t.Key)
		case len(t.Value) > maxTagValue:
			return refuse("InvalidParameterValue", "Tag value exceeds the maximum length of %d characters", maxTagValue)
		case strings.HasPrefix(t.Key, "aws:"):
			return refuse("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
		case seen[t.Key]:
			return refuse("InvalidParameterValue", "Duplicate tag key '%s' specified.", t.Key)
		}
		seen[t.Key] = true
	}
	return nil
}

// tag adds tags to a resource, replacing the values of keys it has. The tags were checked.
func (w *world) tag(id string, tags []tag) {
	if len(tags) == 0 {
		return
	}
	if w.Tags[id] == nil {
		w.Tags[id] = map[string]string{}
	}
	for _, t := range tags {
		w.Tags[id][t.Key] = t.Value
	}
}

// untag removes keys from a resource; keys it does not have are no error.
func (w *world) untag(id string, keys ...string) {
	for _, k := range keys {
		delete(w.Tags[id], k)
	}
}

// tagsOf lists the tags of a resource by key.
func (w *world) tagsOf(id string) []tag {
	var list []tag
	for _, k := range slices.Sorted(maps.Keys(w.Tags[id])) {
		list = append(list, tag{k, w.Tags[id][k]})
	}
	return list
}

// tagSet is tagsOf as EC2 writes it.
func (w *world) tagSet(id string) items[tag] { return items[tag]{Items: w.tagsOf(id)} }

type tagsInput struct {
	ResourceIDs []string `wire:"ResourceId"`
	Tags        []struct {
		Key   string
		Value *string
	} `wire:"Tag"`
}

func (w *world) createTags(in tagsInput) (done, error) {
	var tags []tag
	for _, t := range in.Tags {
		value := ""
		if t.Value != nil {
			value = *t.Value
		}
		tags = append(tags, tag{t.Key, value})
	}
	if err := checkTags(tags); err != nil {
		return done{}, err
	}
	if err := w.taggable(in.ResourceIDs); err != nil {
		return done{}, err
	}
	for _, id := range in.ResourceIDs {
		if w.tooManyTags(id, tags) {
			return done{}, errTagLimit
		}
	}
	for _, id := range in.ResourceIDs {
		w.tag(id, tags)
	}
	return ok, nil
}

// taggable refuses a list with an id that does not exist; AWS then tags none of them.
func (w *world) taggable(ids []string) error {
	for _, id := range ids {
		kind, known := resourceKindOf(id)
		if !known {
			return refuse("InvalidID", "The ID '%s' is not valid", id)
		}
		if !contains(kind.IDs(w), id) {
			return refuse(kind.NotFound, "The ID '%s' does not exist", id)
		}
	}
	return nil
}

func contains(ids iter.Seq[string], wanted string) bool {
	for id := range ids {
		if id == wanted {
			return true
		}
	}
	return false
}

func (w *world) tooManyTags(id string, more []tag) bool {
	n := len(w.Tags[id])
	for _, t := range more {
		if _, replaces := w.Tags[id][t.Key]; !replaces {
			n++
		}
	}
	return n > maxTags
}

// deleteTags removes a key whatever its value, or only if it has the value given; without any key
// it removes all tags but AWS's own.
func (w *world) deleteTags(in tagsInput) (done, error) {
	if err := w.taggable(in.ResourceIDs); err != nil {
		return done{}, err
	}
	for _, id := range in.ResourceIDs {
		if len(in.Tags) == 0 {
			maps.DeleteFunc(w.Tags[id], func(k, _ string) bool { return !strings.HasPrefix(k, "aws:") })
		}
		for _, t := range in.Tags {
			if t.Value == nil || *t.Value == w.Tags[id][t.Key] {
				w.untag(id, t.Key)
			}
		}
	}
	return ok, nil
}

// tagRow is one tag of one resource, the object that DescribeTags lists.
type tagRow struct {
	ResourceID   string `xml:"resourceId"`
	ResourceType string `xml:"resourceType"`
	tag
}

// DescribeTags has filters of its own: key and value rather than tag-key and tag-value.
var tagRowFilters = filterTable[tagRow]{
	"resource-id":   func(_ *world, t tagRow) []string { return one(t.ResourceID) },
	"resource-type": func(_ *world, t tagRow) []string { return one(t.ResourceType) },
	"key":           func(_ *world, t tagRow) []string { return one(t.Key) },
	"value":         func(_ *world, t tagRow) []string { return one(t.Value) },
}

type describeTagsOutput struct {
	Tags      items[tagRow] `xml:"tagSet"`
	NextToken string        `xml:"nextToken,omitempty"`
}

func (w *world) describeTags(in struct{ query }) (describeTagsOutput, error) {
	for _, f := range in.Filters {
		if strings.HasPrefix(f.Name, "tag") {
			return describeTagsOutput{}, refuse("InvalidParameterValue", "The filter '%s' is invalid", f.Name)
		}
	}
	rows := map[string]tagRow{}
	for _, kind := range resourceKinds {
		if kind.Prefix == "" {
			continue
		}
		for id := range kind.IDs(w) {
			for _, t := range w.tagsOf(id) {
				rows[id+" "+t.Key] = tagRow{id, kind.Type, t}
			}
		}
	}
	list, next, err := describe(w, rows, nil, in.query, tagRowFilters, "")
	return describeTagsOutput{items[tagRow]{list}, next}, err
}
