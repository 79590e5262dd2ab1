package awssim_test

import (
	"crypto/md5"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

// sshKey makes the authorized_keys form of a public key out of its parts (RFC 4253).
func sshKey(parts ...[]byte) (line string, blob []byte) {
	for _, p := range parts {
		blob = binary.BigEndian.AppendUint32(blob, uint32(len(p)))
		blob = append(blob, p...)
	}
	return string(parts[0]) + " " + base64.StdEncoding.EncodeToString(blob) + " somebody@somewhere", blob
}

func TestFingerprintsAreThoseOfAWS(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	n := new(big.Int).Lsh(big.NewInt(0xc0ffee), 2024)
	rsaLine, _ := sshKey([]byte("ssh-rsa"), []byte{1, 0, 1}, append([]byte{0}, n.Bytes()...))
	der, err := x509.MarshalPKIXPublicKey(&rsa.PublicKey{N: n, E: 65537})
	if err != nil {
		t.Fatal(err)
	}
	edLine, edBlob := sshKey([]byte("ssh-ed25519"), []byte(strings.Repeat("k", 32)))
	sum := sha256.Sum256(edBlob)
	for _, c := range []struct{ name, line, kind, want string }{
		{"RSA: MD5 of the DER form", rsaLine, "rsa", strings.ReplaceAll(fmt.Sprintf("% x", md5.Sum(der)), " ", ":")},
		{"ED25519: SHA-256 of the SSH form", edLine, "ed25519", base64.StdEncoding.EncodeToString(sum[:])},
	} {
		t.Run(c.name, func(t *testing.T) {
			call(w.ec2.ImportKeyPair(ctx, &ec2.ImportKeyPairInput{KeyName: &c.kind, PublicKeyMaterial: []byte(c.line)})).must(t)
			k := call(w.ec2.DescribeKeyPairs(ctx, &ec2.DescribeKeyPairsInput{KeyNames: []string{c.kind}, IncludePublicKey: aws.Bool(true)})).must(t).KeyPairs[0]
			if *k.KeyFingerprint != c.want || string(k.KeyType) != c.kind {
				t.Errorf("%s %s, want %s", k.KeyType, *k.KeyFingerprint, c.want)
			}
			if !strings.HasPrefix(c.line, strings.TrimSuffix(*k.PublicKey, " "+c.kind)) {
				t.Errorf("public key %s", *k.PublicKey)
			}
		})
	}
}

func TestKeyPairsHaveOneNameEach(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	line, _ := sshKey([]byte("ssh-ed25519"), []byte(strings.Repeat("k", 32)))
	load := func(name, material string) func() error {
		return func() error {
			return only(w.ec2.ImportKeyPair(ctx, &ec2.ImportKeyPairInput{KeyName: &name, PublicKeyMaterial: []byte(material)}))
		}
	}
	remove := func() error {
		return only(w.ec2.DeleteKeyPair(ctx, &ec2.DeleteKeyPairInput{KeyName: aws.String("a")}))
	}
	try(t, []refusal{
		{"a key", load("a", line), ""},
		{"the name again", load("a", line), "InvalidKeyPair.Duplicate"},
		{"no key", load("b", "hello"), "InvalidKey.Format"},
		{"half a key", load("b", line[:30]), "InvalidKey.Format"},
		{"deleting it", remove, ""},
		{"deleting it again is no error", remove, ""},
		{"looking for it is", func() error {
			return only(w.ec2.DescribeKeyPairs(ctx, &ec2.DescribeKeyPairsInput{KeyNames: []string{"a"}}))
		}, "InvalidKeyPair.NotFound"},
	})
}
