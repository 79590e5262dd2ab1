package diff

import "github.com/quorate/quorate/topology"

var zoneAssociationFields = []field[topology.ZoneAssociation]{
	on("vpc", Replace, func(a topology.ZoneAssociation) topology.Ref { return a.VPC }),
}
