package desired

import (
	"strconv"
	"strings"
)

// traffic is a protocol with its ports, or with its types and codes.
type traffic struct {
	protocol string
	from, to int
}

func tcp(from, to int) traffic { return traffic{"tcp", from, to} }

var (
	allTraffic = traffic{"-1", -1, -1}
	// fragmentation is the ICMP message that path MTU discovery lives on (type 3, code 4). Load balancers
	// hide the sender, so that it has to be let through by hand.
	fragmentation   = traffic{"icmp", 3, 4}
	fragmentationV6 = traffic{"icmpv6", -1, -1}
	// ipInIP carries Calico's and kube-router's tunnels.
	ipInIP = traffic{"4", -1, -1}
)

// gaps are the TCP port ranges from 1 to last that hold none of the closed ports.
func gaps(closed []int, last int) []traffic {
	taken := map[int]bool{last + 1: true}
	for _, port := range closed {
		taken[port] = true
	}
	var open []traffic
	for from, port := 1, 1; port <= last+1; port++ {
		if !taken[port] {
			continue
		}
		if from < port {
			open = append(open, tcp(from, port-1))
		}
		from = port + 1
	}
	return open
}

// parsePortRange reads 30000-32767, or a single port.
func parsePortRange(text string) (low, high int, ok bool) {
	first, second, isRange := strings.Cut(text, "-")
	low, err := strconv.Atoi(strings.TrimSpace(first))
	if !isRange {
		return low, low, err == nil && 0 < low && low <= 65535
	}
	high, err2 := strconv.Atoi(strings.TrimSpace(second))
	return low, high, err == nil && err2 == nil && 0 < low && low <= high && high <= 65535
}
