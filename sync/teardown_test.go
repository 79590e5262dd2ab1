package sync_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/internal/awssim"
	"github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/topology"
)

// ordered is the manifest with the order to delete its cluster.
func ordered(manifest, cluster string) string {
	const metadata = "metadata:\n"
	order := metadata + "  annotations:\n    quorate.dev/deletion: " + cluster + "\n"
	return strings.Replace(manifest, metadata, order, 1)
}

var ended = ordered(small, "ha.example.com")

// emptied is what a world holds once its HA cluster is deleted.
func emptied(before map[string]int) map[string]int {
	after := maps.Clone(before)
	for _, etcd := range []string{"main", "events"} {
		for _, member := range []string{"a", "b", "c"} {
			after["snapshot "+member+".etcd-"+etcd+".ha.example.com"] = 1
		}
	}
	return after
}

// TestKilledAtAnyCallOfItsEndTheClusterIsGoneAndItsDataKept deletes the HA cluster, killed
// after the effect of every mutating call: to be killed before the next one is the same
// world.
func TestKilledAtAnyCallOfItsEndTheClusterIsGoneAndItsDataKept(t *testing.T) {
	reference := newGround(t)
	before := inventory(reference.region)
	never.commit(t, reference, small, "small")
	never.commit(t, reference, ended, "ended")
	calls := reference.region.MutatingCalls()
	if d := cmp.Diff(emptied(before), inventory(reference.region)); d != "" {
		t.Fatalf("not as before (-want +got):\n%s", d)
	}
	all := slices.DeleteFunc(murders(calls), func(m murder) bool { return m.fate != awssim.LoseAnswer })
	sideBySide(t, all, func(t *testing.T, m murder, ground *ground) {
		never.commit(t, ground, small, "small")
		m.commit(t, ground, ended, "ended")
		if d := cmp.Diff(emptied(before), inventory(ground.region)); d != "" {
			t.Errorf("another world (-want +got):\n%s", d)
		}
		checkSnapshots(t, ground.region)
	})
	t.Logf("killed at %d points of %d calls", len(all), calls)
}

// checkSnapshots asks that each tells which volume it was, and why it is there.
func checkSnapshots(t *testing.T, region *awssim.Region) {
	t.Helper()
	for _, item := range region.Inventory() {
		if item.Type != "snapshot" {
			continue
		}
		if item.Tags[topology.TagRetired] == "" || item.Tags[topology.TagCluster] == "" {
			t.Errorf("snapshot of %s has the tags %v", item.Name, item.Tags)
		}
	}
}

// TestWhatKubernetesMadeIsNamedAndLeftWhenItsClusterEnds has a Service's load balancer
// with its security group, a claim's volume, one that outlived its machine, and a machine that left its
// group.
func TestWhatKubernetesMadeIsNamedAndLeftWhenItsClusterEnds(t *testing.T) {
	g, clock := still(t, "us-east-1")
	c := clusterOf(t, small)
	l := &life{region: g.region}
	l.until(t, g, clock, c, made)
	o := newOperator(t, g)
	kubernetes := topology.Tags{topology.OwnershipTag(its): "owned", "kubernetes.io/service-name": "shop/web"}
	vpc, subnet := items(g, "vpc")[its].ID, items(g, "subnet")["us-east-1a."+its].ID
	group, err := o.EC2.CreateSecurityGroup(t.Context(), &ec2.CreateSecurityGroupInput{
		GroupName: aws.String("k8s-elb-a1b2"), Description: aws.String("of a Service"), VpcId: &vpc, TagSpecifications: tagging(ec2types.ResourceTypeSecurityGroup, kubernetes),
	})
	o.must(err)
	balancer, err := o.ELB.CreateLoadBalancer(t.Context(), &elb.CreateLoadBalancerInput{
		Name: aws.String("a1b2"), Type: elbtypes.LoadBalancerTypeEnumNetwork, Subnets: []string{subnet},
		Tags: []elbtypes.Tag{{Key: aws.String(topology.OwnershipTag(its)), Value: aws.String("owned")}, {Key: aws.String("kubernetes.io/service-name"), Value: aws.String("shop/web")}},
	})
	o.must(err)
	volume, err := o.EC2.CreateVolume(t.Context(), &ec2.CreateVolumeInput{
		AvailabilityZone: aws.String("us-east-1a"), Size: aws.Int32(8), VolumeType: ec2types.VolumeTypeGp3,
		TagSpecifications: tagging(ec2types.ResourceTypeVolume, topology.BaseTags(its, its+"-dynamic-pvc-1").With(topology.Tags{
			"kubernetes.io/created-for/pvc/name": "orders", "kubernetes.io/created-for/pvc/namespace": "shop",
		})),
	})
	o.must(err)
	outlived, err := o.EC2.CreateVolume(t.Context(), &ec2.CreateVolumeInput{
		AvailabilityZone: aws.String("us-east-1a"), Size: aws.Int32(8), VolumeType: ec2types.VolumeTypeGp3,
		TagSpecifications: tagging(ec2types.ResourceTypeVolume, topology.BaseTags(its, "nodes."+its)),
	})
	o.must(err)
	stray := o.launch("nodes."+its, subnet)
	kept := g.region.Inventory()

	c.Policy.Deletion = true
	stuck := l.until(t, g, clock, c, func(r sync.Result) bool {
		return strings.HasPrefix(r.Reason(), "in the way: ") && !r.Report.Acted() || gone(r)
	})
	for _, part := range []string{"load-balancer a1b2: Kubernetes made it for shop/web", "security-group " + *group.GroupId + ": Kubernetes made the group k8s-elb-a1b2"} {
		if !strings.Contains(stuck.Reason(), part) {
			t.Errorf("the reason lacks %q: %s", part, stuck.Reason())
		}
	}
	if m := items(g, "instance"); len(m) > 0 {
		t.Errorf("machines remain: %v; %s had left its group", m, stray)
	}
	for _, item := range kept {
		if foreign := item.ID == *group.GroupId || item.ID == *balancer.LoadBalancers[0].LoadBalancerArn || item.ID == *volume.VolumeId || item.ID == *outlived.VolumeId; foreign && !slices.ContainsFunc(g.region.Inventory(), func(i awssim.Item) bool { return i.ID == item.ID }) {
			t.Errorf("%s %s was removed, and is not ours", item.Type, item.ID)
		}
	}

	_, err = o.ELB.DeleteLoadBalancer(t.Context(), &elb.DeleteLoadBalancerInput{LoadBalancerArn: balancer.LoadBalancers[0].LoadBalancerArn})
	o.must(err)
	clock.Advance(10 * time.Minute)
	_, err = o.EC2.DeleteSecurityGroup(t.Context(), &ec2.DeleteSecurityGroupInput{GroupId: group.GroupId})
	o.must(err)
	end := l.until(t, g, clock, c, gone)
	told := end.Planned.Ended()
	if !strings.HasPrefix(told, "deleted; 6 snapshots of its etcd volumes are kept; left to you: ") ||
		!strings.Contains(told, "volume "+*volume.VolumeId) || !strings.Contains(told, "volume "+*outlived.VolumeId) {
		t.Errorf("the end is told as %q, want both volumes in it", told)
	}
}

// launch makes a machine of a group's launch template, outside of the group.
func (o operator) launch(template, subnet string) string {
	o.Helper()
	out, err := o.EC2.RunInstances(o.Context(), &ec2.RunInstancesInput{
		LaunchTemplate: &ec2types.LaunchTemplateSpecification{LaunchTemplateName: &template},
		MinCount:       aws.Int32(1), MaxCount: aws.Int32(1), NetworkInterfaces: []ec2types.InstanceNetworkInterfaceSpecification{{DeviceIndex: aws.Int32(0), SubnetId: &subnet}},
		TagSpecifications: tagging(ec2types.ResourceTypeInstance, topology.BaseTags(its, template)),
	})
	o.must(err)
	return *out.Instances[0].InstanceId
}

// TestADeletionTakenBackBuildsTheClusterOnItsOldVolumes stops a deletion when nothing but
// the volumes is left, and takes the order out of the manifest.
func TestADeletionTakenBackBuildsTheClusterOnItsOldVolumes(t *testing.T) {
	g, clock := still(t, "us-east-1")
	c := clusterOf(t, small)
	l := &life{region: g.region}
	l.until(t, g, clock, c, made)
	volumes := items(g, "volume")

	c.Policy.Deletion = true
	l.until(t, g, clock, c, func(r sync.Result) bool { return len(items(g, "vpc")) == 0 && len(items(g, "snapshot")) > 0 })
	c.Policy.Deletion = false
	planned, err := l.planner(t, c).Plan(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range planned.Plan.Changes {
		if change.Ref.Kind == topology.KindVolume && !strings.Contains(change.Reason, "was taken back") {
			t.Errorf("%s %s is not explained: %q", change.Effect, change.Ref, change.Reason)
		}
	}
	l.until(t, g, clock, c, made)
	for name, v := range items(g, "volume") {
		if volumes[name].ID != v.ID || v.Tags[topology.TagRetired] != "" {
			t.Errorf("%s is %s with the tags %v, was %s", name, v.ID, v.Tags, volumes[name].ID)
		}
	}
}
