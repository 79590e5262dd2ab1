package simnet_test

import (
	"io"
	"net"
	"net/netip"
	"testing"

	"github.com/quorate/quorate/internal/awssim/simnet"
)

func TestSimulatedAddressesLiveOnLoopback(t *testing.T) {
	for _, c := range []struct {
		name            string
		octet           byte
		simulated, want string
	}{
		{"the second octet is kept", 0, "172.20.1.5:4001", "127.20.1.5:4001"},
		{"an octet of one's own replaces it", 99, "172.20.1.5:4001", "127.99.1.5:4001"},
		{"a privileged port moves up", 0, "172.20.1.5:443", "127.20.1.5:10443"},
		{"the first unprivileged port stays", 0, "172.20.1.5:1024", "127.20.1.5:1024"},
		{"any port stays any port", 0, "172.20.1.5:0", "127.20.1.5:0"},
		{"10/8 is simulated too", 0, "10.1.2.3:80", "127.1.2.3:10080"},
		{"an IPv4 address in IPv6 dress is the same address", 0, "[::ffff:172.20.1.5]:4001", "127.20.1.5:4001"},
		{"loopback is itself", 7, "127.0.0.1:80", "127.0.0.1:80"},
		{"public addresses are outside", 7, "52.1.2.3:443", "52.1.2.3:443"},
		{"IPv6 is outside", 7, "[2600::1]:443", "[2600::1]:443"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := simnet.Network{Octet: c.octet}.Addr(netip.MustParseAddrPort(c.simulated))
			if got.String() != c.want {
				t.Errorf("Addr(%s) = %s, want %s", c.simulated, got, c.want)
			}
		})
	}
}

func TestDialerFindsTheListenerOfASimulatedAddress(t *testing.T) {
	n := simnet.Network{Octet: 231}
	l, err := n.Listen(t.Context(), netip.MustParseAddrPort("172.20.9.9:0"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err == nil {
			io.WriteString(c, "hello")
			c.Close()
		}
	}()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	conn, err := n.DialContext(t.Context(), "tcp", "172.20.9.9:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	got, err := io.ReadAll(conn)
	if err != nil || string(got) != "hello" {
		t.Errorf("read %q, %v", got, err)
	}
}
