package apply

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

type launchTemplateWriter interface {
	ec2Untagger
	DescribeLaunchTemplates(context.Context, *ec2.DescribeLaunchTemplatesInput, ...func(*ec2.Options)) (*ec2.DescribeLaunchTemplatesOutput, error)
	DescribeLaunchTemplateVersions(context.Context, *ec2.DescribeLaunchTemplateVersionsInput, ...func(*ec2.Options)) (*ec2.DescribeLaunchTemplateVersionsOutput, error)
	CreateLaunchTemplate(context.Context, *ec2.CreateLaunchTemplateInput, ...func(*ec2.Options)) (*ec2.CreateLaunchTemplateOutput, error)
	CreateLaunchTemplateVersion(context.Context, *ec2.CreateLaunchTemplateVersionInput, ...func(*ec2.Options)) (*ec2.CreateLaunchTemplateVersionOutput, error)
	ModifyLaunchTemplate(context.Context, *ec2.ModifyLaunchTemplateInput, ...func(*ec2.Options)) (*ec2.ModifyLaunchTemplateOutput, error)
	DeleteLaunchTemplate(context.Context, *ec2.DeleteLaunchTemplateInput, ...func(*ec2.Options)) (*ec2.DeleteLaunchTemplateOutput, error)
}

type launchTemplates struct {
	api     launchTemplateWriter
	cluster string
	region  string
	tokens  tokens
	groups  autoScalingGroups
}

// versionOf is the reference under which the newest version of a template is bound.
func versionOf(template topology.Ref) topology.Ref {
	return topology.Ref{Kind: topology.KindTemplateVersion, Name: template.Name}
}

// Create makes the template with its first version. It takes nothing up that is there
// already, not even what is ours: a group would be pinned to content that nobody has
// compared.
func (l launchTemplates) Create(ctx context.Context, want topology.LaunchTemplate, ids topology.Bindings) (topology.Bindings, error) {
	if want.UserDataKept {
		return nil, errors.New("its user data is kept as found, and a template that is not there has none")
	}
	data, err := templateData(want, ids, l.region)
	if err != nil {
		return nil, err
	}
	learned := topology.Bindings{}
	in := &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String(want.Name), LaunchTemplateData: data,
		TagSpecifications: tagged(ec2types.ResourceTypeLaunchTemplate, want.Tags),
	}
	id, err := l.tokens.make(ctx, want.Ref(), in, func(token string) (string, error) {
		with := *in
		with.ClientToken = aws.String(token)
		out, err := l.api.CreateLaunchTemplate(ctx, &with)
		if err != nil {
			return "", err
		}
		learned[versionOf(want.Ref())] = number(out.LaunchTemplate.LatestVersionNumber)
		return aws.ToString(out.LaunchTemplate.LaunchTemplateId), nil
	}, l.look)
	if err != nil && awsapi.AlreadyExists(err) {
		return nil, l.taken(ctx, want, err)
	}
	if err != nil {
		return nil, err
	}
	learned[want.Ref()] = id
	return learned, nil
}

func (l launchTemplates) look(ctx context.Context, id string) (life, error) {
	out, err := l.api.DescribeLaunchTemplates(ctx, &ec2.DescribeLaunchTemplatesInput{LaunchTemplateIds: []string{id}})
	if err != nil && awsapi.NotFound(err) {
		return unseen, nil
	}
	if err != nil || len(out.LaunchTemplates) == 0 {
		return unseen, err
	}
	return alive, nil
}

// taken tells whose the template of that name is.
func (l launchTemplates) taken(ctx context.Context, want topology.LaunchTemplate, conflict error) error {
	out, err := l.api.DescribeLaunchTemplates(ctx, &ec2.DescribeLaunchTemplatesInput{
		Filters: append(carrying(l.cluster), filter("launch-template-name", want.Name)),
	})
	if err != nil {
		return err
	}
	if len(out.LaunchTemplates) == 0 {
		return strange(want.Ref(), conflict)
	}
	return &WaitError{Reason: "the template is there already; the next pass takes it up"}
}

// Update writes the template's own tags first: they would not be noticed after the
// version whose content is compared. Groups that follow the newest or the default
// version are pinned before there is another one: else whatever machine AWS replaces
// next, in any zone, would be made from it without the gate having been asked.
func (l launchTemplates) Update(ctx context.Context, _, want topology.LaunchTemplate, change diff.Change, ids topology.Bindings) (topology.Bindings, error) {
	id, err := idOf(ids, want.Ref())
	if err != nil {
		return nil, err
	}
	if err := setTags(ctx, l.api, id, tagChangeOf(change)); err != nil {
		return nil, err
	}
	if err := l.groups.pinFollowers(ctx, id, func(word string) (string, error) {
		return l.meant(ctx, id, word, ids[versionOf(want.Ref())])
	}); err != nil {
		return nil, err
	}
	version, err := l.makeVersion(ctx, id, want, ids)
	if err != nil {
		return nil, settling(err, "AWS does not know the template everywhere yet")
	}
	learned := topology.Bindings{versionOf(want.Ref()): version}
	return learned, l.makeDefault(ctx, id, version)
}

// meant is the number of the version that a group's word stands for, as the plan saw it.
func (l launchTemplates) meant(ctx context.Context, id, word, newest string) (string, error) {
	if word == topology.LatestVersion {
		return newest, nil
	}
	out, err := l.api.DescribeLaunchTemplates(ctx, &ec2.DescribeLaunchTemplatesInput{LaunchTemplateIds: []string{id}})
	if err != nil {
		return "", err
	}
	if len(out.LaunchTemplates) != 1 {
		return "", &WaitError{Reason: "AWS does not show the template everywhere yet"}
	}
	return number(out.LaunchTemplates[0].DefaultVersionNumber), nil
}

// makeVersion writes the whole content and builds on no older version, in which
// somebody may have put anything.
func (l launchTemplates) makeVersion(ctx context.Context, id string, want topology.LaunchTemplate, ids topology.Bindings) (string, error) {
	data, err := templateData(want, ids, l.region)
	if err != nil {
		return "", err
	}
	if want.UserDataKept {
		if data.UserData, err = l.foundUserData(ctx, id, ids[versionOf(want.Ref())]); err != nil {
			return "", err
		}
	}
	in := &ec2.CreateLaunchTemplateVersionInput{LaunchTemplateId: aws.String(id), LaunchTemplateData: data}
	token, err := l.tokens.token(ctx, want.Ref(), in, "after version", ids[versionOf(want.Ref())])
	if err != nil {
		return "", err
	}
	in.ClientToken = aws.String(token)
	out, err := l.api.CreateLaunchTemplateVersion(ctx, in)
	if err != nil {
		return "", err
	}
	return number(out.LaunchTemplateVersion.VersionNumber), nil
}

// makeDefault is for people and other tools; groups of ours are pinned to numbers.
func (l launchTemplates) makeDefault(ctx context.Context, id, version string) error {
	_, err := l.api.ModifyLaunchTemplate(ctx, &ec2.ModifyLaunchTemplateInput{LaunchTemplateId: aws.String(id), DefaultVersion: aws.String(version)})
	return settling(err, "AWS does not know the new version everywhere yet")
}

func number(n *int64) string { return strconv.FormatInt(aws.ToInt64(n), 10) }

func (l launchTemplates) Delete(ctx context.Context, have topology.LaunchTemplate, ids topology.Bindings) error {
	id, err := idOf(ids, have.Ref())
	if err != nil {
		return err
	}
	_, err = l.api.DeleteLaunchTemplate(ctx, &ec2.DeleteLaunchTemplateInput{LaunchTemplateId: aws.String(id)})
	return removed(err, "a group still uses the template")
}

// imageOf finds the AMI id and the name of the root device that the wanted image
// stands for.
func imageOf(want topology.LaunchTemplate, ids topology.Bindings, region string) (ami, root string, err error) {
	ami, found := ids.ID(topology.Ref{Kind: topology.KindImage, Name: want.Image})
	if !found && strings.HasPrefix(want.Image, "ami-") {
		ami, found = want.Image, true
	}
	if !found {
		return "", "", fmt.Errorf("image %q was not found in %s; correct the image of the instance group", want.Image, region)
	}
	root, found = ids.ID(topology.Ref{Kind: topology.KindRootDevice, Name: want.Image})
	if !found {
		root = "/dev/xvda" // what Amazon's and most other images of today use
	}
	return ami, root, nil
}
