package apply

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

type instanceProfileWriter interface {
	GetInstanceProfile(context.Context, *iam.GetInstanceProfileInput, ...func(*iam.Options)) (*iam.GetInstanceProfileOutput, error)
	CreateInstanceProfile(context.Context, *iam.CreateInstanceProfileInput, ...func(*iam.Options)) (*iam.CreateInstanceProfileOutput, error)
	AddRoleToInstanceProfile(context.Context, *iam.AddRoleToInstanceProfileInput, ...func(*iam.Options)) (*iam.AddRoleToInstanceProfileOutput, error)
	RemoveRoleFromInstanceProfile(context.Context, *iam.RemoveRoleFromInstanceProfileInput, ...func(*iam.Options)) (*iam.RemoveRoleFromInstanceProfileOutput, error)
	TagInstanceProfile(context.Context, *iam.TagInstanceProfileInput, ...func(*iam.Options)) (*iam.TagInstanceProfileOutput, error)
	UntagInstanceProfile(context.Context, *iam.UntagInstanceProfileInput, ...func(*iam.Options)) (*iam.UntagInstanceProfileOutput, error)
	DeleteInstanceProfile(context.Context, *iam.DeleteInstanceProfileInput, ...func(*iam.Options)) (*iam.DeleteInstanceProfileOutput, error)
}

type instanceProfiles struct {
	api     instanceProfileWriter
	cluster string
}

const profileNew = "AWS does not know the new profile or its role everywhere yet"

// Create makes the profile and puts the role into it; a profile of ours that is there
// already gets the role if it lacks it.
func (p instanceProfiles) Create(ctx context.Context, want topology.InstanceProfile, ids topology.Bindings) (topology.Bindings, error) {
	role, err := idOf(ids, want.Role)
	if err != nil {
		return nil, err
	}
	roles, err := p.make(ctx, want)
	if err != nil {
		return nil, err
	}
	return topology.Bindings{want.Ref(): want.Name}, p.setRole(ctx, want, roles, role)
}

// make returns the roles that the profile holds.
func (p instanceProfiles) make(ctx context.Context, want topology.InstanceProfile) ([]iamtypes.Role, error) {
	_, err := p.api.CreateInstanceProfile(ctx, &iam.CreateInstanceProfileInput{InstanceProfileName: aws.String(want.Name), Tags: iamTags(want.Tags)})
	if err == nil || !awsapi.AlreadyExists(err) {
		return nil, err
	}
	conflict := err
	out, err := p.api.GetInstanceProfile(ctx, &iam.GetInstanceProfileInput{InstanceProfileName: aws.String(want.Name)})
	if err != nil {
		return nil, settling(err, profileNew)
	}
	if !ownsIAM(p.cluster, out.InstanceProfile.Tags) {
		return nil, strange(want.Ref(), conflict)
	}
	return out.InstanceProfile.Roles, nil
}

// setRole leaves the profile with the wanted role alone; AWS lets it hold one.
func (p instanceProfiles) setRole(ctx context.Context, want topology.InstanceProfile, holds []iamtypes.Role, role string) error {
	for _, held := range holds {
		if aws.ToString(held.RoleName) == role {
			return nil
		}
	}
	if err := p.takeOut(ctx, want, holds); err != nil {
		return err
	}
	_, err := p.api.AddRoleToInstanceProfile(ctx, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: aws.String(want.Name), RoleName: aws.String(role)})
	if awsapi.Code(err) == "LimitExceeded" {
		// The answer to an earlier try was lost, or somebody was faster.
		return &WaitError{Reason: "the profile holds a role already; the next pass looks which"}
	}
	return settling(err, profileNew)
}

func (p instanceProfiles) takeOut(ctx context.Context, profile topology.InstanceProfile, roles []iamtypes.Role) error {
	for _, role := range roles {
		_, err := p.api.RemoveRoleFromInstanceProfile(ctx, &iam.RemoveRoleFromInstanceProfileInput{
			InstanceProfileName: aws.String(profile.Name), RoleName: role.RoleName,
		})
		if err != nil && !awsapi.NotFound(err) {
			return err
		}
	}
	return nil
}

func (p instanceProfiles) Update(ctx context.Context, _, want topology.InstanceProfile, change diff.Change, ids topology.Bindings) (topology.Bindings, error) {
	if err := p.retag(ctx, want, tagChangeOf(change)); err != nil || !change.Has("role") {
		return nil, err
	}
	role, err := idOf(ids, want.Role)
	if err != nil {
		return nil, err
	}
	out, err := p.api.GetInstanceProfile(ctx, &iam.GetInstanceProfileInput{InstanceProfileName: aws.String(want.Name)})
	if err != nil {
		return nil, settling(err, profileNew)
	}
	return nil, p.setRole(ctx, want, out.InstanceProfile.Roles, role)
}

func (p instanceProfiles) retag(ctx context.Context, want topology.InstanceProfile, tags tagChange) error {
	name := aws.String(want.Name)
	if len(tags.set) > 0 {
		if _, err := p.api.TagInstanceProfile(ctx, &iam.TagInstanceProfileInput{InstanceProfileName: name, Tags: iamTags(tags.set)}); err != nil {
			return err
		}
	}
	if len(tags.drop) == 0 {
		return nil
	}
	_, err := p.api.UntagInstanceProfile(ctx, &iam.UntagInstanceProfileInput{InstanceProfileName: name, TagKeys: tags.drop})
	return err
}

func (p instanceProfiles) Delete(ctx context.Context, have topology.InstanceProfile, _ topology.Bindings) error {
	out, err := p.api.GetInstanceProfile(ctx, &iam.GetInstanceProfileInput{InstanceProfileName: aws.String(have.Name)})
	if err == nil {
		err = p.takeOut(ctx, have, out.InstanceProfile.Roles)
	}
	if err == nil {
		_, err = p.api.DeleteInstanceProfile(ctx, &iam.DeleteInstanceProfileInput{InstanceProfileName: aws.String(have.Name)})
	}
	return removed(err, "the profile still holds a role")
}
