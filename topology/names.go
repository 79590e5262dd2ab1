package topology

import (
	"encoding/base32"
	"encoding/binary"
	"hash/fnv"
	"strings"
)

const (
	maxIAMName  = 64 // characters of a role or instance profile, an AWS limit
	nameHashLen = 6  // characters, kops's choice
)

// IAMName is the name that kops gives to a role or instance profile: the text
// itself, or its beginning and a hash where IAM has no room for all of it.
func IAMName(text string) string {
	if len(text) <= maxIAMName {
		return text
	}
	return HashedName(text, maxIAMName)
}

// HashedName shortens a text so that it fits the limit together with a dash and a
// hash of the whole text, by kops's rule.
func HashedName(text string, limit int) string {
	keep := min(len(text), limit-1-nameHashLen)
	return text[:keep] + "-" + nameHash(text)
}

// nameHash is FNV-1a in lower-case base32 with the extended-hex alphabet.
func nameHash(text string) string {
	h := fnv.New32a()
	h.Write([]byte(text))
	sum := binary.BigEndian.AppendUint32(nil, h.Sum32())
	return strings.ToLower(base32.HexEncoding.EncodeToString(sum))[:nameHashLen]
}
