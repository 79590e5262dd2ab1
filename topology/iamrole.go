package topology

// IAMRole is a role with the policies written into it and attached to it.
type IAMRole struct {
	Name string `json:"name"`
	// TrustPolicy says who may assume the role. Policies are canonical JSON, as
	// [CanonicalPolicy] writes it. An ARN holds the number of the account, so Provider
	// stands in this one as its printed reference.
	TrustPolicy string `json:"trustPolicy"`
	// Provider vouches for who may assume a service account's role; zero for machines.
	Provider Ref `json:"provider,omitzero"`
	// InlinePolicies is sorted by name.
	InlinePolicies []InlinePolicy `json:"inlinePolicies"`
	// ManagedPolicies are ARNs, sorted; any other attached policy is a difference.
	ManagedPolicies []string `json:"managedPolicies"`
	// PermissionsBoundary is an ARN, or empty.
	PermissionsBoundary string    `json:"permissionsBoundary,omitempty"`
	Tags                Tags      `json:"tags"`
	Ownership           Ownership `json:"ownership"`
}

// InlinePolicy is a policy document that lives in its role.
type InlinePolicy struct {
	Name     string `json:"name"`
	Document string `json:"document"`
}

func (r IAMRole) Ref() Ref         { return Ref{KindIAMRole, r.Name} }
func (r IAMRole) Needs() []Ref     { return present(r.Provider) }
func (r IAMRole) Owner() Ownership { return r.Ownership }
func (r IAMRole) Labels() Tags     { return r.Tags }
func (IAMRole) resource()          {}
