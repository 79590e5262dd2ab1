package diff

import "github.com/quorate/quorate/topology"

var natGatewayFields = []field[topology.NATGateway]{
	on("subnet", Replace, func(n topology.NATGateway) topology.Ref { return n.Subnet }),
	on("elasticIP", Replace, func(n topology.NATGateway) topology.Ref { return n.ElasticIP }),
	missingTags(func(n topology.NATGateway) topology.Tags { return n.Tags }),
}
