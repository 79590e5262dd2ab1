package desired

import (
	"cmp"
	"slices"
	"strings"

	"github.com/quorate/quorate/topology"
)

// defaultAudience is the one that kops's pods ask tokens for.
const defaultAudience = "amazonaws.com"

// thumbprints are those of the certificate authorities behind Amazon's own endpoints, which kops writes for
// every provider: IAM asks for some, and verifies S3 by its own list anyway.
var thumbprints = []string{"9e99a48a9960b14926bb7f3b02e22da2b0ab7280", "a9d53002e97e00e043244f3d170d6f4c414104fd"}

// oidcProviders make IAM trust the cluster's service accounts, if the manifest asks for it.
func (m manifest) oidcProviders() []topology.OIDCProvider {
	discovery := m.Spec.ServiceAccountIssuerDiscovery
	if !discovery.EnableAWSOIDCProvider {
		return nil
	}
	clients := append([]string{defaultAudience}, discovery.AdditionalAudiences...)
	slices.Sort(clients)
	return []topology.OIDCProvider{{
		Issuer:      m.issuer(),
		ClientIDs:   slices.Compact(clients),
		Thumbprints: thumbprints,
		Tags:        m.tags(m.Name()),
		Ownership:   topology.Owned,
	}}
}

// issuer is the URL that service-account tokens name as their issuer: the one that the manifest gives to the
// API servers, or where others can read how to verify the tokens; empty if that is nowhere.
func (m manifest) issuer() string {
	discovery := m.Spec.ServiceAccountIssuerDiscovery
	issuer := cmp.Or(m.Spec.KubeAPIServer.ServiceAccountIssuer, m.storeURL(discovery.DiscoveryStore), discovery.DiscoveryService.URL)
	return strings.TrimSuffix(issuer, "/")
}

// storeURL is where everybody can read a bucket. kops asks S3 which region a bucket is in; a manifest alone
// does not tell, so that it is taken to be in the cluster's. Stores in memory are those of kops's own tests.
func (m manifest) storeURL(store string) string {
	if path, ok := strings.CutPrefix(store, "memfs://"); ok {
		return "https://" + path
	}
	at, ok := parseStore(store, "")
	if !ok {
		return ""
	}
	return "https://" + at.bucket + ".s3." + m.region + "." + m.dnsSuffix() + "/" + at.path
}
