// Package socks answers: how does a program outside reach the simulated machines?
//
// It is a SOCKS5 server (RFC 1928) that knows CONNECT without authentication, and
// opens connections with whatever dialer it is given. That is what ssh -D offers in
// front of a private cluster, so that programs reach simulated machines the way they
// reach real ones. Start at [Listen]. It imports only the standard library.
package socks

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"time"
)

// Dial opens a connection to a host, given by name or address, and a port.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

const (
	version        = 5
	noAuth         = 0
	noneAcceptable = 0xff
	connect        = 1
	ipv4, name     = 1, 3
	ipv6           = 4

	succeeded, unreachable, commandUnknown, addressUnknown = 0, 4, 7, 8

	handshakeLimit = 10 * time.Second
)

// Listen serves on an address until stop is called, which ends all connections. It
// returns the address it listens on.
func Listen(address string, dial Dial) (on string, stop func(), err error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "", nil, fmt.Errorf("SOCKS5 proxy: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var open sync.WaitGroup
	open.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			open.Go(func() { serve(ctx, client, dial) })
		}
	})
	return listener.Addr().String(), func() {
		cancel()
		_ = listener.Close()
		open.Wait()
	}, nil
}

// serve handles one client. What goes wrong concerns nobody but that client, who sees
// its connection end.
func serve(ctx context.Context, client net.Conn, dial Dial) {
	defer client.Close()
	unhook := context.AfterFunc(ctx, func() { _ = client.Close() })
	defer unhook()
	_ = client.SetDeadline(time.Now().Add(handshakeLimit))
	address, err := handshake(client)
	if err != nil {
		return
	}
	target, err := dial(ctx, "tcp", address)
	if err != nil {
		_ = reply(client, unreachable)
		return
	}
	defer target.Close()
	unhookTarget := context.AfterFunc(ctx, func() { _ = target.Close() })
	defer unhookTarget()
	if reply(client, succeeded) != nil {
		return
	}
	_ = client.SetDeadline(time.Time{})
	join(client, target)
}

// join copies both ways until one side ends.
func join(a, b net.Conn) {
	var both sync.WaitGroup
	for _, pair := range [][2]net.Conn{{a, b}, {b, a}} {
		both.Go(func() {
			_, _ = io.Copy(pair[0], pair[1])
			_ = pair[0].Close()
			_ = pair[1].Close()
		})
	}
	both.Wait()
}

// handshake agrees on no authentication and reads where the client wants to go.
func handshake(client net.Conn) (string, error) {
	var head [2]byte
	if _, err := io.ReadFull(client, head[:]); err != nil {
		return "", err
	}
	if head[0] != version {
		return "", errors.New("not SOCKS5")
	}
	methods := make([]byte, head[1])
	if _, err := io.ReadFull(client, methods); err != nil {
		return "", err
	}
	if !bytes.Contains(methods, []byte{noAuth}) {
		_, _ = client.Write([]byte{version, noneAcceptable})
		return "", errors.New("no method in common")
	}
	if _, err := client.Write([]byte{version, noAuth}); err != nil {
		return "", err
	}
	return request(client)
}

func request(client net.Conn) (string, error) {
	var head [4]byte // version, command, reserved, address type
	if _, err := io.ReadFull(client, head[:]); err != nil {
		return "", err
	}
	if head[1] != connect {
		return "", errors.Join(errors.New("not CONNECT"), reply(client, commandUnknown))
	}
	host, err := destination(client, head[3])
	if err != nil {
		return "", errors.Join(err, reply(client, addressUnknown))
	}
	var port [2]byte
	if _, err := io.ReadFull(client, port[:]); err != nil {
		return "", err
	}
	return net.JoinHostPort(host, strconv.Itoa(int(binary.BigEndian.Uint16(port[:])))), nil
}

func destination(client net.Conn, kind byte) (string, error) {
	size := map[byte]int{ipv4: 4, ipv6: 16}[kind]
	if kind == name {
		var length [1]byte
		if _, err := io.ReadFull(client, length[:]); err != nil {
			return "", err
		}
		size = int(length[0])
	}
	if size == 0 {
		return "", errors.New("unknown address type")
	}
	raw := make([]byte, size)
	if _, err := io.ReadFull(client, raw); err != nil {
		return "", err
	}
	if kind == name {
		return string(raw), nil
	}
	address, _ := netip.AddrFromSlice(raw)
	return address.String(), nil
}

// reply answers with a code; the bound address that RFC 1928 has in it is of no use
// to a CONNECT client, and is sent as zeros.
func reply(client net.Conn, code byte) error {
	_, err := client.Write([]byte{version, code, 0, ipv4, 0, 0, 0, 0, 0, 0})
	return err
}
