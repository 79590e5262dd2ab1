package preflight

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/actual"
	"github.com/quorate/quorate/topology"
)

// group makes a new group of t3.medium machines in the subnets.
func group(name string, machines int, subnets ...topology.Ref) (topology.AutoScalingGroup, topology.LaunchTemplate) {
	t := topology.LaunchTemplate{Name: name, InstanceType: "t3.medium", Image: "ami-1", Ownership: topology.Owned}
	return topology.AutoScalingGroup{Name: name, LaunchTemplate: t.Ref(), Min: machines, Max: machines, Subnets: subnets, Ownership: topology.Owned}, t
}

// creating is the input of a plan that makes everything of the topology.
func creating(t *testing.T, facts actual.Facts, resources ...topology.Resource) Input {
	t.Helper()
	want, err := topology.New(resources...)
	if err != nil {
		t.Fatal(err)
	}
	in := Input{Region: "us-east-1", Want: want, Have: actual.State{Facts: facts}}
	for ref, r := range want.All() {
		if r.Owner() == topology.Owned {
			in.Changes = append(in.Changes, Change{Ref: ref, Want: r})
		}
	}
	return in
}

func reasons(found Findings) []string {
	var list []string
	for _, p := range found.Problems {
		list = append(list, p.Ref.String()+": "+p.Reason)
	}
	slices.Sort(list)
	return list
}

func TestAFullSharedSubnetIsFoundBeforeMachinesCome(t *testing.T) {
	vpc := topology.VPC{Name: "vpc-1", Ownership: topology.Shared}
	full := topology.Subnet{Name: "subnet-full", VPC: vpc.Ref(), CIDR: netip.MustParsePrefix("10.0.0.0/24"), Ownership: topology.Shared}
	roomy := topology.Subnet{Name: "subnet-roomy", VPC: vpc.Ref(), CIDR: netip.MustParsePrefix("10.0.1.0/24"), Ownership: topology.Shared}
	tiny := topology.Subnet{Name: "tiny", VPC: vpc.Ref(), CIDR: netip.MustParsePrefix("10.0.2.0/28"), Ownership: topology.Owned}
	facts := actual.Facts{FreeAddresses: map[topology.Ref]int{full.Ref(): 1, roomy.Ref(): 200}}
	for name, c := range map[string]struct {
		machines int
		subnets  []topology.Subnet
		want     []string
	}{
		"enough":                  {1, []topology.Subnet{full}, nil},
		"one too many":            {2, []topology.Subnet{full}, []string{"subnet/subnet-full: the subnet has 1 free address, and autoscaling-group/g needs 2; free some, or use a larger subnet"}},
		"an even share fits":      {3, []topology.Subnet{full, roomy}, nil},
		"an even share is much":   {4, []topology.Subnet{full, roomy}, []string{"subnet/subnet-full: the subnet has 1 free address, and autoscaling-group/g needs 2; free some, or use a larger subnet"}},
		"AWS keeps five":          {11, []topology.Subnet{tiny}, nil},
		"a new subnet can be too": {12, []topology.Subnet{tiny}, []string{"subnet/tiny: the subnet has 11 free addresses, and autoscaling-group/g needs 12; free some, or use a larger subnet"}},
	} {
		t.Run(name, func(t *testing.T) {
			resources := []topology.Resource{vpc}
			var refs []topology.Ref
			for _, s := range c.subnets {
				resources, refs = append(resources, s), append(refs, s.Ref())
			}
			g, template := group("g", c.machines, refs...)
			var found Findings
			if err := checkAddresses(t.Context(), Clients{}, creating(t, facts, append(resources, g, template)...), &found); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, reasons(found)); d != "" {
				t.Errorf("%s", d)
			}
		})
	}
}

func TestAnImageOfAnotherArchitectureIsFound(t *testing.T) {
	g, template := group("g", 1)
	in := creating(t, actual.Facts{Architectures: map[string]string{"ami-1": "arm64"}}, g, template)
	var found Findings
	if err := checkImages(t.Context(), Clients{}, in, &found); err != nil {
		t.Fatal(err)
	}
	want := []string{"autoscaling-group/g: image ami-1 is for arm64, and a t3.medium is x86_64; choose an image or a machine type of the other's architecture"}
	if d := cmp.Diff(want, reasons(found)); d != "" {
		t.Errorf("%s", d)
	}
}

// notEC2 are the kinds whose calls have no dry run: those of other services, and of calls that lack it.
var notEC2 = []topology.Kind{
	topology.KindOIDCProvider, topology.KindIAMRole, topology.KindInstanceProfile, topology.KindQueue, topology.KindEventRule,
	topology.KindTargetGroup, topology.KindLoadBalancer, topology.KindClassicELB, topology.KindListener, topology.KindDNSRecord,
	topology.KindZoneAssociation, topology.KindVPCCIDR, topology.KindScalingPolicy, topology.KindScheduledAction, topology.KindAlarm, topology.KindAutoScalingGroup, topology.KindLifecycleHook,
}

// A key pair is known to EC2 by its name, so that nothing has to stand in for it.
func TestEveryKindThatIsAskedAboutHasAStandIn(t *testing.T) {
	for kind := range repertoires {
		if standIns[kind] == "" && kind != topology.KindKeyPair {
			t.Errorf("%s: give standIns in dryrun.go a well-formed id of one", kind)
		}
	}
}

func TestEveryKindIsAskedAboutOrHasNoDryRun(t *testing.T) {
	for _, kind := range topology.Kinds() {
		if _, asked := repertoires[kind]; asked == slices.Contains(notEC2, kind) {
			t.Errorf("%s: give it a row in probes.go if EC2 has its calls, or else one in this test", kind)
		}
	}
}
