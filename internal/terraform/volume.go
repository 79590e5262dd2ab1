package terraform

import "github.com/quorate/quorate/topology"

func (d *document) volume(v topology.Volume) {
	d.add("aws_ebs_volume", label(v.Name), attrs{
		"availability_zone": v.Zone,
		"type":              v.Type,
		"size":              v.SizeGiB,
		"iops":              optional(v.IOPS),
		"throughput":        optional(v.Throughput),
		"encrypted":         v.Encrypted,
		"kms_key_id":        optional(v.KMSKey),
		"tags":              v.Tags,
		// Destroying the volume of an etcd member destroys the cluster.
		"lifecycle": []attrs{{"prevent_destroy": true}},
	})
}
