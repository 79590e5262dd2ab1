package desired

import (
	"fmt"

	"github.com/quorate/quorate/topology"
)

// instanceStores counts the local disks of the machine types that show them only when the launch template
// maps them (Amazon EC2 User Guide, "Instance store volumes": the types without NVMe). NVMe disks appear by
// themselves and ignore mappings.
var instanceStores = map[string]int{
	"c1.medium": 1, "c1.xlarge": 4,
	"c3.large": 2, "c3.xlarge": 2, "c3.2xlarge": 2, "c3.4xlarge": 2, "c3.8xlarge": 2,
	"d2.xlarge": 3, "d2.2xlarge": 6, "d2.4xlarge": 12, "d2.8xlarge": 24,
	"g2.2xlarge": 1, "g2.8xlarge": 2,
	"h1.2xlarge": 1, "h1.4xlarge": 2, "h1.8xlarge": 4, "h1.16xlarge": 8,
	"i2.xlarge": 1, "i2.2xlarge": 2, "i2.4xlarge": 4, "i2.8xlarge": 8,
	"m1.small": 1, "m1.medium": 1, "m1.large": 2, "m1.xlarge": 4,
	"m2.xlarge": 1, "m2.2xlarge": 1, "m2.4xlarge": 2,
	"m3.medium": 1, "m3.large": 1, "m3.xlarge": 2, "m3.2xlarge": 2,
	"r3.large": 1, "r3.xlarge": 1, "r3.2xlarge": 1, "r3.4xlarge": 1, "r3.8xlarge": 2,
	"x1.16xlarge": 1, "x1.32xlarge": 2,
	"x1e.xlarge": 1, "x1e.2xlarge": 1, "x1e.4xlarge": 1, "x1e.8xlarge": 1, "x1e.16xlarge": 1, "x1e.32xlarge": 2,
}

// ephemeralDevices maps the instance store from /dev/sdc on, as kops does.
func ephemeralDevices(machineType string) []topology.BlockDevice {
	var devices []topology.BlockDevice
	for i := range instanceStores[machineType] {
		devices = append(devices, topology.BlockDevice{
			Device:    fmt.Sprintf("/dev/sd%c", 'c'+i),
			Ephemeral: fmt.Sprintf("ephemeral%d", i),
		})
	}
	return devices
}
