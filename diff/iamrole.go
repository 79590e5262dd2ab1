package diff

import (
	"maps"
	"slices"

	"github.com/quorate/quorate/topology"
)

var iamRoleFields = []field[topology.IAMRole]{
	on("trustPolicy", InPlace, func(r topology.IAMRole) string { return r.TrustPolicy }),
	on("provider", InPlace, func(r topology.IAMRole) topology.Ref { return r.Provider }),
	{"inlinePolicies", inlinePolicyChanges},
	on("managedPolicies", InPlace, func(r topology.IAMRole) []string { return r.ManagedPolicies }),
	on("permissionsBoundary", InPlace, func(r topology.IAMRole) string { return r.PermissionsBoundary }),
	exactTags(InPlace, func(r topology.IAMRole) topology.Tags { return r.Tags }),
}

// inlinePolicyChanges tells the policies one by one, so that the update writes only
// those that differ.
func inlinePolicyChanges(want, have topology.IAMRole) []FieldChange {
	w, h := documents(want), documents(have)
	names := maps.Clone(w)
	maps.Copy(names, h)
	var changes []FieldChange
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if w[name] != h[name] {
			changes = append(changes, FieldChange{Path: "inlinePolicies[" + name + "]", Have: h[name], Want: w[name], Effect: InPlace})
		}
	}
	return changes
}

func documents(r topology.IAMRole) map[string]string {
	byName := map[string]string{}
	for _, p := range r.InlinePolicies {
		byName[p.Name] = p.Document
	}
	return byName
}
