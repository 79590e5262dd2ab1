package machine

import (
	"context"
	"net"
	"net/netip"
	"strings"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/quorate/quorate/internal/awssim/simnet"
)

// ttl is short, because a member's name moves when its machine is replaced. The agents of real machines
// use a minute, which simulated time would not wait for.
const ttl = 1

// server is the DNS of the simulated network. It answers with loopback addresses, where the simulated ones
// are reached.
type server struct {
	conn    net.PacketConn
	names   *names
	network simnet.Network
}

func serveDNS(n *names, network simnet.Network) (*server, error) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{conn, n, network}
	go s.serve()
	return s, nil
}

func (s *server) addr() string { return s.conn.LocalAddr().String() }

func (s *server) close() { s.conn.Close() }

func (s *server) serve() {
	buffer := make([]byte, 512) // the most a query without EDNS may have (RFC 1035, 4.2.1)
	for {
		n, from, err := s.conn.ReadFrom(buffer)
		if err != nil {
			return // closed
		}
		answer, err := s.answer(buffer[:n])
		if err != nil {
			continue // what cannot be parsed gets no answer
		}
		_, _ = s.conn.WriteTo(answer, from) // who does not get it asks again
	}
}

func (s *server) answer(query []byte) ([]byte, error) {
	var p dnsmessage.Parser
	header, err := p.Start(query)
	if err != nil {
		return nil, err
	}
	question, err := p.Question()
	if err != nil {
		return nil, err
	}
	m := dnsmessage.Message{
		Header: dnsmessage.Header{
			ID: header.ID, Response: true, Authoritative: true,
			RecursionDesired: header.RecursionDesired, RecursionAvailable: true,
		},
		Questions: []dnsmessage.Question{question},
	}
	addr, known := s.names.lookup(question.Name.String())
	switch {
	case !known:
		m.RCode = dnsmessage.RCodeNameError
	case question.Type == dnsmessage.TypeA:
		m.Answers = []dnsmessage.Resource{s.record(question, addr)}
	}
	return m.Pack()
}

func (s *server) record(q dnsmessage.Question, addr netip.Addr) dnsmessage.Resource {
	return dnsmessage.Resource{
		Header: dnsmessage.ResourceHeader{Name: q.Name, Type: dnsmessage.TypeA, Class: q.Class, TTL: ttl},
		Body:   &dnsmessage.AResource{A: s.network.Addr(netip.AddrPortFrom(addr, 0)).Addr().As4()},
	}
}

// canonical is a name without case and without the final dot.
func canonical(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// DialContext connects from outside to a name or address of the simulated network, such as
// etcd-a.internal.ha.example.com:4001 or 172.20.1.5:443. Its signature is that of
// net.Dialer.DialContext. Each call asks the DNS, so a client follows a member to its next machine.
func (m *Machines) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return m.config.Network.DialContext(ctx, network, address)
	}
	addr, known := m.names.lookup(host)
	if !known {
		return nil, &net.DNSError{Err: "no such host", Name: host, Server: m.dns.addr(), IsNotFound: true}
	}
	return m.config.Network.DialContext(ctx, network, net.JoinHostPort(addr.String(), port))
}

// useResolver makes the DNS at a UDP address the one this whole process asks.
func useResolver(addr string) {
	net.DefaultResolver = &net.Resolver{
		PreferGo: true,
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "udp", addr)
		},
	}
}
