package actual

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/quorate/quorate/topology"
)

// The kinds of what remains when a cluster ends and is no resource of a topology.
const (
	KindSnapshot         topology.Kind = "snapshot"
	KindNetworkInterface topology.Kind = "network-interface"
)

type remainsReader interface {
	DescribeNetworkInterfaces(context.Context, *ec2.DescribeNetworkInterfacesInput, ...func(*ec2.Options)) (*ec2.DescribeNetworkInterfacesOutput, error)
	DescribeSnapshots(context.Context, *ec2.DescribeSnapshotsInput, ...func(*ec2.Options)) (*ec2.DescribeSnapshotsOutput, error)
}

type remainsAnswers struct {
	interfaces []ec2types.NetworkInterface
	groups     []ec2types.SecurityGroup
	snapshots  []ec2types.Snapshot
}

// Tags of the controllers inside Kubernetes on what they make for people's objects; the
// values are NAMESPACE/NAME, or the name alone.
const (
	tagStack          = "service.k8s.aws/stack" // AWS Load Balancer Controller, for a Service
	tagIngressStack   = "ingress.k8s.aws/stack" // and for an Ingress
	tagClaimName      = "kubernetes.io/created-for/pvc/name"
	tagClaimNamespace = "kubernetes.io/created-for/pvc/namespace"
)

// lookRemains asks, only when a cluster ends, for what could hold its networks back and
// for the snapshots that it leaves.
func lookRemains(ctx context.Context, o *observation) error {
	if !o.scope.Ends {
		return nil
	}
	snapshots := ec2.NewDescribeSnapshotsPaginator(o.clients.EC2, &ec2.DescribeSnapshotsInput{
		OwnerIds: []string{"self"}, MaxResults: page1000, Filters: []ec2types.Filter{filter("tag:"+topology.TagCluster, o.scope.Cluster)},
	})
	var err error
	o.remains.snapshots, err = everything(ctx, snapshots, func(p *ec2.DescribeSnapshotsOutput) []ec2types.Snapshot { return p.Snapshots })
	networks := o.networks()
	if err != nil || len(networks) == 0 {
		return err
	}
	interfaces := ec2.NewDescribeNetworkInterfacesPaginator(o.clients.EC2, &ec2.DescribeNetworkInterfacesInput{
		Filters: []ec2types.Filter{filter("vpc-id", networks...)}, MaxResults: page1000,
	})
	o.remains.interfaces, err = everything(ctx, interfaces, func(p *ec2.DescribeNetworkInterfacesOutput) []ec2types.NetworkInterface {
		return p.NetworkInterfaces
	})
	if err != nil {
		return err
	}
	groups := ec2.NewDescribeSecurityGroupsPaginator(o.clients.EC2, &ec2.DescribeSecurityGroupsInput{
		Filters: []ec2types.Filter{filter("vpc-id", networks...)}, MaxResults: page1000,
	})
	o.remains.groups, err = everything(ctx, groups, func(p *ec2.DescribeSecurityGroupsOutput) []ec2types.SecurityGroup { return p.SecurityGroups })
	return err
}

// networks are the VPCs that the cluster has anything in.
func (o *observation) networks() []string {
	var ids []string
	for _, v := range o.vpcs.found {
		ids = append(ids, aws.ToString(v.VpcId))
	}
	for _, s := range o.subnets.found {
		ids = append(ids, aws.ToString(s.VpcId))
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func convertRemains(o *observation) error {
	if !o.scope.Ends {
		return nil
	}
	o.leaveClaims()
	o.leaveServiceBalancers()
	o.leaveGroups()
	o.leaveInterfaces()
	for _, s := range o.remains.snapshots {
		tags, reason := ec2Tags(s.Tags), "it carries the cluster's tag; remove it if nobody needs it"
		if tags[topology.TagRetired] != "" {
			reason = "kept of an etcd volume when the cluster was deleted: " + aws.ToString(s.Description)
		}
		o.leave(candidate{KindSnapshot, aws.ToString(s.SnapshotId), tags, aws.ToTime(s.StartTime)}, reason)
	}
	return nil
}

// block notes what people must remove before the cluster's networks can go.
func (o *observation) block(c candidate, reason string) {
	told := func(l Leftover) bool { return l.Kind == c.kind && l.ID == c.id }
	o.leftovers = slices.DeleteFunc(o.leftovers, told)
	o.leave(c, reason)
	o.leftovers[len(o.leftovers)-1].InTheWay = true
}

// leaveClaims tells the volumes of Kubernetes' claims, and those that outlived their
// machine: data of people, which nobody else may judge.
func (o *observation) leaveClaims() {
	for _, v := range o.volumes.found {
		tags := ec2Tags(v.Tags)
		_, _, _, ofEtcd := etcdSeat(tags)
		var reason string
		switch claim := tags[tagClaimName]; {
		case claim != "":
			reason = fmt.Sprintf("Kubernetes made it for the claim %s/%s", tags[tagClaimNamespace], claim)
		case !ofEtcd && v.State == ec2types.VolumeStateAvailable:
			reason = "it outlived its machine, as deleteOnTermination: false asks"
		default:
			continue
		}
		o.leave(candidate{topology.KindVolume, aws.ToString(v.VolumeId), tags, aws.ToTime(v.CreateTime)}, reason+"; it is never removed: delete it when nobody needs its data")
	}
}

// leaveServiceBalancers tells the load balancers that Kubernetes made for Services.
func (o *observation) leaveServiceBalancers() {
	for _, l := range o.loadBalancers.found {
		arn := aws.ToString(l.LoadBalancerArn)
		tags := o.loadBalancers.tags[arn]
		_, ours := tags[topology.OwnershipTag(o.scope.Cluster)]
		service := cmp.Or(tags[tagService], tags[tagStack], tags[tagIngressStack])
		if service == "" || !ours && !o.owns(tags) && tags["elbv2.k8s.aws/cluster"] != o.scope.Cluster {
			continue
		}
		o.block(candidate{topology.KindLoadBalancer, aws.ToString(l.LoadBalancerName), tags, aws.ToTime(l.CreatedTime)},
			"Kubernetes made it for "+service+"; it is never removed: delete it, for it holds addresses in the cluster's subnets")
	}
}

// leaveGroups tells security groups that are not the cluster's: in its own VPC all of
// them, for none may be left in a VPC that goes, and elsewhere those with its tag.
func (o *observation) leaveGroups() {
	for _, g := range o.remains.groups {
		id, tags := aws.ToString(g.GroupId), ec2Tags(g.Tags)
		if _, known := o.refs[id]; known || aws.ToString(g.GroupName) == "default" {
			continue
		}
		_, tagged := tags[topology.OwnershipTag(o.scope.Cluster)]
		vpc := o.resources[o.ref(g.VpcId)]
		own := vpc != nil && vpc.Owner() == topology.Owned
		switch name := aws.ToString(g.GroupName); {
		case tagged:
			o.block(candidate{kind: topology.KindSecurityGroup, id: id, tags: tags}, "Kubernetes made the group "+name+"; it is never removed: delete it with the load balancer that uses it")
		case own:
			o.block(candidate{kind: topology.KindSecurityGroup, id: id, tags: tags}, "the group "+name+" is somebody else's in the cluster's VPC; delete it")
		}
	}
}

// leaveInterfaces tells addresses in what is ours that no machine, gateway or load
// balancer holds that is told already.
func (o *observation) leaveInterfaces() {
	for _, n := range o.remains.interfaces {
		if !o.holdsOurs(n) || n.Attachment != nil && n.Attachment.InstanceId != nil || ofNATGateway(n) {
			continue
		}
		found := candidate{kind: KindNetworkInterface, id: aws.ToString(n.NetworkInterfaceId), tags: ec2Tags(n.TagSet)}
		balancer, ofBalancer := strings.CutPrefix(aws.ToString(n.Description), "ELB ")
		switch {
		case !ofBalancer && n.Status == ec2types.NetworkInterfaceStatusAvailable:
			o.block(found, fmt.Sprintf("nobody uses it any more (%s); delete it", aws.ToString(n.Description)))
		case !ofBalancer:
			o.block(found, fmt.Sprintf("it holds an address in the cluster's network (%s); delete what it belongs to", aws.ToString(n.Description)))
		case !o.balancerStands(balancer):
			o.block(found, fmt.Sprintf("it is of the load balancer %s: AWS takes it away when that is gone", balancer))
		}
	}
}

// ofNATGateway knows both spellings: the SDK's own, and the one that AWS answers with.
func ofNATGateway(n ec2types.NetworkInterface) bool {
	return n.InterfaceType == ec2types.NetworkInterfaceTypeNatGateway || n.InterfaceType == "nat_gateway"
}

// holdsOurs reports whether an interface keeps a subnet or security group of ours.
func (o *observation) holdsOurs(n ec2types.NetworkInterface) bool {
	ids := []string{aws.ToString(n.SubnetId), aws.ToString(n.VpcId)}
	for _, g := range n.Groups {
		ids = append(ids, aws.ToString(g.GroupId))
	}
	return slices.ContainsFunc(ids, func(id string) bool {
		r := o.resources[o.refs[id]]
		return r != nil && r.Owner() == topology.Owned
	})
}

// balancerStands reports whether a load balancer, as the description of an interface
// names it ("net/NAME/ID"), is still there.
func (o *observation) balancerStands(name string) bool {
	return slices.ContainsFunc(o.loadBalancers.found, func(l elbtypes.LoadBalancer) bool {
		return strings.HasSuffix(aws.ToString(l.LoadBalancerArn), "/"+name)
	})
}
