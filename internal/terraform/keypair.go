package terraform

import (
	"strings"

	"github.com/quorate/quorate/topology"
)

func (d *document) keyPair(k topology.KeyPair) {
	d.add("aws_key_pair", label(keyLabel(k.Name)), attrs{
		"key_name":   k.Name,
		"public_key": k.PublicKey,
		"tags":       k.Tags,
	})
}

// keyLabel leaves the colons of the fingerprint out, as kops does.
func keyLabel(name string) string { return strings.ReplaceAll(name, ":", "") }
