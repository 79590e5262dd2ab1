package diff

import "github.com/quorate/quorate/topology"

// The issuer is the provider's name: another one is another provider, made before the
// roles move to it and the first is removed.
var oidcProviderFields = []field[topology.OIDCProvider]{
	on("clientIDs", InPlace, func(p topology.OIDCProvider) []string { return p.ClientIDs }),
	on("thumbprints", InPlace, func(p topology.OIDCProvider) []string { return p.Thumbprints }),
	exactTags(InPlace, func(p topology.OIDCProvider) topology.Tags { return p.Tags }),
}
