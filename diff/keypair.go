package diff

import "github.com/quorate/quorate/topology"

// The key itself is in the name, as its fingerprint, so it is not compared: AWS does
// not always tell it.
var keyPairFields = []field[topology.KeyPair]{
	missingTags(func(k topology.KeyPair) topology.Tags { return k.Tags }),
}
