package apply

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"golang.org/x/sync/errgroup"

	"github.com/quorate/quorate/apply/kube"
	"github.com/quorate/quorate/apply/rollout"
	"github.com/quorate/quorate/topology"
)

type instanceReader interface {
	DescribeInstances(context.Context, *ec2.DescribeInstancesInput, ...func(*ec2.Options)) (*ec2.DescribeInstancesOutput, error)
	DescribeVolumes(context.Context, *ec2.DescribeVolumesInput, ...func(*ec2.Options)) (*ec2.DescribeVolumesOutput, error)
}

type groupReader interface {
	DescribeAutoScalingGroups(context.Context, *autoscaling.DescribeAutoScalingGroupsInput, ...func(*autoscaling.Options)) (*autoscaling.DescribeAutoScalingGroupsOutput, error)
}

// controlPlane looks at the control plane of one cluster as it is now. A plan is
// minutes old when its last step runs, so the gate never goes by the plan's facts.
type controlPlane struct {
	cluster  string
	ec2      instanceReader
	groups   groupReader
	targets  targetReader
	classics classicHealthReader
	etcd     Etcd
	// nodes is nil without access to Kubernetes.
	nodes Nodes
	now   func() time.Time
}

// A master is one control-plane group as it is now.
type master struct {
	group topology.AutoScalingGroup
	zone  string
	seats []seat
	// facts are what all of this was read from.
	facts *controlFacts
	// machine is the one live machine of the group, or nil.
	machine *liveMachine
	// missing says, one sentence each, what keeps AWS from counting the machine as
	// back. Etcd is asked apart.
	missing []string
	// unattached are those of them that are about volumes.
	unattached []string
	// withheld is what was taken from a machine that is to be replaced: its places at the
	// load balancers. It keeps the machine from being back, and is no sickness.
	withheld []string
	// balancers are the load balancers in front of the group, as they see the machine.
	balancers []rollout.Balancer
	// unready says what Kubernetes misses; empty without access to it.
	unready string
}

// A seat is the place of one etcd member: its volume, the port it serves on, and the host and port at which
// the other members reach it.
type seat struct {
	etcd, member string
	port         int
	peer         string
	volume       topology.Ref
	// volumeID and volumeTags are those of the volume as AWS has it; empty if it has none.
	volumeID   string
	volumeTags []ec2types.Tag
}

type liveMachine struct {
	id       string
	ip       netip.Addr
	launched time.Time
	// leaving is when it was begun to be taken out of service; zero for all others.
	leaving time.Time
	// backAfter is set once it was seen to be back.
	backAfter bool
	node      kube.Node
}

// masters looks at every wanted control-plane group: four kinds of call, side by
// side, plus one call per target group; and the list of nodes, of which it says if there
// was no answer.
func (p controlPlane) masters(ctx context.Context, want topology.Topology, ids topology.Bindings) (all []master, silent string, err error) {
	all = seatsOf(want)
	if len(all) == 0 {
		return nil, "", nil
	}
	facts, err := p.look(ctx, all, ids)
	if err != nil {
		return nil, "", fmt.Errorf("look at the control plane: %w", err)
	}
	for i := range all {
		all[i].facts = facts
		facts.judge(&all[i], ids)
	}
	facts.weigh(all)
	return all, facts.silent, nil
}

// seatsOf lists the wanted control-plane groups with the etcd members that sit on
// them, as the node configuration of their template says.
func seatsOf(want topology.Topology) []master {
	var all []master
	for _, group := range topology.Of[topology.AutoScalingGroup](want) {
		if group.Role != topology.ControlPlane || len(group.Zones) == 0 {
			continue
		}
		m := master{group: group, zone: group.Zones[0]}
		template, _ := topology.Find[topology.LaunchTemplate](want, group.LaunchTemplate)
		if config, err := topology.ParseUserData(template.UserData); err == nil {
			m.seats = seatsIn(want, config)
		}
		all = append(all, m)
	}
	return all
}

func seatsIn(want topology.Topology, config topology.NodeConfig) []seat {
	var seats []seat
	for _, etcd := range config.EtcdClusters {
		for _, v := range topology.Of[topology.Volume](want) {
			if v.EtcdCluster == etcd.Name && v.Member == etcd.Member {
				seats = append(seats, seat{etcd: etcd.Name, member: etcd.Member, port: etcd.ClientPort, peer: peerOf(etcd), volume: v.Ref()})
			}
		}
	}
	return seats
}

func peerOf(etcd topology.NodeEtcd) string {
	for _, m := range etcd.Members {
		if m.Name == etcd.Member {
			return net.JoinHostPort(m.Host, strconv.Itoa(etcd.PeerPort))
		}
	}
	return ""
}

// controlFacts are AWS's answers about the control plane.
type controlFacts struct {
	groups    map[string]asgtypes.AutoScalingGroup
	instances map[string]ec2types.Instance
	volumes   map[string]ec2types.Volume
	targets   map[topology.Ref]map[string]elbtypes.TargetHealth // target group, machine
	// nodes are nil without access to Kubernetes; silent says why there was no answer.
	nodes  map[string]kube.Node
	silent string
}

func (p controlPlane) look(ctx context.Context, all []master, ids topology.Bindings) (*controlFacts, error) {
	facts := &controlFacts{targets: map[topology.Ref]map[string]elbtypes.TargetHealth{}}
	side, ctx := errgroup.WithContext(ctx)
	side.Go(func() (err error) { facts.groups, err = p.liveGroups(ctx, all); return })
	side.Go(func() (err error) { facts.instances, err = p.liveInstances(ctx); return })
	side.Go(func() (err error) { facts.volumes, err = p.liveVolumes(ctx, all, ids); return })
	for _, ref := range targetGroupsOf(all) {
		health := map[string]elbtypes.TargetHealth{}
		facts.targets[ref] = health
		side.Go(func() error { return p.targetHealth(ctx, ref, ids, health) })
	}
	for _, ref := range classicsOf(all) {
		health := map[string]elbtypes.TargetHealth{}
		facts.targets[ref] = health
		side.Go(func() error { return p.classicHealth(ctx, ref, ids, health) })
	}
	if p.nodes != nil {
		side.Go(func() error { facts.nodes, facts.silent = p.liveNodes(ctx); return nil })
	}
	return facts, side.Wait()
}

// liveNodes asks Kubernetes. That it does not answer is a fact and no error: the machine that is to be
// replaced may be why.
func (p controlPlane) liveNodes(ctx context.Context) (nodes map[string]kube.Node, silent string) {
	nodes, err := p.nodes.Nodes(ctx)
	if err != nil {
		return map[string]kube.Node{}, fmt.Sprintf("Kubernetes does not answer: %v", err)
	}
	return nodes, ""
}

func (p controlPlane) liveGroups(ctx context.Context, all []master) (map[string]asgtypes.AutoScalingGroup, error) {
	var names []string
	for _, m := range all {
		names = append(names, m.group.Name)
	}
	out, err := p.groups.DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: names})
	if err != nil {
		return nil, err
	}
	byName := map[string]asgtypes.AutoScalingGroup{}
	for _, g := range out.AutoScalingGroups {
		byName[aws.ToString(g.AutoScalingGroupName)] = g
	}
	return byName, nil
}

func (p controlPlane) liveInstances(ctx context.Context) (map[string]ec2types.Instance, error) {
	byID := map[string]ec2types.Instance{}
	pages := ec2.NewDescribeInstancesPaginator(p.ec2, &ec2.DescribeInstancesInput{Filters: []ec2types.Filter{
		{Name: aws.String("tag:" + topology.TagCluster), Values: []string{p.cluster}},
		{Name: aws.String("tag:" + topology.TagRoleControl), Values: []string{"1"}},
		{Name: aws.String("instance-state-name"), Values: []string{"pending", "running"}},
	}})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, reservation := range page.Reservations {
			for _, i := range reservation.Instances {
				byID[aws.ToString(i.InstanceId)] = i
			}
		}
	}
	return byID, nil
}

func (p controlPlane) liveVolumes(ctx context.Context, all []master, ids topology.Bindings) (map[string]ec2types.Volume, error) {
	var volumes []string
	for _, m := range all {
		for _, s := range m.seats {
			if id, ok := ids.ID(s.volume); ok {
				volumes = append(volumes, id)
			}
		}
	}
	if len(volumes) == 0 {
		return nil, nil
	}
	out, err := p.ec2.DescribeVolumes(ctx, &ec2.DescribeVolumesInput{VolumeIds: volumes})
	if err != nil {
		return nil, err
	}
	byID := map[string]ec2types.Volume{}
	for _, v := range out.Volumes {
		byID[aws.ToString(v.VolumeId)] = v
	}
	return byID, nil
}

// judge finds the live machine of a group, and what is missing to its being back:
// in service, with its volumes attached, and healthy at the load balancer.
func (f *controlFacts) judge(m *master, ids topology.Bindings) {
	for i, s := range m.seats {
		id, _ := ids.ID(s.volume)
		if v, found := f.volumes[id]; found {
			m.seats[i].volumeID, m.seats[i].volumeTags = aws.ToString(v.VolumeId), v.Tags
		}
	}
	live := f.members(m.group.Name)
	if len(live) != 1 {
		m.missing = append(m.missing, fmt.Sprintf("%s has %d machines instead of one", m.group.Ref(), len(live)))
		return
	}
	id := aws.ToString(live[0].InstanceId)
	instance, running := f.instances[id]
	if !running {
		m.missing = append(m.missing, fmt.Sprintf("machine %s is not running", id))
		return
	}
	m.machine = &liveMachine{id: id, launched: aws.ToTime(instance.LaunchTime), backAfter: ec2Tag(instance.Tags, topology.TagBackAfter) != ""}
	m.machine.leaving, _ = time.Parse(time.RFC3339, ec2Tag(instance.Tags, topology.TagLeaving))
	m.machine.ip, _ = netip.ParseAddr(aws.ToString(instance.PrivateIpAddress))
	if live[0].LifecycleState != asgtypes.LifecycleStateInService || aws.ToString(live[0].HealthStatus) != "Healthy" {
		m.missing = append(m.missing, fmt.Sprintf("machine %s is %s and %s, not yet in service", id, live[0].LifecycleState, aws.ToString(live[0].HealthStatus)))
	}
	m.unattached = f.volumesMissing(m, ids)
	m.missing = append(m.missing, m.unattached...)
	if targets := f.targetsMissing(m); m.machine.leaving.IsZero() {
		m.missing = append(m.missing, targets...)
	} else {
		m.withheld = append([]string{fmt.Sprintf("machine %s is being taken out of service to be replaced", id)}, targets...)
	}
	if f.nodes != nil {
		m.machine.node = f.nodes[id]
		m.unready = f.nodeMissing(id)
	}
}

func (f *controlFacts) nodeMissing(machine string) string {
	node, known := f.nodes[machine]
	switch {
	case f.silent != "":
		return f.silent
	case !known:
		return fmt.Sprintf("machine %s has not joined Kubernetes", machine)
	case !node.Ready:
		return fmt.Sprintf("node %s is not ready: %s", node.Name, node.Reason)
	}
	return ""
}

// members are the machines that the group counts on: not the ones that it is
// terminating already.
func (f *controlFacts) members(group string) []asgtypes.Instance {
	return slices.DeleteFunc(slices.Clone(f.groups[group].Instances), func(i asgtypes.Instance) bool {
		switch i.LifecycleState {
		case asgtypes.LifecycleStateTerminating, asgtypes.LifecycleStateTerminatingWait, asgtypes.LifecycleStateTerminatingProceed,
			asgtypes.LifecycleStateTerminated, asgtypes.LifecycleStateDetaching, asgtypes.LifecycleStateDetached:
			return true
		}
		return false
	})
}

func (f *controlFacts) volumesMissing(m *master, ids topology.Bindings) []string {
	var missing []string
	for _, s := range m.seats {
		id, _ := ids.ID(s.volume)
		volume, found := f.volumes[id]
		attached := slices.ContainsFunc(volume.Attachments, func(a ec2types.VolumeAttachment) bool {
			return aws.ToString(a.InstanceId) == m.machine.id && a.State == ec2types.VolumeAttachmentStateAttached
		})
		switch {
		case !found:
			missing = append(missing, fmt.Sprintf("%s is not there", s.volume))
		case !attached:
			missing = append(missing, fmt.Sprintf("%s is not attached to machine %s yet", s.volume, m.machine.id))
		}
	}
	return missing
}
