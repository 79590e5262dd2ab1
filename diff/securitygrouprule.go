package diff

import "github.com/quorate/quorate/topology"

// A rule is its own name: whatever it allows is in the reference, so only its tags
// can differ.
var securityGroupRuleFields = []field[topology.SecurityGroupRule]{
	missingTags(func(r topology.SecurityGroupRule) topology.Tags { return r.Tags }),
}
