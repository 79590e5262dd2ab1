package kopskeys

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"

	"go.yaml.in/yaml/v4"

	"github.com/quorate/quorate/internal/kopsstore"
)

// authorities are the names under which kops keeps the authority of Kubernetes; the second is that of kops
// before 1.22.
var authorities = []string{"kubernetes-ca", "ca"}

// keyset is kops's document of kind Keyset, in v1alpha2.
type keyset struct {
	Kind string `yaml:"kind"`
	Spec struct {
		PrimaryID string `yaml:"primaryID"`
		Keys      []item `yaml:"keys"`
	} `yaml:"spec"`
}

// item is one key pair: base64 of PEM. A key that is distrusted since some time counts no more.
type item struct {
	ID         string `yaml:"id"`
	Distrusted string `yaml:"distrustTimestamp"`
	Public     string `yaml:"publicMaterial"`
	Private    string `yaml:"privateMaterial"`
}

// parse says nothing of the text in its errors: it may be a key.
func parse(data []byte) (keyset, error) {
	var k keyset
	if err := yaml.Unmarshal(data, &k); err != nil || k.Kind != "Keyset" {
		return keyset{}, errors.New("it is no Keyset document as kops writes it")
	}
	return k, nil
}

// A Certificate is one of an authority's.
type Certificate struct {
	*x509.Certificate
	// ID is kops's name of the key pair.
	ID string
	// Primary is what signs now; the others are still trusted, or will sign next.
	Primary bool
}

// certificates are those that are trusted.
func (k keyset) certificates() ([]Certificate, error) {
	var all []Certificate
	for _, i := range k.Spec.Keys {
		if i.Distrusted != "" || i.Public == "" {
			continue
		}
		block, err := decode(i.Public)
		if err != nil {
			return nil, fmt.Errorf("certificate %s: %w", i.ID, err)
		}
		c, err := x509.ParseCertificate(block)
		if err != nil {
			return nil, fmt.Errorf("certificate %s: %w", i.ID, err)
		}
		all = append(all, Certificate{Certificate: c, ID: i.ID, Primary: i.ID == k.Spec.PrimaryID})
	}
	return all, nil
}

func decode(material string) ([]byte, error) {
	text, err := base64.StdEncoding.DecodeString(material)
	if err != nil {
		return nil, errors.New("it is not base64")
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("it is not PEM")
	}
	return block.Bytes, nil
}

// signer is the primary key. kops writes PKCS #1; the other forms are for keys that people brought along.
func (k keyset) signer() (crypto.Signer, error) {
	for _, i := range k.Spec.Keys {
		if i.ID != k.Spec.PrimaryID || i.Private == "" {
			continue
		}
		der, err := decode(i.Private)
		if err != nil {
			return nil, fmt.Errorf("private key %s: %w", i.ID, err)
		}
		if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
			return key, nil
		}
		if key, err := x509.ParseECPrivateKey(der); err == nil {
			return key, nil
		}
		key, err := x509.ParsePKCS8PrivateKey(der)
		signer, ok := key.(crypto.Signer)
		if err != nil || !ok {
			return nil, fmt.Errorf("private key %s: it is in no form that is known", i.ID)
		}
		return signer, nil
	}
	return nil, errors.New("it has no private key under its primaryID")
}

// Certificates reads the trusted certificates of the authority of a cluster, from the half of its keyset that
// is no secret. The folder is the cluster's in the store.
func Certificates(ctx context.Context, s kopsstore.Store, folder string) ([]Certificate, error) {
	return firstOf(func(name string) ([]Certificate, error) {
		data, err := s.Read(ctx, kopsstore.PublicKeyset(folder, name))
		if err != nil {
			return nil, err
		}
		k, err := parse(data)
		if err != nil {
			return nil, fmt.Errorf("read keyset %s: %w", name, err)
		}
		return k.certificates()
	})
}

// firstOf tries the names of the authority; what is wrong with the first of them is told.
func firstOf[T any](read func(name string) (T, error)) (T, error) {
	var first error
	for _, name := range authorities {
		found, err := read(name)
		if err == nil {
			return found, nil
		}
		if first == nil {
			first = err
		}
	}
	var none T
	return none, first
}
