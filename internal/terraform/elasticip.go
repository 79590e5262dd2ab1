package terraform

import "github.com/quorate/quorate/topology"

func (d *document) elasticIP(e topology.ElasticIP) {
	d.add("aws_eip", label(e.Name), attrs{
		"domain": "vpc",
		"tags":   e.Tags,
	})
}
