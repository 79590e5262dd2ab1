package preflight

import (
	"context"
	"errors"
	"maps"
	"net/netip"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"

	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/internal/awssim"
	"github.com/quorate/quorate/internal/mototest"
	"github.com/quorate/quorate/topology"
)

var motoServer mototest.Server

func TestMain(m *testing.M) {
	defer motoServer.Stop()
	m.Run()
}

func connect(t *testing.T, url string) awsapi.Clients {
	t.Helper()
	t.Setenv("AWS_ENDPOINT_URL", url)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDTEST")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	clients, err := awsapi.Load(t.Context(), awsapi.Options{Region: "us-east-1", MaxAttempts: 3, Guard: func(context.Context, string) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	return clients
}

func simulated(t *testing.T) awsapi.Clients {
	t.Helper()
	sim := awssim.New(awssim.Config{Region: "us-east-1", Seed: 1})
	t.Cleanup(sim.Close)
	url, stop, err := sim.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return connect(t, url)
}

// asked has a resource of each kind of [repertoires].
var asked = map[topology.Kind]topology.Resource{
	topology.KindDHCPOptions:       topology.DHCPOptions{Name: "k", DomainName: "ec2.internal"},
	topology.KindVPC:               topology.VPC{Name: "k", CIDR: netip.MustParsePrefix("10.0.0.0/16"), Tags: topology.Tags{"team": "platform"}},
	topology.KindInternetGateway:   topology.InternetGateway{Name: "k"},
	topology.KindEgressOnlyGateway: topology.EgressOnlyGateway{Name: "k"},
	topology.KindSubnet:            topology.Subnet{Name: "k", Zone: "us-east-1a", CIDR: netip.MustParsePrefix("10.0.0.0/20")},
	topology.KindElasticIP:         topology.ElasticIP{Name: "k"},
	topology.KindNATGateway:        topology.NATGateway{Name: "k"},
	topology.KindRouteTable:        topology.RouteTable{Name: "k"},
	topology.KindSecurityGroup:     topology.SecurityGroup{Name: "k"},
	topology.KindSecurityGroupRule: topology.SecurityGroupRule{},
	topology.KindKeyPair:           topology.KeyPair{Name: "k", PublicKey: "ssh-ed25519 AAAA"},
	topology.KindVolume:            topology.Volume{Name: "k", Zone: "us-east-1a", Type: "gp3", SizeGiB: 20},
	topology.KindLaunchTemplate:    topology.LaunchTemplate{Name: "k", InstanceType: "t3.medium"},
}

// answers tells, by operation, how a world answers the dry runs of all probes.
func answers(t *testing.T, api EC2) map[string]string {
	t.Helper()
	codes := map[string]string{}
	ask := func(r topology.Resource, probes ...probe) {
		for _, p := range probes {
			var refused smithy.APIError
			err := p.ask(t.Context(), api, &stage{}, r)
			switch {
			case errors.As(err, &refused):
				codes[p.operation] = refused.ErrorCode()
			case err != nil:
				codes[p.operation] = err.Error()
			default:
				codes[p.operation] = "done in earnest"
			}
		}
	}
	for kind, calls := range repertoires {
		if asked[kind] == nil {
			t.Errorf("give a resource of kind %s to asked", kind)
			continue
		}
		ask(asked[kind], slices.Concat(calls.create, calls.remove)...)
		ask(asked[kind], slices.Concat(slices.Collect(maps.Values(calls.update))...)...)
	}
	ask(asked[topology.KindSecurityGroupRule], slices.Concat(egressRules.create, egressRules.remove)...)
	ask(asked[topology.KindVPC], createTags, deleteTags)
	return codes
}

const allowed = "DryRunOperation"

// motoEarnest are the calls that moto has no dry run of: it does what they say, or fails to.
var motoEarnest = []string{
	"AssociateDhcpOptions", "AssociateRouteTable", "CreateDhcpOptions", "CreateEgressOnlyInternetGateway", "CreateLaunchTemplateVersion",
	"CreateNatGateway", "CreateRoute", "CreateRouteTable", "CreateSubnet", "CreateTags", "CreateVpc", "DeleteDhcpOptions",
	"DeleteEgressOnlyInternetGateway", "DeleteNatGateway", "DeleteRouteTable", "DeleteSubnet", "DeleteVpc", "ReplaceRoute",
}

func TestContractDryRunsAreAnsweredAsDryRuns(t *testing.T) {
	for operation, code := range answers(t, simulated(t).EC2) {
		if code != allowed {
			t.Errorf("the simulator answers %s with %s", operation, code)
		}
	}
	for operation, code := range answers(t, connect(t, motoServer.URL(t)).EC2) {
		if lacking := slices.Contains(motoEarnest, operation); (code == allowed) == lacking {
			t.Errorf("moto answers %s with %s; correct motoEarnest", operation, code)
		}
	}
}

// TestContractPlacesAreToldAlike reads in both worlds what the preflight reads. moto lacks the quotas of all
// services but VPC, and Auto Scaling's account limits.
func TestContractPlacesAreToldAlike(t *testing.T) {
	for name, clients := range map[string]awsapi.Clients{"simulator": simulated(t), "moto": connect(t, motoServer.URL(t))} {
		t.Run(name, func(t *testing.T) {
			zones, err := knownZones(t.Context(), clients.EC2)
			if err != nil || zones["us-east-1a"].State != ec2types.AvailabilityZoneStateAvailable {
				t.Errorf("zone us-east-1a is %q (%v)", zones["us-east-1a"].State, err)
			}
			offered, err := clients.EC2.DescribeInstanceTypeOfferings(t.Context(), &ec2.DescribeInstanceTypeOfferingsInput{
				LocationType: ec2types.LocationTypeAvailabilityZone,
				Filters:      []ec2types.Filter{{Name: aws.String("instance-type"), Values: []string{"t3.medium"}}, {Name: aws.String("location"), Values: []string{"us-east-1a"}}},
			})
			if err != nil || len(offered.InstanceTypeOfferings) != 1 || aws.ToString(offered.InstanceTypeOfferings[0].Location) != "us-east-1a" {
				t.Errorf("t3.medium is offered %+v (%v)", offered, err)
			}
			if n, err := limitOf(t.Context(), clients.Quotas, vpcQuota); err != nil || n != 5 {
				t.Errorf("the account may have %d VPCs (%v)", n, err)
			}
		})
	}
}

// TestContractMotoLacksLimits fails when moto learns a call, so that the contract can be widened.
func TestContractMotoLacksLimits(t *testing.T) {
	clients := connect(t, motoServer.URL(t))
	if n, err := limitOf(t.Context(), clients.Quotas, elasticIPQuota); err == nil {
		t.Errorf("moto knows the quotas of EC2: %d elastic IPs; compare them with the simulator's", n)
	}
	if _, err := clients.AutoScaling.DescribeAccountLimits(t.Context(), &autoscaling.DescribeAccountLimitsInput{}); err == nil {
		t.Error("moto knows DescribeAccountLimits; compare it with the simulator's")
	}
}
