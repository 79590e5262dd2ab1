package awssim

import (
	"maps"
	"slices"
	"strings"
)

// queryTag is a tag as IAM and Elastic Load Balancing write it, in both directions.
type queryTag struct {
	Key   string
	Value string
}

// tagRules are the error codes with which a service refuses tags; the limits are AWS's common ones.
type tagRules struct {
	limit     string // more than maxTags on one resource
	duplicate string // a key twice in one request
	invalid   string // a key or value that no tag may have
}

// check refuses a request's tags, also for what they would make of the tags the resource has.
func (r tagRules) check(have map[string]string, tags []queryTag) error {
	after := maps.Clone(have)
	if after == nil {
		after = map[string]string{}
	}
	seen := map[string]bool{}
	for _, t := range tags {
		switch {
		case seen[t.Key]:
			return refuse(r.duplicate, "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		case t.Key == "" || len(t.Key) > maxTagKey:
			return refuse(r.invalid, "Tag keys must be between 1 and %d characters: '%s'", maxTagKey, t.Key)
		case len(t.Value) > maxTagValue:
			return refuse(r.invalid, "Tag value exceeds the maximum length of %d characters", maxTagValue)
		case strings.HasPrefix(strings.ToLower(t.Key), "aws:"):
			return refuse(r.invalid, "aws: prefixed tag key names are not allowed for external use.")
		}
		seen[t.Key] = true
		after[t.Key] = t.Value
	}
	if len(after) > maxTags {
		return refuse(r.limit, "The maximum number of tags (%d) for a resource has been reached.", maxTags)
	}
	return nil
}

// addTags checks tags by the rules of a service and puts them on a resource.
func (w *world) addTags(rules tagRules, arn string, tags []queryTag) error {
	if err := rules.check(w.Tags[arn], tags); err != nil {
		return err
	}
	for _, t := range tags {
		w.tag(arn, []tag{{t.Key, t.Value}})
	}
	return nil
}

// queryTags lists the tags of a resource by key.
func (w *world) queryTags(arn string) []queryTag {
	var list []queryTag
	for _, k := range slices.Sorted(maps.Keys(w.Tags[arn])) {
		list = append(list, queryTag{k, w.Tags[arn][k]})
	}
	return list
}
