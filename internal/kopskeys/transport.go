package kopskeys

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"
)

// Dial connects to an address.
type Dial = func(ctx context.Context, network, address string) (net.Conn, error)

// Transport speaks to the API servers of the cluster as an administrator. A nil dial goes directly, and a nil
// clock is the computer's.
//
// The API server looks at the certificate of a connection with every request, so connections are made anew,
// with another certificate, when half of its life is over.
func (a Authority) Transport(dial Dial, now func() time.Time) http.RoundTripper {
	if dial == nil {
		dial = (&net.Dialer{Timeout: 30 * time.Second}).DialContext
	}
	if now == nil {
		now = time.Now
	}
	return &renewing{authority: a, dial: dial, now: now}
}

// renewing is a transport with a certificate that does not run out.
type renewing struct {
	authority Authority
	dial      Dial
	now       func() time.Time

	mu      sync.Mutex
	current *http.Transport
	renew   time.Time
}

func (r *renewing) RoundTrip(request *http.Request) (*http.Response, error) {
	transport, err := r.transport()
	if err != nil {
		return nil, err
	}
	return transport.RoundTrip(request)
}

// transport is the one with a certificate that is young enough.
func (r *renewing) transport() (*http.Transport, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.now()
	if r.current != nil && now.Before(r.renew) {
		return r.current, nil
	}
	certificate, err := r.authority.client(now)
	if err != nil {
		return nil, err
	}
	if r.current != nil {
		r.current.CloseIdleConnections() // requests under way keep theirs until they end
	}
	r.renew = now.Add(lifetime / 2)
	r.current = &http.Transport{
		DialContext: r.dial, ForceAttemptHTTP2: true, IdleConnTimeout: 90 * time.Second, TLSHandshakeTimeout: 10 * time.Second,
		TLSClientConfig: &tls.Config{
			RootCAs: r.authority.roots, Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12, Time: r.now,
		},
	}
	return r.current, nil
}
