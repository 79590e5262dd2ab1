package diff

import "github.com/quorate/quorate/topology"

var securityGroupFields = []field[topology.SecurityGroup]{
	forbid("description", "AWS cannot change the description of a security group; another tool made this one",
		func(g topology.SecurityGroup) string { return g.Description }),
	forbid("vpc", "AWS cannot move a security group to another VPC", func(g topology.SecurityGroup) topology.Ref { return g.VPC }),
	missingTags(func(g topology.SecurityGroup) topology.Tags { return g.Tags }),
}
