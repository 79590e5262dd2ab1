package diff

import "github.com/quorate/quorate/topology"

var internetGatewayFields = []field[topology.InternetGateway]{
	judged("vpc", reattach, func(g topology.InternetGateway) topology.Ref { return g.VPC }),
	missingTags(func(g topology.InternetGateway) topology.Tags { return g.Tags }),
}

// reattach lets a gateway that hangs loose be attached; one that serves another VPC
// is not taken away from it.
func reattach(_, have topology.Ref) (Effect, string) {
	if have.IsZero() {
		return InPlace, ""
	}
	return Forbid, "it is attached to another VPC; detach it there, or remove the cluster's tags from it"
}
