package kopskeys

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/quorate/quorate/internal/kopsstore"
)

// pair is an authority of a test, as kops's documents write it.
type pair struct {
	certificate *x509.Certificate
	key         *rsa.PrivateKey
}

func newPair(t *testing.T, name string) pair {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(10, 0, 0),
		KeyUsage: x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return pair{certificate, key}
}

func material(kind string, der []byte) string {
	return base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func (p pair) public() string { return material("CERTIFICATE", p.certificate.Raw) }
func (p pair) private() string {
	return material("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(p.key))
}

// entry is one key of a keyset; empty materials are left out.
func entry(id, public, private, distrusted string) string {
	text := "  - id: \"" + id + "\"\n"
	for field, value := range map[string]string{"publicMaterial": public, "privateMaterial": private, "distrustTimestamp": distrusted} {
		if value != "" {
			text += "    " + field + ": \"" + value + "\"\n"
		}
	}
	return text
}

func document(primary string, entries ...string) string {
	return "apiVersion: kops.k8s.io/v1alpha2\nkind: Keyset\nmetadata:\n  creationTimestamp: null\n  name: kubernetes-ca\nspec:\n  keys:\n" +
		strings.Join(entries, "") + "  primaryID: \"" + primary + "\"\n  type: Keypair\n"
}

// store is a folder with the documents below pki.
func store(t *testing.T, documents map[string]string) kopsstore.Store {
	t.Helper()
	dir := t.TempDir()
	for name, text := range documents {
		path := filepath.Join(dir, "pki", name, "keyset.yaml")
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := kopsstore.Open(t.Context(), dir, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// server has a certificate of the pair; it looks at those of clients as it is told, at the time of the clock, and says who they are and how
// long their certificate is good.
func (p pair) server(t *testing.T, clients tls.ClientAuthType, now func() time.Time) *httptest.Server {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0), DNSNames: []string{"api.ha.example.com"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, p.certificate, key.Public(), p.key)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(p.certificate)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := r.TLS.PeerCertificates[0]
		if now().After(c.NotAfter) {
			http.Error(w, "expired", http.StatusUnauthorized)
			return
		}
		fmt.Fprintf(w, "%s %v %s", c.Subject.CommonName, c.Subject.Organization, c.NotAfter.Sub(now()))
	}))
	s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, ClientAuth: clients, ClientCAs: roots, Time: now}
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func TestAnAuthoritySignsForAnAdministratorForAnHourAndAgainBeforeItIsOver(t *testing.T) {
	p := newPair(t, "kubernetes-ca")
	moment := time.Now()
	now := func() time.Time { return moment }
	server := p.server(t, tls.RequireAndVerifyClientCert, now)
	a, err := Open(t.Context(), store(t, map[string]string{"private/kubernetes-ca": document("1", entry("1", p.public(), p.private(), ""))}), "")
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: a.Transport(toServer(server), now)}
	for i := range 20 { // five hours, by one client
		answer, err := client.Get("https://api.ha.example.com/")
		if err != nil {
			t.Fatal(err)
		}
		said, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if !strings.HasPrefix(string(said), "quorate [system:masters] ") || answer.StatusCode != http.StatusOK {
			t.Fatalf("after %d quarters of an hour: %s: %s", i, answer.Status, said)
		}
		left, err := time.ParseDuration(string(said[strings.LastIndexByte(string(said), ' ')+1:]))
		if err != nil || left > time.Hour || left < 25*time.Minute {
			t.Errorf("after %d quarters of an hour %v of the certificate are left, %v", i, left, err)
		}
		moment = moment.Add(15 * time.Minute)
	}
}

func toServer(s *httptest.Server) Dial {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, s.Listener.Addr().String())
	}
}

func TestAServerOfAnotherAuthorityIsNotBelieved(t *testing.T) {
	p, stranger := newPair(t, "kubernetes-ca"), newPair(t, "kubernetes-ca")
	server := stranger.server(t, tls.RequireAnyClientCert, time.Now) // it takes whoever comes
	a, err := authorityOf([]byte(document("1", entry("1", p.public(), p.private(), ""))))
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: a.Transport(toServer(server), nil)}
	answer, err := client.Get("https://api.ha.example.com/")
	if err == nil {
		answer.Body.Close()
	}
	if _, unknown := errors.AsType[x509.UnknownAuthorityError](err); !unknown {
		t.Errorf("an administrator spoke to a stranger: %v", err)
	}
}

func TestKeysetsOfEveryAgeAreRead(t *testing.T) {
	p, old := newPair(t, "new"), newPair(t, "old")
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(p.key)
	if err != nil {
		t.Fatal(err)
	}
	ecDER, err := x509.MarshalECPrivateKey(ec)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		documents map[string]string
		wrong     string // empty if it is fine
	}{
		"as kops writes it":              {map[string]string{"private/kubernetes-ca": document("1", entry("1", p.public(), p.private(), ""))}, ""},
		"under the name before 1.22":     {map[string]string{"private/ca": document("1", entry("1", p.public(), p.private(), ""))}, ""},
		"with a key that is rotated out": {map[string]string{"private/kubernetes-ca": document("2", entry("1", old.public(), "", "2026-01-01T00:00:00Z"), entry("2", p.public(), p.private(), ""))}, ""},
		"in PKCS #8":                     {map[string]string{"private/kubernetes-ca": document("1", entry("1", p.public(), material("PRIVATE KEY", pkcs8), ""))}, ""},
		"the key of another pair":        {map[string]string{"private/kubernetes-ca": document("1", entry("1", p.public(), old.private(), ""))}, "does not belong"},
		"an elliptic key of another":     {map[string]string{"private/kubernetes-ca": document("1", entry("1", p.public(), material("EC PRIVATE KEY", ecDER), ""))}, "does not belong"},
		"no key under the primary":       {map[string]string{"private/kubernetes-ca": document("2", entry("1", old.public(), old.private(), ""), entry("2", p.public(), "", ""))}, "no private key under its primaryID"},
		"a distrusted primary":           {map[string]string{"private/kubernetes-ca": document("1", entry("1", p.public(), p.private(), "2026-01-01T00:00:00Z"))}, "no certificate under its primaryID"},
		"a bundle of another kind":       {map[string]string{"private/kubernetes-ca": "kind: Secret\n"}, "no Keyset document"},
		"a key that is not base64":       {map[string]string{"private/kubernetes-ca": document("1", entry("1", p.public(), "***", ""))}, "not base64"},
		"nothing":                        {nil, "kubernetes-ca"},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := Open(t.Context(), store(t, c.documents), "")
			if c.wrong == "" && (err != nil || a.certificate.Subject.CommonName != "new") {
				t.Errorf("%v, %v", a, err)
			}
			if c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong)) {
				t.Errorf("got %v, want %q", err, c.wrong)
			}
		})
	}
}

func TestThePublicHalfTellsTheTrustedCertificates(t *testing.T) {
	p, next, gone := newPair(t, "now"), newPair(t, "next"), newPair(t, "gone")
	s := store(t, map[string]string{"issued/kubernetes-ca": document("1",
		entry("1", p.public(), "", ""), entry("2", next.public(), "", ""), entry("0", gone.public(), "", "2026-01-01T00:00:00Z"))})
	all, err := Certificates(t.Context(), s, "")
	if err != nil || len(all) != 2 || !all[0].Primary || all[1].Primary || all[1].Subject.CommonName != "next" {
		t.Errorf("%v, %v", all, err)
	}
}

func TestAKeyIsNeverPrinted(t *testing.T) {
	p := newPair(t, "kubernetes-ca")
	text := document("1", entry("1", p.public(), p.private(), ""))
	a, err := authorityOf([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "%v %+v %#v %s", a, a, a, a)
	slog.New(slog.NewTextHandler(&out, nil)).Info("look", "authority", a)
	_, wrong := authorityOf([]byte(strings.Replace(text, "kind: Keyset", "kind: [Keyset", 1)))
	fmt.Fprintln(&out, wrong)
	for _, secret := range []string{p.private()[100:140], p.key.D.String(), p.key.Primes[0].String()} {
		if strings.Contains(out.String(), secret) {
			t.Errorf("a key is in %s", &out)
		}
	}
}
