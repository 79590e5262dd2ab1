package apply

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

type iamRoleWriter interface {
	GetRole(context.Context, *iam.GetRoleInput, ...func(*iam.Options)) (*iam.GetRoleOutput, error)
	CreateRole(context.Context, *iam.CreateRoleInput, ...func(*iam.Options)) (*iam.CreateRoleOutput, error)
	UpdateAssumeRolePolicy(context.Context, *iam.UpdateAssumeRolePolicyInput, ...func(*iam.Options)) (*iam.UpdateAssumeRolePolicyOutput, error)
	PutRolePermissionsBoundary(context.Context, *iam.PutRolePermissionsBoundaryInput, ...func(*iam.Options)) (*iam.PutRolePermissionsBoundaryOutput, error)
	DeleteRolePermissionsBoundary(context.Context, *iam.DeleteRolePermissionsBoundaryInput, ...func(*iam.Options)) (*iam.DeleteRolePermissionsBoundaryOutput, error)
	PutRolePolicy(context.Context, *iam.PutRolePolicyInput, ...func(*iam.Options)) (*iam.PutRolePolicyOutput, error)
	ListRolePolicies(context.Context, *iam.ListRolePoliciesInput, ...func(*iam.Options)) (*iam.ListRolePoliciesOutput, error)
	DeleteRolePolicy(context.Context, *iam.DeleteRolePolicyInput, ...func(*iam.Options)) (*iam.DeleteRolePolicyOutput, error)
	AttachRolePolicy(context.Context, *iam.AttachRolePolicyInput, ...func(*iam.Options)) (*iam.AttachRolePolicyOutput, error)
	ListAttachedRolePolicies(context.Context, *iam.ListAttachedRolePoliciesInput, ...func(*iam.Options)) (*iam.ListAttachedRolePoliciesOutput, error)
	DetachRolePolicy(context.Context, *iam.DetachRolePolicyInput, ...func(*iam.Options)) (*iam.DetachRolePolicyOutput, error)
	TagRole(context.Context, *iam.TagRoleInput, ...func(*iam.Options)) (*iam.TagRoleOutput, error)
	UntagRole(context.Context, *iam.UntagRoleInput, ...func(*iam.Options)) (*iam.UntagRoleOutput, error)
	DeleteRole(context.Context, *iam.DeleteRoleInput, ...func(*iam.Options)) (*iam.DeleteRoleOutput, error)
}

type iamRoles struct {
	api     iamRoleWriter
	cluster string
}

// Create makes the role and then writes its policies; a role of ours that is there
// already gets what it lacks.
func (r iamRoles) Create(ctx context.Context, want topology.IAMRole, ids topology.Bindings) (topology.Bindings, error) {
	trust, err := trustPolicy(want, ids)
	if err != nil {
		return nil, err
	}
	if err := r.make(ctx, want, trust); err != nil {
		return nil, err
	}
	learned := topology.Bindings{want.Ref(): want.Name}
	for _, policy := range want.InlinePolicies {
		if err := r.putPolicy(ctx, want, policy, ids); err != nil {
			return learned, err
		}
	}
	return learned, r.attach(ctx, want, want.ManagedPolicies)
}

// trustPolicy is the policy as IAM takes it: with the ARN of the provider that the role
// trusts.
func trustPolicy(want topology.IAMRole, ids topology.Bindings) (string, error) {
	if want.Provider.IsZero() {
		return want.TrustPolicy, nil
	}
	arn, err := idOf(ids, want.Provider)
	return strings.ReplaceAll(want.TrustPolicy, strconv.Quote(want.Provider.String()), strconv.Quote(arn)), err
}

func (r iamRoles) make(ctx context.Context, want topology.IAMRole, trust string) error {
	_, err := r.api.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: aws.String(want.Name), AssumeRolePolicyDocument: aws.String(trust),
		PermissionsBoundary: present(want.PermissionsBoundary), Tags: iamTags(want.Tags),
	})
	if err != nil && awsapi.AlreadyExists(err) {
		return r.takeUp(ctx, want, err)
	}
	return err
}

func (r iamRoles) takeUp(ctx context.Context, want topology.IAMRole, conflict error) error {
	out, err := r.api.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String(want.Name)})
	if err != nil {
		return settling(err, "AWS has the role already and does not show it yet")
	}
	if !ownsIAM(r.cluster, out.Role.Tags) {
		return strange(want.Ref(), conflict)
	}
	return nil
}

// putPolicy writes the id of the cluster's zone where the policy mentions it.
func (r iamRoles) putPolicy(ctx context.Context, role topology.IAMRole, policy topology.InlinePolicy, ids topology.Bindings) error {
	document := policy.Document
	if topology.NeedsZone(document) {
		zone, err := idOf(ids, topology.HostedZoneRef(r.cluster))
		if err != nil {
			return err
		}
		document = topology.WithZone(document, zone)
	}
	_, err := r.api.PutRolePolicy(ctx, &iam.PutRolePolicyInput{
		RoleName: aws.String(role.Name), PolicyName: aws.String(policy.Name), PolicyDocument: aws.String(document),
	})
	return err
}

// attach is idempotent at AWS, as detach is made to be.
func (r iamRoles) attach(ctx context.Context, role topology.IAMRole, policies []string) error {
	for _, arn := range policies {
		if _, err := r.api.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: aws.String(role.Name), PolicyArn: aws.String(arn)}); err != nil {
			return err
		}
	}
	return nil
}

func (r iamRoles) detach(ctx context.Context, role topology.IAMRole, policies []string) error {
	for _, arn := range policies {
		_, err := r.api.DetachRolePolicy(ctx, &iam.DetachRolePolicyInput{RoleName: aws.String(role.Name), PolicyArn: aws.String(arn)})
		if err != nil && !awsapi.NotFound(err) {
			return err
		}
	}
	return nil
}

func (r iamRoles) deletePolicy(ctx context.Context, role topology.IAMRole, name string) error {
	_, err := r.api.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: aws.String(role.Name), PolicyName: aws.String(name)})
	if err != nil && awsapi.NotFound(err) {
		return nil
	}
	return err
}

// Update grants before it revokes, so that no machine loses a permission that it has
// and shall have.
func (r iamRoles) Update(ctx context.Context, have, want topology.IAMRole, change diff.Change, ids topology.Bindings) (topology.Bindings, error) {
	err := r.updateTrust(ctx, want, change, ids)
	if err == nil {
		err = r.updateInline(ctx, have, want, change, ids)
	}
	if err == nil && change.Has("managedPolicies") {
		err = r.attach(ctx, want, missing(want.ManagedPolicies, have.ManagedPolicies))
	}
	if err == nil && change.Has("managedPolicies") {
		err = r.detach(ctx, want, missing(have.ManagedPolicies, want.ManagedPolicies))
	}
	if err == nil {
		err = r.retag(ctx, want, tagChangeOf(change))
	}
	return nil, err
}

func (r iamRoles) updateTrust(ctx context.Context, want topology.IAMRole, change diff.Change, ids topology.Bindings) error {
	if change.Has("trustPolicy") || change.Has("provider") {
		trust, err := trustPolicy(want, ids)
		if err != nil {
			return err
		}
		_, err = r.api.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{
			RoleName: aws.String(want.Name), PolicyDocument: aws.String(trust),
		})
		if err != nil {
			return err
		}
	}
	if !change.Has("permissionsBoundary") {
		return nil
	}
	if want.PermissionsBoundary == "" {
		_, err := r.api.DeleteRolePermissionsBoundary(ctx, &iam.DeleteRolePermissionsBoundaryInput{RoleName: aws.String(want.Name)})
		return err
	}
	_, err := r.api.PutRolePermissionsBoundary(ctx, &iam.PutRolePermissionsBoundaryInput{
		RoleName: aws.String(want.Name), PermissionsBoundary: aws.String(want.PermissionsBoundary),
	})
	return err
}

func (r iamRoles) updateInline(ctx context.Context, have, want topology.IAMRole, change diff.Change, ids topology.Bindings) error {
	for _, policy := range want.InlinePolicies {
		if change.Has("inlinePolicies[" + policy.Name + "]") {
			if err := r.putPolicy(ctx, want, policy, ids); err != nil {
				return err
			}
		}
	}
	for _, name := range missing(policyNames(have), policyNames(want)) {
		if err := r.deletePolicy(ctx, want, name); err != nil {
			return err
		}
	}
	return nil
}

func policyNames(r topology.IAMRole) []string {
	var names []string
	for _, p := range r.InlinePolicies {
		names = append(names, p.Name)
	}
	return names
}

// missing lists what of the first list the second has not.
func missing[T comparable](of, in []T) []T {
	return slices.DeleteFunc(slices.Clone(of), func(v T) bool { return slices.Contains(in, v) })
}

func (r iamRoles) retag(ctx context.Context, want topology.IAMRole, tags tagChange) error {
	if len(tags.set) > 0 {
		if _, err := r.api.TagRole(ctx, &iam.TagRoleInput{RoleName: aws.String(want.Name), Tags: iamTags(tags.set)}); err != nil {
			return err
		}
	}
	if len(tags.drop) == 0 {
		return nil
	}
	_, err := r.api.UntagRole(ctx, &iam.UntagRoleInput{RoleName: aws.String(want.Name), TagKeys: tags.drop})
	return err
}

// Delete empties the role of whatever is in it now: AWS deletes no role that holds
// policies, whoever put them there.
func (r iamRoles) Delete(ctx context.Context, have topology.IAMRole, _ topology.Bindings) error {
	err := r.empty(ctx, have)
	if err == nil {
		_, err = r.api.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: aws.String(have.Name)})
	}
	return removed(err, "an instance profile still holds the role")
}

func (r iamRoles) empty(ctx context.Context, have topology.IAMRole) error {
	attached := iam.NewListAttachedRolePoliciesPaginator(r.api, &iam.ListAttachedRolePoliciesInput{RoleName: aws.String(have.Name)})
	for attached.HasMorePages() {
		page, err := attached.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, policy := range page.AttachedPolicies {
			if err := r.detach(ctx, have, []string{aws.ToString(policy.PolicyArn)}); err != nil {
				return err
			}
		}
	}
	inline := iam.NewListRolePoliciesPaginator(r.api, &iam.ListRolePoliciesInput{RoleName: aws.String(have.Name)})
	for inline.HasMorePages() {
		page, err := inline.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, name := range page.PolicyNames {
			if err := r.deletePolicy(ctx, have, name); err != nil {
				return err
			}
		}
	}
	return nil
}
