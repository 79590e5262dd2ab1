package desired

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/quorate/quorate/desired/kopsspec"
	"github.com/quorate/quorate/topology"
)

// userData is what a machine of the group boots from: the node configuration, followed by the parts that
// the manifest adds. Bastions are no part of the cluster and have only the latter.
func (m manifest) userData(g kopsspec.InstanceGroup) string {
	var parts []kopsspec.UserDataPart
	if g.Role() != kopsspec.Bastion {
		config := topology.UserData(m.nodeConfig(g))
		if len(g.Spec.AdditionalUserData) == 0 {
			return config
		}
		parts = append(parts, kopsspec.UserDataPart{Name: "quorate.yaml", Type: "text/cloud-config", Content: config})
	}
	return multipart(append(parts, g.Spec.AdditionalUserData...))
}

// multipart is the MIME archive that cloud-init reads. Its boundary follows from the content: it cannot
// occur in it, and equal content gives equal text.
func multipart(parts []kopsspec.UserDataPart) string {
	if len(parts) == 0 {
		return ""
	}
	sum := sha256.Sum256(fmt.Append(nil, parts))
	boundary := hex.EncodeToString(sum[:16])
	var b strings.Builder
	fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=%q\nMIME-Version: 1.0\n\n", boundary)
	for _, p := range parts {
		fmt.Fprintf(&b, "--%s\nContent-Type: %s\nContent-Disposition: attachment; filename=%q\nMIME-Version: 1.0\n\n%s\n",
			boundary, p.Type, p.Name, strings.TrimSuffix(p.Content, "\n"))
	}
	fmt.Fprintf(&b, "--%s--\n", boundary)
	return b.String()
}
