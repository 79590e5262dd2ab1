package desired

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/quorate/quorate/desired/kopsspec"
	"github.com/quorate/quorate/topology"
)

// machineRole ties a role of the manifest to its IAM role.
type machineRole struct {
	role   kopsspec.Role
	prefix string   // of the IAM role's name
	keys   []string // by which additionalPolicies and externalPolicies name it
	grant  func(manifest) []statement
}

// machineRoles are the IAM roles that kops makes for machines.
var machineRoles = []machineRole{
	{kopsspec.ControlPlane, "masters", []string{"control-plane", "master"}, manifest.controlPlaneStatements},
	{kopsspec.Node, "nodes", []string{"node"}, manifest.workerStatements},
	{kopsspec.Bastion, "bastions", []string{"bastion"}, func(manifest) []statement { return nil }},
	{kopsspec.APIServer, "apiservers", []string{"apiserver"}, manifest.apiServerStatements},
}

// ownMachineRoles are the roles to make: those of the groups that bring no instance profile, and always
// those of the control plane and the workers.
func (m manifest) ownMachineRoles() []machineRole {
	var own []machineRole
	for _, r := range machineRoles {
		groups := m.ofRole(r.role)
		always := r.role == kopsspec.ControlPlane || r.role == kopsspec.Node
		needed := slices.ContainsFunc(groups, func(g kopsspec.InstanceGroup) bool { return g.Spec.IAM.Profile == "" })
		if needed || always && len(groups) == 0 {
			own = append(own, r)
		}
	}
	return own
}

func (m manifest) iamRoles() []topology.IAMRole {
	var roles []topology.IAMRole
	for _, r := range m.ownMachineRoles() {
		name := m.roleName(r.prefix)
		roles = append(roles, topology.IAMRole{
			Name:                name,
			TrustPolicy:         document(statement{Effect: "Allow", Principal: m.ec2Service(), Action: []string{"sts:AssumeRole"}}),
			InlinePolicies:      m.inlinePolicies(r, name),
			ManagedPolicies:     m.managedPolicies(r),
			PermissionsBoundary: m.Spec.IAM.PermissionsBoundary,
			Tags:                m.tags(name),
			Ownership:           topology.Owned,
		})
	}
	return append(roles, m.accountRoles()...)
}

// ec2Service is who may use a machine's role.
func (m manifest) ec2Service() map[string]string {
	return map[string]string{"Service": "ec2." + m.dnsSuffix()}
}

func (m manifest) inlinePolicies(r machineRole, name string) []topology.InlinePolicy {
	var policies []topology.InlinePolicy
	for _, key := range r.keys {
		if text := m.Spec.AdditionalPolicies[key]; text != "" {
			statements, _ := parseStatements(text)
			policies = append(policies, topology.InlinePolicy{Name: "additional." + name, Document: document(statements...)})
			break
		}
	}
	if statements := r.grant(m); len(statements) > 0 {
		policies = append(policies, topology.InlinePolicy{Name: name, Document: document(statements...)})
	}
	slices.SortFunc(policies, func(a, b topology.InlinePolicy) int { return cmp.Compare(a.Name, b.Name) })
	return policies
}

// parseStatements reads the JSON list of statements that additionalPolicies holds.
func parseStatements(text string) ([]any, error) {
	var statements []any
	err := json.Unmarshal([]byte(text), &statements)
	return statements, err
}

func (m manifest) managedPolicies(r machineRole) []string {
	var arns []string
	for _, key := range r.keys {
		arns = append(arns, m.Spec.ExternalPolicies[key]...)
	}
	slices.Sort(arns)
	return slices.Compact(arns)
}

// document is a policy document in canonical form. Its statements are plain data, so that encoding them
// cannot fail.
func document[S any](statements ...S) string {
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements})
	if err != nil {
		panic("a policy is plain data: " + err.Error())
	}
	canonical, err := topology.CanonicalPolicy(string(text))
	if err != nil {
		panic("a policy that was just encoded does not decode: " + err.Error())
	}
	return canonical
}

// instanceProfileRef is the profile of a group's machines: its own by ARN, or that of its role.
func (m manifest) instanceProfileRef(g kopsspec.InstanceGroup) topology.Ref {
	if arn := g.Spec.IAM.Profile; arn != "" {
		return topology.Ref{Kind: topology.KindInstanceProfile, Name: arn[strings.LastIndex(arn, "/")+1:]}
	}
	i := slices.IndexFunc(machineRoles, func(r machineRole) bool { return r.role == g.Role() })
	return topology.Ref{Kind: topology.KindInstanceProfile, Name: m.roleName(machineRoles[i].prefix)}
}
