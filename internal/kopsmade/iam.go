package kopsmade

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

func iamTags(b block) []types.Tag {
	return tagList(b.tags(), func(key, value *string) types.Tag { return types.Tag{Key: key, Value: value} })
}

func (m *maker) role(ctx context.Context, b block) (attributes, error) {
	out, err := m.IAM.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: b.str("name"), AssumeRolePolicyDocument: b.str("assume_role_policy"), PermissionsBoundary: b.str("permissions_boundary"), Tags: iamTags(b),
	})
	if err != nil {
		return nil, err
	}
	return attributes{"id": b.text("name"), "name": b.text("name"), "arn": *out.Role.Arn}, nil
}

func (m *maker) rolePolicy(ctx context.Context, b block) (attributes, error) {
	_, err := m.IAM.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: b.str("role"), PolicyName: b.str("name"), PolicyDocument: b.str("policy")})
	return attributes{}, err
}

func (m *maker) rolePolicyAttachment(ctx context.Context, b block) (attributes, error) {
	_, err := m.IAM.AttachRolePolicy(ctx, &iam.AttachRolePolicyInput{RoleName: b.str("role"), PolicyArn: b.str("policy_arn")})
	return attributes{}, err
}

func (m *maker) instanceProfile(ctx context.Context, b block) (attributes, error) {
	_, err := m.IAM.CreateInstanceProfile(ctx, &iam.CreateInstanceProfileInput{InstanceProfileName: b.str("name"), Tags: iamTags(b)})
	if err != nil {
		return nil, err
	}
	_, err = m.IAM.AddRoleToInstanceProfile(ctx, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: b.str("name"), RoleName: b.str("role")})
	return attributes{"id": b.text("name"), "name": b.text("name")}, err
}

func (m *maker) oidcProvider(ctx context.Context, b block) (attributes, error) {
	out, err := m.IAM.CreateOpenIDConnectProvider(ctx, &iam.CreateOpenIDConnectProviderInput{
		Url: b.str("url"), ClientIDList: b.list("client_id_list"), ThumbprintList: b.list("thumbprint_list"), Tags: iamTags(b),
	})
	if err != nil {
		return nil, err
	}
	arn := aws.ToString(out.OpenIDConnectProviderArn)
	return attributes{"id": arn, "arn": arn}, nil
}
