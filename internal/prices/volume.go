package prices

import (
	"fmt"

	"github.com/quorate/quorate/topology"
)

// What comes with a gp3 volume at no extra cost (EBS user guide, "General Purpose SSD
// volumes").
const (
	freeGP3IOPS       = 3000
	freeGP3Throughput = 125
)

// disk is what a volume is paid by, be it a resource or a part of a machine.
type disk struct {
	kind                   string
	size, iops, throughput int
}

func diskOf(v topology.Volume) disk { return disk{v.Type, v.SizeGiB, v.IOPS, v.Throughput} }

func (d disk) String() string {
	text := fmt.Sprintf("%d GiB %s", d.size, d.kind)
	if d.iops > 0 {
		text += fmt.Sprintf(" %d IOPS", d.iops)
	}
	if d.throughput > 0 {
		text += fmt.Sprintf(" %d MiB/s", d.throughput)
	}
	return text
}

// monthly is the price of a volume. Requests to a standard volume are billed one by one
// and are not part of it.
func (r Region) monthly(d disk) amount {
	size := r.rate(Rate(d.kind + "/gib")).times(float64(d.size))
	switch d.kind {
	case "gp3":
		return size.plus(r.above(GP3IOPS, d.iops, freeGP3IOPS)).plus(r.above(GP3Throughput, d.throughput, freeGP3Throughput))
	case "io1":
		return size.plus(r.above(IO1IOPS, d.iops, 0))
	case "io2":
		return size.plus(r.above(IO2IOPS, min(d.iops, 32000), 0)).
			plus(r.above(IO2IOPSAbove32k, min(d.iops, 64000), 32000)).
			plus(r.above(IO2IOPSAbove64k, d.iops, 64000))
	}
	return size
}

// above is the price of what exceeds the free part; nothing costs nothing, also where
// its price is unknown.
func (r Region) above(name Rate, have, free int) amount {
	if have <= free {
		return amount{0, true}
	}
	return r.rate(name).times(float64(have - free))
}
