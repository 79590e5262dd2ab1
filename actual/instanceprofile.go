package actual

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

type instanceProfileReader interface {
	GetInstanceProfile(context.Context, *iam.GetInstanceProfileInput, ...func(*iam.Options)) (*iam.GetInstanceProfileOutput, error)
}

type instanceProfileAnswers struct{ found []iamtypes.InstanceProfile }

func lookInstanceProfiles(ctx context.Context, o *observation) error {
	names := append(o.roleNames(), o.shared[topology.KindInstanceProfile]...)
	profiles, err := each(ctx, names, func(ctx context.Context, name string) (*iamtypes.InstanceProfile, error) {
		out, err := o.clients.IAM.GetInstanceProfile(ctx, &iam.GetInstanceProfileInput{InstanceProfileName: &name})
		if awsapi.NotFound(err) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return out.InstanceProfile, nil
	})
	o.profiles.found = distinct(existing(profiles), func(p iamtypes.InstanceProfile) *string { return p.InstanceProfileName })
	return err
}

func convertInstanceProfiles(o *observation) error {
	for _, p := range o.profiles.found {
		name, tags := aws.ToString(p.InstanceProfileName), iamTags(p.Tags)
		switch {
		case o.isShared(topology.KindInstanceProfile, name):
			o.add(name, topology.InstanceProfile{Name: name, Tags: tags, Ownership: topology.Shared})
		case o.owns(tags):
			role := o.named(topology.KindIAMRole, aws.ToString(first(p.Roles).RoleName))
			o.add(name, topology.InstanceProfile{Name: name, Role: role, Tags: tags, Ownership: topology.Owned})
		default:
			o.leave(candidate{topology.KindInstanceProfile, name, tags, aws.ToTime(p.CreateDate)}, foreignName)
		}
	}
	return nil
}
