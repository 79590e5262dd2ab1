package actual

import (
	"context"
	"slices"

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

// lookInstanceProfiles asks for the profiles that are wanted or given.
func lookInstanceProfiles(ctx context.Context, o *observation) error {
	return o.askForProfiles(ctx, slices.Concat(o.wanted(topology.KindInstanceProfile), o.shared[topology.KindInstanceProfile]))
}

// lookProfilesOfRoles asks for those named like a role that was found: a profile of ours
// never outlives its role, which AWS keeps as long as a profile holds it.
func lookProfilesOfRoles(ctx context.Context, o *observation) error {
	asked := slices.Concat(o.wanted(topology.KindInstanceProfile), o.shared[topology.KindInstanceProfile])
	var names []string
	for _, r := range o.roles.found {
		if name := aws.ToString(r.RoleName); !accountRole(name, o.scope.Cluster) && !slices.Contains(asked, name) {
			names = append(names, name)
		}
	}
	return o.askForProfiles(ctx, names)
}

func (o *observation) askForProfiles(ctx context.Context, names []string) error {
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
	o.profiles.found = distinct(append(o.profiles.found, existing(profiles)...), func(p iamtypes.InstanceProfile) *string { return p.InstanceProfileName })
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
