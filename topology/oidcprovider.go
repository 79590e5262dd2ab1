package topology

import "strings"

// OIDCProvider makes IAM trust the tokens that a cluster issues to its service accounts.
type OIDCProvider struct {
	// Issuer is the HTTPS URL that the tokens name as their issuer.
	Issuer string `json:"issuer"`
	// ClientIDs are the audiences that tokens may be for, sorted.
	ClientIDs []string `json:"clientIDs"`
	// Thumbprints are SHA-1 fingerprints of the issuer's certificate authorities, in
	// lower-case hexadecimal, sorted.
	Thumbprints []string  `json:"thumbprints"`
	Tags        Tags      `json:"tags"`
	Ownership   Ownership `json:"ownership"`
}

// OIDCProviderRef names a provider as its ARN ends: by the issuer without its scheme.
func OIDCProviderRef(issuer string) Ref {
	return Ref{KindOIDCProvider, strings.TrimPrefix(issuer, "https://")}
}

func (p OIDCProvider) Ref() Ref         { return OIDCProviderRef(p.Issuer) }
func (OIDCProvider) Needs() []Ref       { return nil }
func (p OIDCProvider) Owner() Ownership { return p.Ownership }
func (p OIDCProvider) Labels() Tags     { return p.Tags }
func (OIDCProvider) resource()          {}
