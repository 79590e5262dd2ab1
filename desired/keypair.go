package desired

import (
	"crypto/md5" // AWS and kops name keys by it; nothing rests on it
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/quorate/quorate/topology"
)

// keyPairs makes the key pair of the stored public key, or expects the one that is given by name. An
// empty sshKeyName asks for none.
func (m manifest) keyPairs() []topology.KeyPair {
	switch name := m.Spec.SSHKeyName; {
	case name != nil && *name == "":
		return nil
	case name != nil:
		return []topology.KeyPair{{Name: *name, Ownership: topology.Shared}}
	case len(m.keys) == 0:
		return nil
	}
	key, _ := parsePublicKey(m.keys[0].Spec.PublicKey)
	return []topology.KeyPair{{
		Name:      "kubernetes." + m.Name() + "-" + key.fingerprint(),
		PublicKey: key.kind + " " + base64.StdEncoding.EncodeToString(key.blob),
		Tags:      m.tags(m.Name()),
		Ownership: topology.Owned,
	}}
}

// keyPairRef is zero when machines get no key.
func (m manifest) keyPairRef() topology.Ref {
	if pairs := m.keyPairs(); len(pairs) > 0 {
		return pairs[0].Ref()
	}
	return topology.Ref{}
}

// publicKey is a line of authorized_keys.
type publicKey struct {
	kind string
	blob []byte
}

func parsePublicKey(line string) (publicKey, error) {
	fields := strings.Fields(line)
	if len(fields) < 2 {
		return publicKey{}, errors.New("expected a line such as ssh-ed25519 AAAA…")
	}
	blob, err := base64.StdEncoding.DecodeString(fields[1])
	if err != nil {
		return publicKey{}, errors.New("the second word is not base64")
	}
	return publicKey{fields[0], blob}, nil
}

// fingerprint is the MD5 of the key in aa:bb:… form.
func (k publicKey) fingerprint() string {
	sum := md5.Sum(k.blob)
	return strings.ReplaceAll(fmt.Sprintf("% x", sum), " ", ":")
}
