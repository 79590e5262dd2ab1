package diff

import "github.com/quorate/quorate/topology"

var egressOnlyGatewayFields = []field[topology.EgressOnlyGateway]{
	forbid("vpc", "AWS makes the gateway for one VPC for good; remove the cluster's tags from it", func(g topology.EgressOnlyGateway) topology.Ref { return g.VPC }),
	missingTags(func(g topology.EgressOnlyGateway) topology.Tags { return g.Tags }),
}
