package simnet

import (
	"fmt"
	"net"
	"net/netip"
)

const (
	// The octets that Reserve hands out lie beyond those of private IPv4 ranges, which
	// the zero Network uses.
	firstReserved, lastReserved = 101, 254
	// reservedPort is where a reservation listens, on an address no machine gets: AWS
	// keeps the last address of every subnet for itself.
	reservedPort = 9
)

// Reserve finds a network that nobody else on this computer has reserved, so that
// tests of several processes do not meet on one address. It is the caller's until
// release is called or the process ends.
func Reserve() (n Network, release func(), err error) {
	for octet := byte(firstReserved); octet <= lastReserved; octet++ {
		claim := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, octet, 255, 255}), reservedPort+lowPorts)
		listener, listenErr := net.Listen("tcp", claim.String())
		if listenErr == nil {
			return Network{Octet: octet}, func() { _ = listener.Close() }, nil
		}
		err = listenErr
	}
	return Network{}, nil, fmt.Errorf("every simulated network of this computer is taken: %w", err)
}
