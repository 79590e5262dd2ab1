package actual_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/actual"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/internal/awssim"
	"github.com/quorate/quorate/topology"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestAHighlyAvailableClusterIsSeenWhole(t *testing.T) {
	inBothWorlds(t, func(t *testing.T, w *world) {
		w.highlyAvailable()
		w.settle()
		state := w.observe()
		golden(t, "testdata/ha.golden", onePerLine(t, state))
		if len(state.Leftovers) > 0 {
			t.Errorf("left over: %v", state.Leftovers)
		}
		for ref := range state.Topology.All() {
			if id, ok := state.Bindings.ID(ref); !ok || id == "" {
				t.Errorf("%s is bound to nothing", ref)
			}
		}
	})
}

// onePerLine writes resources and machines without what differs from run to run.
func onePerLine(t *testing.T, s actual.State) []byte {
	t.Helper()
	var text bytes.Buffer
	for ref, r := range s.Topology.All() {
		line, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&text, "%s %s\n", ref, line)
	}
	var machines []string
	for _, m := range s.Machines {
		inside := m.PrivateIP.IsValid() && m.PrivateIP.Is4() && strings.HasPrefix(m.PrivateIP.String(), "172.20.")
		machines = append(machines, fmt.Sprintf("machine of %s: %s in %s from %s, in service %v, addressed %v",
			m.Group, m.Role, m.Zone, m.Template, m.InService(), inside && !m.Launched.IsZero()))
	}
	slices.Sort(machines)
	fmt.Fprintln(&text, strings.Join(machines, "\n"))
	return text.Bytes()
}

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
		t.Error(diff)
	}
}

// maxCalls is what a look at three masters and three worker groups may cost, so that
// fifty clusters looked at each minute stay far below AWS's request limits.
const maxCalls = 60

func TestALookCostsFewCalls(t *testing.T) {
	w := simulator(t)
	w.highlyAvailable()
	w.settle()
	w.zone("example.com", "")
	before := w.calls.ByOperation()
	w.observe(inZone(itsZone, "api."+cluster, "api.internal."+cluster, "kops-controller.internal."+cluster))
	spent, total := map[string]int{}, 0
	for operation, n := range w.calls.ByOperation() {
		if n -= before[operation]; n > 0 {
			spent[operation], total = n, total+n
		}
	}
	for _, operation := range slices.Sorted(maps.Keys(spent)) {
		t.Logf("%3d %s", spent[operation], operation)
	}
	t.Logf("%3d in all", total)
	if total > maxCalls {
		t.Errorf("a look cost %d calls, more than %d", total, maxCalls)
	}
}

func TestAnEmptyAccountIsAnEmptyState(t *testing.T) {
	inBothWorlds(t, func(t *testing.T, w *world) {
		state := w.observe()
		if state.Topology.Len() > 0 || len(state.Machines) > 0 || len(state.Leftovers) > 0 {
			t.Errorf("got %v", state)
		}
		want := topology.Bindings{
			{Kind: topology.KindImage, Name: image}:      w.ami,
			{Kind: topology.KindRootDevice, Name: image}: "/dev/sda1",
		}
		if diff := cmp.Diff(want, state.Bindings); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAnUnknownImageIsLeftUnbound(t *testing.T) {
	w := simulator(t)
	state := w.observe(func(s *actual.Scope) {
		s.Images = []string{"no-such-image", "ami-00000000000000000", "099720109477/no-such-image"}
	})
	if len(state.Bindings) > 0 {
		t.Errorf("got %v", state.Bindings)
	}
}

// Both spellings would be compared with one that AWS gives back, and one of them would
// make machines roll for ever.
func TestTwoSpellingsOfOneImageAreRefused(t *testing.T) {
	w := simulator(t)
	_, err := w.tryObserve(func(s *actual.Scope) { s.Images = []string{image, w.ami} })
	if err == nil || !strings.Contains(err.Error(), "same image") {
		t.Errorf("got %v", err)
	}
}

func TestTwoOfOneNameAreAnErrorThatNamesBoth(t *testing.T) {
	inBothWorlds(t, func(t *testing.T, w *world) {
		vpc := w.vpc("172.20.0.0/16", base(cluster))
		a, b := w.subnet(vpc, zones[0], "172.20.0.0/24", base("a."+cluster)), w.subnet(vpc, zones[0], "172.20.1.0/24", base("a."+cluster))
		c, d := w.internetGateway(vpc, base(cluster)), w.internetGateway("", base(cluster))
		_, err := w.tryObserve()
		for _, part := range []string{"subnet/a." + cluster, a, b, "internet-gateway/" + cluster, c, d, topology.TagCluster} {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("the error does not say %q: %v", part, err)
			}
		}
	})
}

func TestWhatIsNotTaggedAsOursIsNotSeen(t *testing.T) {
	inBothWorlds(t, func(t *testing.T, w *world) {
		w.vpc("172.20.0.0/16", topology.BaseTags("other.example.com", cluster))
		half := base(cluster)
		delete(half, topology.TagCluster)
		w.vpc("172.21.0.0/16", half)
		shared := base(cluster)
		shared[topology.OwnershipTag(cluster)] = "shared"
		w.vpc("172.22.0.0/16", shared)
		if state := w.observe(); state.Topology.Len() > 0 || len(state.Leftovers) > 0 {
			t.Errorf("got %v", state)
		}
	})
}

func TestWhatIsOursAndUnknownIsLeftOver(t *testing.T) {
	inBothWorlds(t, func(t *testing.T, w *world) {
		vpc := w.vpc("172.20.0.0/16", base(cluster))
		nameless := base("")
		delete(nameless, topology.TagName)
		subnet := w.subnet(vpc, zones[0], "172.20.0.0/24", nameless)
		controllers := w.securityGroup(vpc, "k8s-elb-a1b2c3", base("something-else"))
		w.allow(controllers, fromCIDR(permission("tcp", 80, 80), "0.0.0.0/0"))
		state := w.observe()
		var got []string
		for _, l := range state.Leftovers {
			got = append(got, fmt.Sprintf("%s %s: %s", l.Kind, l.ID, l.Reason))
		}
		want := []string{
			"subnet " + subnet + ": it has no Name tag",
			"security-group " + controllers + `: the group is named "k8s-elb-a1b2c3", unlike its Name tag`,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if state.Topology.Len() != 1 {
			t.Errorf("the topology has %d resources, want the VPC alone", state.Topology.Len())
		}
	})
}

func TestSharedResourcesAreFoundByID(t *testing.T) {
	inBothWorlds(t, func(t *testing.T, w *world) {
		vpc := w.vpc("10.0.0.0/16", nil)
		subnet := w.subnet(vpc, zones[0], "10.0.0.0/24", topology.Tags{topology.OwnershipTag(cluster): "shared"})
		gateway := w.internetGateway(vpc, nil)
		address := w.elasticIP(nil)
		nat := w.natGateway(subnet, address, nil)
		group := w.securityGroup(vpc, "theirs", nil)
		w.keyPair("theirs", nil)
		w.role("theirs", nil, nil)
		w.profile("theirs", "theirs", nil)
		w.settle()
		shared := []topology.Ref{
			{Kind: topology.KindVPC, Name: vpc}, {Kind: topology.KindInternetGateway, Name: vpc}, {Kind: topology.KindSubnet, Name: subnet},
			{Kind: topology.KindElasticIP, Name: w.publicIP(address)}, {Kind: topology.KindNATGateway, Name: nat}, {Kind: topology.KindSecurityGroup, Name: group},
			{Kind: topology.KindInstanceProfile, Name: "theirs"}, {Kind: topology.KindKeyPair, Name: "theirs"},
		}
		state := w.observe(func(s *actual.Scope) {
			s.Shared = append(shared, topology.Ref{Kind: topology.KindSubnet, Name: "subnet-0123456789abcdef0"})
		})
		var got []topology.Ref
		for ref, r := range state.Topology.All() {
			if r.Owner() != topology.Shared {
				t.Errorf("%s is %s", ref, r.Owner())
			}
			if ref.Kind != topology.KindSecurityGroupRule {
				got = append(got, ref)
			}
		}
		if diff := cmp.Diff(shared, got); diff != "" {
			t.Error(diff)
		}
		if id, _ := state.Bindings.ID(shared[3]); id != address {
			t.Errorf("the address is bound to %q, want %s", id, address)
		}
		if id, _ := state.Bindings.ID(topology.Ref{Kind: topology.KindInternetGateway, Name: vpc}); id != gateway {
			t.Errorf("the gateway of the VPC is bound to %q, want %s", id, gateway)
		}
		seen, _ := topology.Find[topology.Subnet](state.Topology, shared[2])
		if seen.VPC != shared[0] || seen.Zone != zones[0] {
			t.Errorf("got %+v", seen)
		}
	})
}

// publicIP is the address behind an allocation, by which a manifest gives it.
func (w *world) publicIP(allocation string) string {
	w.t.Helper()
	out := must[*ec2.DescribeAddressesOutput](w)(w.EC2.DescribeAddresses(w.t.Context(), &ec2.DescribeAddressesInput{AllocationIds: []string{allocation}}))
	return *out.Addresses[0].PublicIp
}

func TestRoutesToWhatIsGoneLeadToTheLostID(t *testing.T) {
	w := simulator(t)
	vpc := w.vpc("172.20.0.0/16", base(cluster))
	w.internetGateway(vpc, base(cluster))
	subnet := w.subnet(vpc, zones[0], "172.20.0.0/24", base("utility-a."+cluster))
	nat := w.natGateway(subnet, w.elasticIP(base("a."+cluster)), base("a."+cluster))
	table := w.routeTable(vpc, nil, base("private-a."+cluster))
	w.settle()
	w.route(ec2.CreateRouteInput{RouteTableId: &table, DestinationCidrBlock: aws.String("0.0.0.0/0"), NatGatewayId: &nat})

	target := func(state actual.State) topology.Ref {
		t.Helper()
		found, _ := topology.Find[topology.RouteTable](state.Topology, topology.Ref{Kind: topology.KindRouteTable, Name: "private-a." + cluster})
		if len(found.Routes) != 1 {
			t.Fatalf("got routes %v", found.Routes)
		}
		return found.Routes[0].Target
	}
	if got, want := target(w.observe()), (topology.Ref{Kind: topology.KindNATGateway, Name: "a." + cluster}); got != want {
		t.Errorf("the route leads to %s, want %s", got, want)
	}
	must[*ec2.DeleteNatGatewayOutput](w)(w.EC2.DeleteNatGateway(t.Context(), &ec2.DeleteNatGatewayInput{NatGatewayId: &nat}))
	state := w.observe() // while it is being deleted
	if got, want := target(state), topology.Given(nat); got != want {
		t.Errorf("the route leads to %s, want %s", got, want)
	}
	if gateways := topology.Of[topology.NATGateway](state.Topology); len(gateways) > 0 {
		t.Errorf("a gateway that is being deleted counts as there: %v", gateways)
	}
}

func TestAGatewayOnItsWayCountsAsThere(t *testing.T) {
	w := simulator(t)
	vpc := w.vpc("172.20.0.0/16", base(cluster))
	subnet := w.subnet(vpc, zones[0], "172.20.0.0/24", base("utility-a."+cluster))
	w.natGateway(subnet, w.elasticIP(base("a."+cluster)), base("a."+cluster))
	if gateways := topology.Of[topology.NATGateway](w.observe().Topology); len(gateways) != 1 {
		t.Errorf("got %v", gateways)
	}
}

// AWS tells at most 100 route tables at a time.
func TestMoreThanOnePageIsRead(t *testing.T) {
	w := simulator(t)
	vpc := w.vpc("172.20.0.0/16", base(cluster))
	for n := range 101 {
		w.routeTable(vpc, nil, base(fmt.Sprintf("private-%d.%s", n, cluster)))
	}
	if tables := topology.Of[topology.RouteTable](w.observe().Topology); len(tables) != 101 {
		t.Errorf("saw %d of 101 route tables", len(tables))
	}
}

func TestVolumesOfOthersAreNoneOfOurBusiness(t *testing.T) {
	inBothWorlds(t, func(t *testing.T, w *world) {
		w.volume(zones[0], etcdVolumeTags("a", "main"))
		w.volume(zones[0], base(cluster+"-dynamic-pvc-1").With(topology.Tags{"kubernetes.io/created-for/pvc/name": "data"}))
		w.volume(zones[0], base("nodes."+cluster)) // as the root disk of a machine
		going := w.volume(zones[1], etcdVolumeTags("b", "main"))
		w.settle()
		must[*ec2.DeleteVolumeOutput](w)(w.EC2.DeleteVolume(t.Context(), &ec2.DeleteVolumeInput{VolumeId: &going}))
		volumes := topology.Of[topology.Volume](w.observe().Topology)
		if len(volumes) != 1 || volumes[0].Name != "a.etcd-main."+cluster {
			t.Errorf("got %v", volumes)
		}
	})
}

func TestASubnetWithAnIPv6RangeSaysWhereItLies(t *testing.T) {
	w := simulator(t)
	id := w.vpc("172.20.0.0/16", base(cluster))
	vpcs := must[*ec2.DescribeVpcsOutput](w)(w.EC2.DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{VpcIds: []string{id}}))
	block := *vpcs.Vpcs[0].Ipv6CidrBlockAssociationSet[0].Ipv6CidrBlock
	third := strings.Replace(block, "00::/56", "03::/64", 1)
	w.settle()
	must[*ec2.CreateSubnetOutput](w)(w.EC2.CreateSubnet(t.Context(), &ec2.CreateSubnetInput{
		VpcId: &id, AvailabilityZone: &zones[0], CidrBlock: aws.String("172.20.0.0/24"), Ipv6CidrBlock: &third,
		TagSpecifications: tagged(ec2types.ResourceTypeSubnet, base("a."+cluster)),
	}))
	got, _ := topology.Find[topology.Subnet](w.observe().Topology, topology.Ref{Kind: topology.KindSubnet, Name: "a." + cluster})
	if got.IPv6CIDR != "/64#3" {
		t.Errorf("%s of %s is written %s", third, block, got.IPv6CIDR)
	}
}

func TestEveryCallThatIAMDeniesIsTold(t *testing.T) {
	w := simulator(t)
	w.region.SetIntercept(awssim.FirstOf(
		awssim.OnOperation("ec2", "DescribeSubnets", awssim.Deny), awssim.OnOperation("iam", "GetRole", awssim.Deny),
	))
	_, err := w.tryObserve()
	for _, part := range []string{"observe subnets", "ec2:DescribeSubnets", "observe IAM roles", "iam:GetRole"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not say %q: %v", part, err)
		}
	}
	if action, denied := awsapi.Denied(err); !denied || action == "" {
		t.Errorf("the error is not known as a denial: %v", err)
	}
}

func TestAnInterruptedLookSaysSoOnce(t *testing.T) {
	w := simulator(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := actual.Observe(ctx, actual.FromClients(w.Clients), actual.Scope{Cluster: cluster, Region: "us-east-1"})
	if !errors.Is(err, context.Canceled) || strings.Count(err.Error(), "observe") != 1 {
		t.Errorf("got %v", err)
	}
}
