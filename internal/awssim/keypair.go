package awssim

import (
	"crypto/md5"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"math/big"
	"strings"
	"time"
)

// keyPair is an imported SSH public key.
type keyPair struct {
	ID          string
	Name        string
	Type        string // rsa or ed25519
	Fingerprint string
	PublicKey   string
	Created     time.Time
}

type importKeyPairInput struct {
	KeyName           string
	PublicKeyMaterial []byte
	tagging
}

type importKeyPairOutput struct {
	ID          string     `xml:"keyPairId"`
	Name        string     `xml:"keyName"`
	Fingerprint string     `xml:"keyFingerprint"`
	Tags        items[tag] `xml:"tagSet"`
}

func (w *world) importKeyPair(in importKeyPairInput) (importKeyPairOutput, error) {
	tags, err := in.tagsFor("key-pair")
	if err != nil {
		return importKeyPairOutput{}, err
	}
	if in.KeyName == "" {
		return importKeyPairOutput{}, missing("KeyName")
	}
	if w.keyPairNamed(in.KeyName) != nil {
		return importKeyPairOutput{}, refuse("InvalidKeyPair.Duplicate", "The keypair already exists")
	}
	k, err := parsePublicKey(in.PublicKeyMaterial)
	if err != nil {
		return importKeyPairOutput{}, err
	}
	k.ID, k.Name, k.Created = w.newID("key"), in.KeyName, w.now()
	w.KeyPairs[k.ID] = k
	w.tag(k.ID, tags)
	return importKeyPairOutput{k.ID, k.Name, k.Fingerprint, w.tagSet(k.ID)}, nil
}

func (w *world) keyPairNamed(name string) *keyPair {
	for _, k := range w.KeyPairs {
		if k.Name == name {
			return k
		}
	}
	return nil
}

// parsePublicKey reads an authorized_keys line and computes the fingerprint as AWS does for
// imported keys: MD5 over the DER form of an RSA key, SHA-256 over the SSH form of an ED25519 key.
func parsePublicKey(material []byte) (*keyPair, error) {
	malformed := refuse("InvalidKey.Format", "Key is not in valid OpenSSH public key format")
	fields := strings.Fields(string(material))
	if len(fields) < 2 {
		return nil, malformed
	}
	blob, err := base64.StdEncoding.DecodeString(fields[1])
	if err != nil {
		return nil, malformed
	}
	parts := sshStrings(blob)
	if len(parts) == 0 || string(parts[0]) != fields[0] {
		return nil, malformed
	}
	k := &keyPair{PublicKey: fields[0] + " " + fields[1]}
	switch {
	case fields[0] == "ssh-rsa" && len(parts) == 3:
		k.Type = "rsa"
		k.Fingerprint, err = rsaFingerprint(parts[1], parts[2])
	case fields[0] == "ssh-ed25519" && len(parts) == 2:
		k.Type = "ed25519"
		sum := sha256.Sum256(blob)
		k.Fingerprint = base64.StdEncoding.EncodeToString(sum[:])
	default:
		return nil, malformed
	}
	if err != nil {
		return nil, malformed
	}
	return k, nil
}

// sshStrings splits the length-prefixed fields of RFC 4251; nil if they do not fit.
func sshStrings(blob []byte) [][]byte {
	var parts [][]byte
	for len(blob) > 0 {
		if len(blob) < 4 {
			return nil
		}
		n := int(binary.BigEndian.Uint32(blob))
		blob = blob[4:]
		if n > len(blob) {
			return nil
		}
		parts, blob = append(parts, blob[:n]), blob[n:]
	}
	return parts
}

func rsaFingerprint(e, n []byte) (string, error) {
	key := &rsa.PublicKey{E: int(new(big.Int).SetBytes(e).Int64()), N: new(big.Int).SetBytes(n)}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return "", err
	}
	var pairs []string
	for _, b := range md5.Sum(der) {
		pairs = append(pairs, hex.EncodeToString([]byte{b}))
	}
	return strings.Join(pairs, ":"), nil
}

var keyPairFilters = filterTable[*keyPair]{
	"key-pair-id": func(_ *world, k *keyPair) []string { return one(k.ID) },
	"key-name":    func(_ *world, k *keyPair) []string { return one(k.Name) },
	"fingerprint": func(_ *world, k *keyPair) []string { return one(k.Fingerprint) },
}

type describeKeyPairsInput struct {
	IDs              []string `wire:"KeyPairId"`
	Names            []string `wire:"KeyName"`
	Filters          []filter `wire:"Filter"`
	IncludePublicKey bool
}

type describeKeyPairsOutput struct {
	Keys items[keyPairXML] `xml:"keySet"`
}

func (w *world) describeKeyPairs(in describeKeyPairsInput) (describeKeyPairsOutput, error) {
	for _, name := range in.Names {
		k := w.keyPairNamed(name)
		if k == nil {
			return describeKeyPairsOutput{}, refuse("InvalidKeyPair.NotFound", "The key pair '%s' does not exist", name)
		}
		in.IDs = append(in.IDs, k.ID)
	}
	list, _, err := describe(w, w.KeyPairs, in.IDs, query{Filters: in.Filters}, keyPairFilters, "InvalidKeyPair.NotFound")
	out := describeKeyPairsOutput{itemsOf(list, w.keyPairXML)}
	for i, k := range list {
		if in.IncludePublicKey {
			out.Keys.Items[i].PublicKey = k.PublicKey + " " + k.Name
		}
	}
	return out, err
}

type deleteKeyPairInput struct {
	Name string `wire:"KeyName"`
	ID   string `wire:"KeyPairId"`
}

type deleteKeyPairOutput struct {
	Return bool   `xml:"return"`
	ID     string `xml:"keyPairId,omitempty"`
}

// deleteKeyPair succeeds for keys that do not exist, as AWS does.
func (w *world) deleteKeyPair(in deleteKeyPairInput) (deleteKeyPairOutput, error) {
	k := w.KeyPairs[in.ID]
	if in.ID == "" {
		k = w.keyPairNamed(in.Name)
	}
	if k == nil {
		return deleteKeyPairOutput{Return: true}, nil
	}
	delete(w.KeyPairs, k.ID)
	delete(w.Tags, k.ID)
	return deleteKeyPairOutput{true, k.ID}, nil
}

type keyPairXML struct {
	ID          string     `xml:"keyPairId"`
	Name        string     `xml:"keyName"`
	Type        string     `xml:"keyType"`
	Fingerprint string     `xml:"keyFingerprint"`
	PublicKey   string     `xml:"publicKey,omitempty"`
	Created     time.Time  `xml:"createTime"`
	Tags        items[tag] `xml:"tagSet"`
}

func (w *world) keyPairXML(k *keyPair) keyPairXML {
	return keyPairXML{ID: k.ID, Name: k.Name, Type: k.Type, Fingerprint: k.Fingerprint, Created: k.Created, Tags: w.tagSet(k.ID)}
}
