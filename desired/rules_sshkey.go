package desired

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// sshKinds are the algorithms that EC2 imports keys of (Amazon EC2 User Guide, "Create a key pair for your Amazon EC2
// instance"). Others are fine for sshd and refused by ImportKeyPair.
var sshKinds = []string{"ssh-rsa", "ssh-ed25519"}

// problem says what EC2 would not like about a key; empty if nothing.
func (k publicKey) problem() string {
	inner, _, ok := takeString(k.blob)
	switch {
	case !slices.Contains(sshKinds, k.kind):
		return fmt.Sprintf("EC2 imports RSA and ED25519 keys, and no %s; make one with ssh-keygen -t ed25519", k.kind)
	case !ok || string(inner) != k.kind:
		return fmt.Sprintf("the key says that it is %s, but its content does not; copy the whole line of the .pub file", k.kind)
	}
	return ""
}

// takeString cuts the first string off a message of SSH: its length in four bytes, and as many bytes
// (RFC 4251, section 5).
func takeString(b []byte) (text, rest []byte, ok bool) {
	if len(b) < 4 {
		return nil, nil, false
	}
	n := int64(binary.BigEndian.Uint32(b))
	if b = b[4:]; n > int64(len(b)) {
		return nil, nil, false
	}
	return b[:n], b[n:], true
}
