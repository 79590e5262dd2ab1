package terraform

import (
	"path"
	"strconv"
	"strings"

	"github.com/quorate/quorate/topology"
)

func (d *document) iamRole(r topology.IAMRole) {
	d.add("aws_iam_role", label(r.Name), attrs{
		"name":                 r.Name,
		"assume_role_policy":   d.trustPolicy(r),
		"permissions_boundary": optional(r.PermissionsBoundary),
		"tags":                 r.Tags,
	})
	role := d.attribute(r.Ref(), "name")
	for _, p := range r.InlinePolicies {
		d.add("aws_iam_role_policy", label(p.Name), attrs{
			"name":   p.Name,
			"role":   role,
			"policy": d.policy(p.Document),
		})
	}
	for _, arn := range r.ManagedPolicies {
		d.add("aws_iam_role_policy_attachment", label(r.Name+"-"+path.Base(arn)), attrs{
			"role":       role,
			"policy_arn": arn,
		})
	}
}

// trustPolicy names the provider by its ARN, which only Terraform will know.
func (d *document) trustPolicy(r topology.IAMRole) string {
	if r.Provider.IsZero() {
		return r.TrustPolicy
	}
	return strings.ReplaceAll(r.TrustPolicy, strconv.Quote(r.Provider.String()), strconv.Quote(d.attribute(r.Provider, "arn")))
}
