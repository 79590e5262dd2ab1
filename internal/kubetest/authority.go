package kubetest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Authority is a certificate authority like the one that kops makes for a cluster. All is PEM.
type Authority struct {
	Certificate, Key []byte

	signs *x509.Certificate
	key   *rsa.PrivateKey
}

// authorityLife is that of kops's authorities.
const authorityLife = 10 * 365 * 24 * time.Hour

func newAuthority(t testing.TB) Authority {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "kubernetes-ca"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(authorityLife),
		KeyUsage: x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	signs, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return Authority{Certificate: pemOf("CERTIFICATE", der), Key: pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)), signs: signs, key: key}
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// serving writes what the API server shows, under its address and the names of the clusters of tests, and the
// authority's certificate beside it.
func (a Authority) serving(t testing.TB, folder string) (certificate, key string) {
	t.Helper()
	pair, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "kubernetes-master"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(365 * 24 * time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		DNSNames: []string{"localhost", "api.ha.example.com", "api.small.example.com"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.signs, pair.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, key = filepath.Join(folder, "server.crt"), filepath.Join(folder, "server.key")
	for name, data := range map[string][]byte{
		certificate: pemOf("CERTIFICATE", der), key: pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(pair)), filepath.Join(folder, "ca.crt"): a.Certificate,
	} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certificate, key
}

// Keyset is the document that kops keeps in a state store: the half with the private key, or the other.
func (a Authority) Keyset(private bool) []byte {
	const id = "7411036785329271808923456789"
	secret := ""
	if private {
		secret = fmt.Sprintf("    privateMaterial: %s\n", base64.StdEncoding.EncodeToString(a.Key))
	}
	return fmt.Appendf(nil, `apiVersion: kops.k8s.io/v1alpha2
kind: Keyset
metadata:
  creationTimestamp: null
  name: kubernetes-ca
spec:
  keys:
  - id: "%s"
%s    publicMaterial: %s
  primaryID: "%s"
  type: Keypair
`, id, secret, base64.StdEncoding.EncodeToString(a.Certificate), id)
}
