// Package simnet answers one question: where on this computer is the simulated address 172.20.1.5?
//
// The machines and load balancers of the simulated region carry the private addresses of their VPC.
// Nothing on the computer answers there, so the network lives on loopback instead: 172.20.1.5 is
// reached at 127.20.1.5. Whatever dials a simulated address must be handed the dialer of this
// package by the wiring; the product itself never learns of it.
//
// Start reading at Network. The package imports only the standard library.
package simnet

import (
	"context"
	"fmt"
	"net"
	"net/netip"
)

// lowPorts is what is added to ports an ordinary user may not bind (below 1024).
const lowPorts = 10000

// Network maps simulated addresses to loopback addresses.
//
// The zero value keeps the second octet, so that two VPCs 172.20.0.0/16 and 172.21.0.0/16 stay
// apart. A non-zero Octet replaces it, so that test processes running side by side do not collide;
// such a network holds one /16.
type Network struct {
	Octet byte
}

// Addr gives the loopback address and port of a simulated one. Addresses that are not private IPv4
// addresses (10/8, 172.16/12, 192.168/16) are outside the simulation and come back unchanged.
func (n Network) Addr(simulated netip.AddrPort) netip.AddrPort {
	ip := simulated.Addr().Unmap()
	if !ip.Is4() || !ip.IsPrivate() {
		return simulated
	}
	octets := ip.As4()
	octets[0] = 127
	if n.Octet != 0 {
		octets[1] = n.Octet
	}
	return netip.AddrPortFrom(netip.AddrFrom4(octets), port(simulated.Port()))
}

// port moves privileged ports up; port 0 keeps its meaning of "any free port".
func port(p uint16) uint16 {
	if p > 0 && p < 1024 {
		return p + lowPorts
	}
	return p
}

// DialContext connects to a simulated address ("172.20.1.5:443"); names and addresses outside the
// simulation are dialled as they are. Its signature is that of net.Dialer.DialContext, for
// http.Transport, grpc.WithContextDialer and their like.
func (n Network) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, network, n.translate(address))
}

func (n Network) translate(address string) string {
	simulated, err := netip.ParseAddrPort(address)
	if err != nil {
		return address // a host name
	}
	return n.Addr(simulated).String()
}

// Listen listens (TCP) where dialers looking for the simulated address will arrive.
func (n Network) Listen(ctx context.Context, simulated netip.AddrPort) (net.Listener, error) {
	var c net.ListenConfig
	l, err := c.Listen(ctx, "tcp", n.Addr(simulated).String())
	if err != nil {
		return nil, fmt.Errorf("listen for %s: %w", simulated, err)
	}
	return l, nil
}
