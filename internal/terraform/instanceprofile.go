package terraform

import "github.com/quorate/quorate/topology"

func (d *document) instanceProfile(p topology.InstanceProfile) {
	d.add("aws_iam_instance_profile", label(p.Name), attrs{
		"name": p.Name,
		"role": d.attribute(p.Role, "name"),
		"tags": p.Tags,
	})
}
