package actual

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

type launchTemplateReader interface {
	DescribeLaunchTemplates(context.Context, *ec2.DescribeLaunchTemplatesInput, ...func(*ec2.Options)) (*ec2.DescribeLaunchTemplatesOutput, error)
	DescribeLaunchTemplateVersions(context.Context, *ec2.DescribeLaunchTemplateVersionsInput, ...func(*ec2.Options)) (*ec2.DescribeLaunchTemplateVersionsOutput, error)
}

type launchTemplateAnswers struct {
	found    []ec2types.LaunchTemplate
	versions map[templateVersion]ec2types.LaunchTemplateVersion
	// digests, and the Kubernetes versions where our own user data tell them, are filled by the conversion.
	digests, kubernetes map[templateVersion]string
}

// templateVersion is one version of a launch template.
type templateVersion struct {
	template string // id
	number   string
}

func lookLaunchTemplates(ctx context.Context, o *observation) (err error) {
	pages := ec2.NewDescribeLaunchTemplatesPaginator(o.clients.EC2, &ec2.DescribeLaunchTemplatesInput{Filters: o.ours(), MaxResults: page200})
	o.launchTemplates.found, err = everything(ctx, pages, func(p *ec2.DescribeLaunchTemplatesOutput) []ec2types.LaunchTemplate { return p.LaunchTemplates })
	return err
}

// lookTemplateVersions asks for the versions that matter: the newest, those that
// groups are pinned to, and those that machines were made from.
func lookTemplateVersions(ctx context.Context, o *observation) error {
	answers, err := each(ctx, o.launchTemplates.found, o.versionsOf)
	o.launchTemplates.versions = map[templateVersion]ec2types.LaunchTemplateVersion{}
	for _, v := range slices.Concat(answers...) {
		o.launchTemplates.versions[templateVersion{aws.ToString(v.LaunchTemplateId), number(v.VersionNumber)}] = v
	}
	return err
}

func (o *observation) versionsOf(ctx context.Context, t ec2types.LaunchTemplate) ([]ec2types.LaunchTemplateVersion, error) {
	question := ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: t.LaunchTemplateId, Versions: o.versionsNeeded(t)}
	out, err := o.clients.EC2.DescribeLaunchTemplateVersions(ctx, &question)
	if err == nil {
		return out.LaunchTemplateVersions, nil
	}
	if !awsapi.NotFound(err) {
		return nil, err
	}
	// A version that a machine was made from is gone; take whichever there are.
	question.Versions, question.MaxResults = nil, page200
	pages := ec2.NewDescribeLaunchTemplateVersionsPaginator(o.clients.EC2, &question)
	return everything(ctx, pages, func(p *ec2.DescribeLaunchTemplateVersionsOutput) []ec2types.LaunchTemplateVersion {
		return p.LaunchTemplateVersions
	})
}

func (o *observation) versionsNeeded(t ec2types.LaunchTemplate) []string {
	needed := map[string]bool{number(t.LatestVersionNumber): true}
	for _, v := range slices.Concat(o.pinnedVersions(), o.machineVersions()) {
		if v.template == aws.ToString(t.LaunchTemplateId) {
			needed[v.number] = true
		}
	}
	return slices.Sorted(maps.Keys(needed))
}

func number(n *int64) string { return strconv.FormatInt(aws.ToInt64(n), 10) }

// resolve turns a version as a group writes it into a number. A group that follows the
// newest or the default version makes its next machine from what that is now.
func (o *observation) resolve(template, version string) templateVersion {
	for _, t := range o.launchTemplates.found {
		switch {
		case aws.ToString(t.LaunchTemplateId) != template:
		case version == topology.LatestVersion:
			return templateVersion{template, number(t.LatestVersionNumber)}
		case version == topology.DefaultVersion, version == "":
			return templateVersion{template, number(t.DefaultVersionNumber)}
		}
	}
	return templateVersion{template, version}
}

// templateImages are the AMIs that the versions mention, sorted.
func (o *observation) templateImages() []string {
	ids := map[string]bool{}
	for _, v := range o.launchTemplates.versions {
		if v.LaunchTemplateData != nil && v.LaunchTemplateData.ImageId != nil {
			ids[*v.LaunchTemplateData.ImageId] = true
		}
	}
	return slices.Sorted(maps.Keys(ids))
}

// convertLaunchTemplates makes the newest version's content the resource, and keeps the
// digest of every version for the groups and machines that use it.
func convertLaunchTemplates(o *observation) error {
	names := map[string]string{}
	for _, t := range o.launchTemplates.found {
		names[aws.ToString(t.LaunchTemplateId)] = aws.ToString(t.LaunchTemplateName)
	}
	o.launchTemplates.digests, o.launchTemplates.kubernetes = map[templateVersion]string{}, map[templateVersion]string{}
	for version, v := range o.launchTemplates.versions {
		content := o.versionContent(names[version.template], version, v)
		o.launchTemplates.digests[version] = content.Digest()
		if config, err := topology.ParseUserData(content.UserData); err == nil {
			o.launchTemplates.kubernetes[version] = config.KubernetesVersion
		}
	}
	for _, t := range o.launchTemplates.found {
		o.convertNewest(t)
	}
	return nil
}

func (o *observation) convertNewest(t ec2types.LaunchTemplate) {
	id, name, tags := aws.ToString(t.LaunchTemplateId), aws.ToString(t.LaunchTemplateName), ec2Tags(t.Tags)
	if !o.owns(tags) {
		return
	}
	newest := number(t.LatestVersionNumber)
	version := templateVersion{id, newest}
	content := o.versionContent(name, version, o.launchTemplates.versions[version])
	content.Tags = agreedTags(tags, content.Tags)
	content.KeyPair = o.named(topology.KindKeyPair, content.KeyPair.Name)
	content.InstanceProfile = o.named(topology.KindInstanceProfile, content.InstanceProfile.Name)
	o.add(id, content)
	o.bindings[topology.Ref{Kind: topology.KindTemplateVersion, Name: name}] = newest
}
