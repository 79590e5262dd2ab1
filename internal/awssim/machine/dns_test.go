package machine

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"

	"github.com/quorate/quorate/internal/awssim/simnet"
)

func TestNamesResolveToWhereTheSimulatedAddressIsReached(t *testing.T) {
	n := newNames()
	n.set("etcd-a.internal.ha.example.com", netip.MustParseAddr("172.20.1.5"))
	s, err := serveDNS(n, simnet.Network{Octet: 77})
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", s.addr())
	}}
	for _, name := range []string{"etcd-a.internal.ha.example.com", "ETCD-A.internal.HA.example.com."} {
		got, err := resolver.LookupHost(t.Context(), name)
		if err != nil || len(got) != 1 || got[0] != "127.77.1.5" {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if got, err := resolver.LookupNetIP(t.Context(), "ip6", "etcd-a.internal.ha.example.com"); len(got) > 0 {
		t.Errorf("IPv6: %v, %v", got, err)
	}
	_, err = resolver.LookupHost(t.Context(), "etcd-b.internal.ha.example.com.")
	if dns, ok := errors.AsType[*net.DNSError](err); !ok || !dns.IsNotFound {
		t.Errorf("a name that is not there: %v", err)
	}

	n.set("etcd-a.internal.ha.example.com", netip.MustParseAddr("172.20.9.9"))
	if got, err := resolver.LookupHost(t.Context(), "etcd-a.internal.ha.example.com"); err != nil || got[0] != "127.77.9.9" {
		t.Errorf("after its machine was replaced: %v, %v", got, err)
	}
}

func TestNonsenseGetsNoAnswer(t *testing.T) {
	s := &server{names: newNames()}
	for _, query := range []string{"", "x", "\x00\x00\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", "GET / HTTP/1.1\r\n\r\n"} {
		if answer, err := s.answer([]byte(query)); err == nil {
			t.Errorf("%q got %q", query, answer)
		}
	}
}

func TestDialingANameThatIsNotThereAsksNobodyElse(t *testing.T) {
	l := newLab(t)
	_, err := l.DialContext(t.Context(), "tcp", "localhost:80")
	if dns, ok := errors.AsType[*net.DNSError](err); !ok || !dns.IsNotFound {
		t.Errorf("got %v", err)
	}
}
