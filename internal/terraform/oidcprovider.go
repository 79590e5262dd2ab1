package terraform

import "github.com/quorate/quorate/topology"

func (d *document) oidcProvider(p topology.OIDCProvider) {
	d.add(types[topology.KindOIDCProvider], label(p.Ref().Name), attrs{
		"url":             p.Issuer,
		"client_id_list":  p.ClientIDs,
		"thumbprint_list": p.Thumbprints,
		"tags":            p.Tags,
	})
}
