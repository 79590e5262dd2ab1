package socks

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"

	"golang.org/x/net/proxy"
)

// echo listens and sends back what it gets.
func echo(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(c, c)
				_ = c.Close()
			}()
		}
	}()
	return listener.Addr().String()
}

func through(t *testing.T, dial Dial) proxy.Dialer {
	t.Helper()
	on, stop, err := Listen("127.0.0.1:0", dial)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	d, err := proxy.SOCKS5("tcp", on, nil, proxy.Direct)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestNamesAndAddressesReachTheDialer(t *testing.T) {
	target := echo(t)
	for _, want := range []string{"172.20.32.5:4001", "etcd-a.internal.ha.example.com:4001", "[fd00::1]:443"} {
		var asked string
		d := through(t, func(ctx context.Context, network, address string) (net.Conn, error) {
			asked = address
			return (&net.Dialer{}).DialContext(ctx, network, target)
		})
		c, err := d.Dial("tcp", want)
		if err != nil {
			t.Fatalf("%s: %v", want, err)
		}
		if _, err := c.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 5)
		if _, err := io.ReadFull(c, got); err != nil || string(got) != "hello" {
			t.Errorf("%s: read %q, %v", want, got, err)
		}
		if asked != want {
			t.Errorf("the dialer was asked for %s, want %s", asked, want)
		}
		_ = c.Close()
	}
}

func TestWhatCannotBeReachedIsRefused(t *testing.T) {
	d := through(t, func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no such machine") })
	if c, err := d.Dial("tcp", "172.20.32.5:4001"); err == nil {
		_ = c.Close()
		t.Error("a connection to nowhere was accepted")
	}
}

func TestWhoDoesNotSpeakSOCKS5IsHungUpOn(t *testing.T) {
	on, stop, err := Listen("127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	c, err := net.Dial("tcp", on)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write([]byte("GET / HTTP/1.1\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	if answer, _ := io.ReadAll(c); len(answer) > 2 {
		t.Errorf("got %q", answer)
	}
}
