package kopskeys

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/quorate/quorate/internal/kopsstore"
)

// lifetime is how long a client certificate is good for. It is no more than kops gives by --admin unasked
// (18 h) and no less than a pass takes.
const lifetime = time.Hour

// Who the certificates say that we are. The organization is the group that Kubernetes lets do everything.
const (
	commonName   = "quorate"
	organization = "system:masters"
)

// An Authority may sign for a cluster.
type Authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
	roots       *x509.CertPool
}

// String keeps the key out of what is printed.
func (Authority) String() string { return "the certificate authority of a cluster" }

// GoString is [Authority.String], for %#v.
func (a Authority) GoString() string { return a.String() }

// Open reads the authority of a cluster with its private key. The folder is the cluster's in the store.
func Open(ctx context.Context, s kopsstore.Store, folder string) (Authority, error) {
	return firstOf(func(name string) (Authority, error) {
		data, err := kopsstore.ReadPrivateKeyset(ctx, s, folder, name)
		if err != nil {
			return Authority{}, err
		}
		a, err := authorityOf(data)
		if err != nil {
			return Authority{}, fmt.Errorf("read keyset %s: %w", name, err)
		}
		return a, nil
	})
}

func authorityOf(data []byte) (Authority, error) {
	k, err := parse(data)
	if err != nil {
		return Authority{}, err
	}
	all, err := k.certificates()
	if err != nil {
		return Authority{}, err
	}
	a := Authority{roots: x509.NewCertPool()}
	for _, c := range all {
		a.roots.AddCert(c.Certificate)
		if c.Primary {
			a.certificate = c.Certificate
		}
	}
	if a.certificate == nil {
		return Authority{}, errors.New("it has no certificate under its primaryID")
	}
	if a.key, err = k.signer(); err != nil {
		return Authority{}, err
	}
	if of, ok := a.key.Public().(interface{ Equal(crypto.PublicKey) bool }); !ok || !of.Equal(a.certificate.PublicKey) {
		return Authority{}, errors.New("its private key does not belong to its certificate")
	}
	return a, nil
}

// client signs a certificate for a new key, which nobody else sees.
func (a Authority) client(now time.Time) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: commonName, Organization: []string{organization}},
		NotBefore:    now.Add(-5 * time.Minute), // clocks differ
		NotAfter:     now.Add(lifetime),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, key.Public(), a.key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("sign a client certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
