package actual

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/topology"
)

type instanceReader interface {
	DescribeInstances(context.Context, *ec2.DescribeInstancesInput, ...func(*ec2.Options)) (*ec2.DescribeInstancesOutput, error)
}

type instanceAnswers struct{ found []ec2types.Instance }

// lookInstances leaves out terminated instances, which AWS shows for another hour.
func lookInstances(ctx context.Context, o *observation) (err error) {
	alive := filter("instance-state-name", "pending", "running", "shutting-down", "stopping", "stopped")
	pages := ec2.NewDescribeInstancesPaginator(o.clients.EC2, &ec2.DescribeInstancesInput{Filters: append(o.ours(), alive), MaxResults: page1000})
	o.instances.found, err = everything(ctx, pages, func(p *ec2.DescribeInstancesOutput) []ec2types.Instance {
		var instances []ec2types.Instance
		for _, r := range p.Reservations {
			instances = append(instances, r.Instances...)
		}
		return instances
	})
	return err
}

// membership is a machine as its Auto Scaling group sees it.
type membership struct {
	group string
	asgtypes.Instance
}

// memberships are of the machines in service, and of those that wait in warm pools where
// it is known which do.
func (o *observation) memberships(waiting map[string][]asgtypes.Instance) map[string]membership {
	byInstance := map[string]membership{}
	for _, g := range o.groups.found {
		name := aws.ToString(g.AutoScalingGroupName)
		for _, i := range slices.Concat(g.Instances, waiting[name]) {
			byInstance[aws.ToString(i.InstanceId)] = membership{name, i}
		}
	}
	return byInstance
}

// Tags that EC2 puts on what a launch template made; they stay when a machine leaves
// its group.
const (
	tagTemplateID      = "aws:ec2launchtemplate:id"
	tagTemplateVersion = "aws:ec2launchtemplate:version"
)

// madeFrom is the template version that a machine was made from. The instance knows
// best, the group's word is for instances that do not say.
func (o *observation) madeFrom(i ec2types.Instance, m membership) templateVersion {
	id, version := ec2Tag(i.Tags, tagTemplateID), ec2Tag(i.Tags, tagTemplateVersion)
	if id != "" && version != "" {
		return templateVersion{id, version}
	}
	if m.LaunchTemplate == nil {
		return templateVersion{}
	}
	return o.resolve(aws.ToString(m.LaunchTemplate.LaunchTemplateId), aws.ToString(m.LaunchTemplate.Version))
}

func ec2Tag(list []ec2types.Tag, key string) string {
	for _, t := range list {
		if aws.ToString(t.Key) == key {
			return aws.ToString(t.Value)
		}
	}
	return ""
}

// machineVersions runs side by side with the look at warm pools; their machines say
// themselves what they were made from.
func (o *observation) machineVersions() []templateVersion {
	members := o.memberships(nil)
	var versions []templateVersion
	for _, i := range o.instances.found {
		versions = append(versions, o.madeFrom(i, members[aws.ToString(i.InstanceId)]))
	}
	return versions
}

func convertMachines(o *observation) error {
	members := o.memberships(o.groups.warm)
	for _, i := range o.instances.found {
		tags := ec2Tags(i.Tags)
		if !o.owns(tags) {
			continue
		}
		member := members[aws.ToString(i.InstanceId)]
		version := o.madeFrom(i, member)
		machine := topology.Machine{
			ID:                aws.ToString(i.InstanceId),
			Role:              topology.RoleOf(tags),
			InstanceType:      string(i.InstanceType),
			Template:          o.launchTemplates.digests[version],
			KubernetesVersion: o.launchTemplates.kubernetes[version],
			Lifecycle:         string(member.LifecycleState),
			Healthy:           strings.EqualFold(aws.ToString(member.HealthStatus), "Healthy"),
			Launched:          aws.ToTime(i.LaunchTime),
		}
		if group := (topology.Ref{Kind: topology.KindAutoScalingGroup, Name: member.group}); o.resources[group] != nil {
			machine.Group = group
		} else if left := (topology.Ref{Kind: topology.KindAutoScalingGroup, Name: tags[topology.TagDetachedFrom]}); o.resources[left] != nil {
			machine.Detached = left
		}
		if i.State != nil {
			machine.State = string(i.State.Name)
		}
		if i.Placement != nil {
			machine.Zone = aws.ToString(i.Placement.AvailabilityZone)
		}
		machine.BackAfter, _ = time.ParseDuration(tags[topology.TagBackAfter])   // none, or nobody's word to rely on
		machine.PrivateIP, _ = netip.ParseAddr(aws.ToString(i.PrivateIpAddress)) // none yet while pending
		o.machines = append(o.machines, machine)
	}
	slices.SortFunc(o.machines, func(a, b topology.Machine) int { return strings.Compare(a.ID, b.ID) })
	return nil
}
