package awssim

import (
	"maps"
	"slices"
	"strconv"
)

// scalingTag is a tag of an Auto Scaling group, in both directions.
type scalingTag struct {
	ResourceID        string `wire:"ResourceId" xml:"ResourceId"`
	ResourceType      string
	Key               string
	Value             string
	PropagateAtLaunch bool
}

func plainTags(tags []scalingTag) []queryTag {
	var list []queryTag
	for _, t := range tags {
		list = append(list, queryTag{t.Key, t.Value})
	}
	return list
}

func (w *world) setScalingTags(g *scalingGroup, tags []scalingTag) {
	for _, t := range tags {
		w.tag(g.ARN, []tag{{t.Key, t.Value}})
		g.Propagate[t.Key] = t.PropagateAtLaunch
	}
}

// scalingTagsOf lists the tags of a group by key.
func (w *world) scalingTagsOf(g *scalingGroup) []scalingTag {
	var list []scalingTag
	tags := w.Tags[g.ARN]
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, scalingTag{g.Name, "auto-scaling-group", k, tags[k], g.Propagate[k]})
	}
	return list
}

// propagated lists the tags that a group gives its new instances.
func (w *world) propagated(g *scalingGroup) []tag {
	var list []tag
	for _, t := range w.scalingTagsOf(g) {
		if t.PropagateAtLaunch {
			list = append(list, tag{t.Key, t.Value})
		}
	}
	return list
}

type scalingTagsInput struct {
	Tags []scalingTag
}

// byGroup sorts a request's tags to their groups, and refuses groups that do not exist.
func (w *world) byGroup(tags []scalingTag) (map[*scalingGroup][]scalingTag, error) {
	sorted := map[*scalingGroup][]scalingTag{}
	for _, t := range tags {
		if t.ResourceType != "auto-scaling-group" {
			return nil, invalidScaling("Resource type '%s' is not valid. Valid resource type: auto-scaling-group", t.ResourceType)
		}
		g, err := w.scalingGroup(t.ResourceID)
		if err != nil {
			return nil, err
		}
		sorted[g] = append(sorted[g], t)
	}
	return sorted, nil
}

func (w *world) createOrUpdateScalingTags(in scalingTagsInput) (none, error) {
	sorted, err := w.byGroup(in.Tags)
	if err != nil {
		return none{}, err
	}
	for g, tags := range sorted {
		if err := scalingTags.check(w.Tags[g.ARN], plainTags(tags)); err != nil {
			return none{}, err
		}
	}
	for g, tags := range sorted {
		w.setScalingTags(g, tags)
	}
	return none{}, nil
}

func (w *world) deleteScalingTags(in scalingTagsInput) (none, error) {
	sorted, err := w.byGroup(in.Tags)
	for g, tags := range sorted {
		for _, t := range tags {
			w.untag(g.ARN, t.Key)
			delete(g.Propagate, t.Key)
		}
	}
	return none{}, err
}

type describeScalingTagsInput struct {
	Filters []scalingFilter
	scalingPage
}

type describeScalingTagsOutput struct {
	Tags      members[scalingTag]
	NextToken string `xml:",omitempty"`
}

func (w *world) describeScalingTags(in describeScalingTagsInput) (describeScalingTagsOutput, error) {
	var found []scalingTag
	for _, g := range sortedRows(w.ScalingGroups) {
		for _, t := range w.scalingTagsOf(g) {
			matched, err := t.matches(in.Filters)
			if err != nil {
				return describeScalingTagsOutput{}, err
			}
			if matched {
				found = append(found, t)
			}
		}
	}
	// A group's name holds no colon, so the key below sorts as the list does.
	cut, next, err := scalingList(found, func(t scalingTag) string { return t.ResourceID + "\x00" + t.Key }, in.scalingPage)
	return describeScalingTagsOutput{members[scalingTag]{cut}, next}, err
}

func (t scalingTag) matches(filters []scalingFilter) (bool, error) {
	all := true
	for _, f := range filters {
		switch f.Name {
		case "auto-scaling-group":
			all = all && f.takes(t.ResourceID)
		case "key":
			all = all && f.takes(t.Key)
		case "value":
			all = all && f.takes(t.Value)
		case "propagate-at-launch":
			all = all && f.takes(strconv.FormatBool(t.PropagateAtLaunch))
		default:
			return false, invalidScaling("Filter type %s is not correct. Allowed Filter types are: auto-scaling-group, key, value, propagate-at-launch", f.Name)
		}
	}
	return all, nil
}
