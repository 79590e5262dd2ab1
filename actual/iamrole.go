package actual

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/quorate/quorate/topology"
)

type iamRoleReader interface {
	GetRole(context.Context, *iam.GetRoleInput, ...func(*iam.Options)) (*iam.GetRoleOutput, error)
	ListRolePolicies(context.Context, *iam.ListRolePoliciesInput, ...func(*iam.Options)) (*iam.ListRolePoliciesOutput, error)
	GetRolePolicy(context.Context, *iam.GetRolePolicyInput, ...func(*iam.Options)) (*iam.GetRolePolicyOutput, error)
	ListAttachedRolePolicies(context.Context, *iam.ListAttachedRolePoliciesInput, ...func(*iam.Options)) (*iam.ListAttachedRolePoliciesOutput, error)
}

type iamRoleAnswers struct {
	found    []iamtypes.Role
	policies []inlinePolicy
	managed  map[string][]string // ARNs by role name
}

// inlinePolicy is a policy of a role, with its document as IAM writes it.
type inlinePolicy struct{ role, name, document string }

// roleNames are the names of the wanted roles, and those that kops gives to the roles
// of machines. IAM cannot be searched by tag.
func (o *observation) roleNames() []string {
	names := o.wanted(topology.KindIAMRole)
	for _, prefix := range []string{"masters", "nodes", "bastions", "apiservers"} {
		names = append(names, topology.IAMName(prefix+"."+o.scope.Cluster))
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func lookIAMRoles(ctx context.Context, o *observation) error {
	roles, err := each(ctx, o.roleNames(), o.role)
	o.roles.found = existing(roles)
	return err
}

// existing drops what was not found.
func existing[T any](answers []*T) []T {
	var found []T
	for _, a := range answers {
		if a != nil {
			found = append(found, *a)
		}
	}
	return found
}

// lookPolicyNames asks which policies the cluster's own roles have.
func lookPolicyNames(ctx context.Context, o *observation) error {
	type question struct {
		role string
		ask  func(ctx context.Context, role string) ([]string, error)
	}
	var questions []question
	for _, role := range o.ownRoles() {
		questions = append(questions, question{role, o.inlineNames}, question{role, o.managedARNs})
	}
	answers, err := each(ctx, questions, func(ctx context.Context, q question) ([]string, error) { return q.ask(ctx, q.role) })
	o.roles.managed = map[string][]string{}
	for i := 0; i < len(questions); i += 2 {
		role := questions[i].role
		for _, policy := range answers[i] {
			o.roles.policies = append(o.roles.policies, inlinePolicy{role: role, name: policy})
		}
		o.roles.managed[role] = answers[i+1]
	}
	return err
}

func (o *observation) ownRoles() []string {
	var names []string
	for _, r := range o.roles.found {
		if o.owns(iamTags(r.Tags)) {
			names = append(names, aws.ToString(r.RoleName))
		}
	}
	return names
}

func (o *observation) inlineNames(ctx context.Context, role string) ([]string, error) {
	pages := iam.NewListRolePoliciesPaginator(o.clients.IAM, &iam.ListRolePoliciesInput{RoleName: &role, MaxItems: page1000})
	return everything(ctx, pages, func(p *iam.ListRolePoliciesOutput) []string { return p.PolicyNames })
}

func (o *observation) managedARNs(ctx context.Context, role string) ([]string, error) {
	pages := iam.NewListAttachedRolePoliciesPaginator(o.clients.IAM, &iam.ListAttachedRolePoliciesInput{RoleName: &role, MaxItems: page1000})
	return everything(ctx, pages, func(p *iam.ListAttachedRolePoliciesOutput) []string {
		var arns []string
		for _, a := range p.AttachedPolicies {
			arns = append(arns, aws.ToString(a.PolicyArn))
		}
		return arns
	})
}

func lookInlinePolicies(ctx context.Context, o *observation) (err error) {
	o.roles.policies, err = each(ctx, o.roles.policies, func(ctx context.Context, p inlinePolicy) (inlinePolicy, error) {
		out, err := o.clients.IAM.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: &p.role, PolicyName: &p.name})
		if err == nil {
			p.document = aws.ToString(out.PolicyDocument)
		}
		return p, err
	})
	return err
}

func convertIAMRoles(o *observation) error {
	for _, r := range o.roles.found {
		name, tags := aws.ToString(r.RoleName), iamTags(r.Tags)
		if !o.owns(tags) {
			o.leave(candidate{topology.KindIAMRole, name, tags, aws.ToTime(r.CreateDate)}, foreignName)
			continue
		}
		if err := o.addRole(r); err != nil {
			return err
		}
	}
	return nil
}

func (o *observation) addRole(r iamtypes.Role) error {
	name := aws.ToString(r.RoleName)
	trust, provider, err := o.trust(r)
	if err != nil {
		return fmt.Errorf("trust policy of %s: %w", name, err)
	}
	inline, err := o.inlinePolicies(name)
	if err != nil {
		return err
	}
	role := topology.IAMRole{
		Name: name, TrustPolicy: trust, Provider: provider, InlinePolicies: inline, ManagedPolicies: slices.Sorted(slices.Values(o.roles.managed[name])),
		Tags: iamTags(r.Tags), Ownership: topology.Owned,
	}
	if r.PermissionsBoundary != nil {
		role.PermissionsBoundary = aws.ToString(r.PermissionsBoundary.PermissionsBoundaryArn)
	}
	o.add(name, role)
	return nil
}

// trust is who may assume a role. A provider of the cluster's own stands in it as its
// reference.
func (o *observation) trust(r iamtypes.Role) (policy string, provider topology.Ref, err error) {
	policy, err = policyDocument(aws.ToString(r.AssumeRolePolicyDocument))
	for _, p := range o.oidcProviders.found {
		ref, ours := o.refs[p.arn]
		if arn := strconv.Quote(p.arn); ours && strings.Contains(policy, arn) {
			return strings.ReplaceAll(policy, arn, strconv.Quote(ref.String())), ref, err
		}
	}
	return policy, topology.Ref{}, err
}

// foreignName is why something with a name of ours, which is all that IAM lets us look
// for, is left alone.
const foreignName = "it has a name that kops gives, but not the cluster's tags; add them to have it adopted, or remove it"

func (o *observation) inlinePolicies(role string) ([]topology.InlinePolicy, error) {
	var policies []topology.InlinePolicy
	for _, p := range o.roles.policies {
		if p.role != role {
			continue
		}
		document, err := policyDocument(p.document)
		if err != nil {
			return nil, fmt.Errorf("policy %s of %s: %w", p.name, role, err)
		}
		if p.name == role && o.zone.id != "" { // the one that kops writes; others are written by hand
			document = topology.WithoutZone(document, o.zone.id)
		}
		policies = append(policies, topology.InlinePolicy{Name: p.name, Document: document})
	}
	slices.SortFunc(policies, func(a, b topology.InlinePolicy) int { return strings.Compare(a.Name, b.Name) })
	return policies, nil
}

// policyDocument reads a policy as IAM answers it: URL-encoded by RFC 3986, in which a
// plus sign is a plus sign.
func policyDocument(encoded string) (string, error) {
	text, err := url.PathUnescape(encoded)
	if err != nil {
		return "", err
	}
	return topology.CanonicalPolicy(text)
}
