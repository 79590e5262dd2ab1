package diff

import "github.com/quorate/quorate/topology"

var elasticIPFields = []field[topology.ElasticIP]{
	missingTags(func(e topology.ElasticIP) topology.Tags { return e.Tags }),
}
