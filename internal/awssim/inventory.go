package awssim

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strings"
)

// Item is one thing that exists in the account.
type Item struct {
	Type string // as tags name it: "vpc", "security-group", …
	ID   string
	Name string // the Name tag, or the ID where there is none
	Tags map[string]string
}

// resourceKind is what the region as a whole knows of a kind: enough to list and to tag it.
type resourceKind struct {
	Type string
	// Prefix of its EC2 ids, without the dash; empty for what CreateTags does not take.
	Prefix string
	// IDs are the keys of its objects in state.Tags.
	IDs func(*world) iter.Seq[string]
	// Implied says that an object came with another and goes with it (a VPC's main route table);
	// the inventory leaves it out. May be nil.
	Implied func(w *world, id string) bool
}

// resourceKinds lists every kind, parents before children.
var resourceKinds = []resourceKind{
	{Type: "vpc", Prefix: "vpc", IDs: func(w *world) iter.Seq[string] { return maps.Keys(w.VPCs) }},
	{Type: "subnet", Prefix: "subnet", IDs: func(w *world) iter.Seq[string] { return maps.Keys(w.Subnets) }},

	{Type: "iam-role", IDs: func(w *world) iter.Seq[string] { return arns(w.Roles, func(r *role) string { return r.ARN }) }},
	{Type: "iam-instance-profile", IDs: func(w *world) iter.Seq[string] {
		return arns(w.InstanceProfiles, func(p *instanceProfile) string { return p.ARN })
	}},
	{Type: "iam-oidc-provider", IDs: func(w *world) iter.Seq[string] { return maps.Keys(w.OIDCProviders) }},
}

// arns lists the ARNs of objects that are kept by name.
func arns[T any](rows map[string]T, arn func(T) string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, object := range rows {
			if !yield(arn(object)) {
				return
			}
		}
	}
}

// Inventory lists everything that exists in the account, by type and id, so that tests can compare
// worlds and find orphans. Left out is what AWS makes and deletes by itself along with something
// else, and what is terminated or deleted but still shown by Describe calls for a while.
func (r *Region) Inventory() []Item {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []Item
	for _, kind := range resourceKinds {
		for id := range kind.IDs(r.world) {
			if kind.Implied != nil && kind.Implied(r.world, id) {
				continue
			}
			tags := r.world.Tags[id]
			list = append(list, Item{Type: kind.Type, ID: id, Name: cmp.Or(tags["Name"], id), Tags: maps.Clone(tags)})
		}
	}
	slices.SortFunc(list, func(a, b Item) int { return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.ID, b.ID)) })
	return list
}

// resourceType tells the type of an EC2 resource from its id, and whether it exists.
func (w *world) resourceType(id string) (name string, exists bool) {
	for _, kind := range resourceKinds {
		if rest, found := strings.CutPrefix(id, kind.Prefix+"-"); kind.Prefix == "" || !found || strings.Contains(rest, "-") {
			continue
		}
		for known := range kind.IDs(w) {
			if known == id {
				return kind.Type, true
			}
		}
	}
	return "", false
}
