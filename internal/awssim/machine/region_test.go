package machine

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/quorate/quorate/apply/health"
	"github.com/quorate/quorate/apply/quorum"
	"github.com/quorate/quorate/internal/awssim"
	"github.com/quorate/quorate/topology"
)

// site is a simulated region with a control plane in three zones.
type site struct {
	*Machines
	t     *testing.T
	ec2   *ec2.Client
	asg   *autoscaling.Client
	etcds []topology.NodeEtcd
}

var memberNames = []string{"a", "b", "c"}

func newSite(t *testing.T) *site {
	t.Helper()
	network := reserve(t)
	m, err := New(Config{Network: network, Log: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	region := awssim.New(awssim.Config{Clock: awssim.NewScaledClock(60), Dir: t.TempDir(), Network: network, Boot: m.Boot})
	t.Cleanup(region.Close)
	url, stop, err := region.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	c := aws.Config{Region: "us-east-1", BaseEndpoint: &url, Credentials: credentials.NewStaticCredentialsProvider("AKIDSIMULATED", "secret", "")}
	s := &site{Machines: m, t: t, ec2: ec2.NewFromConfig(c), asg: autoscaling.NewFromConfig(c), etcds: []topology.NodeEtcd{mainEtcd(), eventsEtcd()}}
	vpc := must(s.ec2.CreateVpc(t.Context(), &ec2.CreateVpcInput{CidrBlock: aws.String("172.20.0.0/16")}))(t).Vpc.VpcId
	s.queue(c)
	for i, member := range memberNames {
		s.master(vpc, i, member)
	}
	return s
}

// queue is where the node termination handler hears of machines that wait for their end.
func (s *site) queue(c aws.Config) {
	t, ctx := s.t, s.t.Context()
	name := topology.TerminationQueueName(cluster)
	arn := "arn:aws:sqs:us-east-1:123456789012:" + name
	must(sqs.NewFromConfig(c).CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &name, Attributes: map[string]string{
		"Policy": `{"Statement":[{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"` + arn + `"}]}`,
	}}))(t)
	events := eventbridge.NewFromConfig(c)
	must(events.PutRule(ctx, &eventbridge.PutRuleInput{Name: &name, EventPattern: aws.String(`{"source":["aws.autoscaling"]}`)}))(t)
	must(events.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: &name, Targets: []ebtypes.Target{{Id: aws.String("1"), Arn: &arn}}}))(t)
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// master makes one zone's subnet, volumes, template and group of one machine.
func (s *site) master(vpc *string, i int, member string) {
	t, ctx, zone := s.t, s.t.Context(), "us-east-1"+member
	subnet := must(s.ec2.CreateSubnet(ctx, &ec2.CreateSubnetInput{
		VpcId: vpc, AvailabilityZone: &zone, CidrBlock: aws.String(fmt.Sprintf("172.20.%d.0/24", i)),
	}))(t).Subnet.SubnetId
	for _, e := range s.etcds {
		must(s.ec2.CreateVolume(ctx, &ec2.CreateVolumeInput{
			AvailabilityZone: &zone, Size: aws.Int32(20), VolumeType: types.VolumeTypeGp3,
			TagSpecifications: []types.TagSpecification{{ResourceType: types.ResourceTypeVolume, Tags: []types.Tag{
				{Key: aws.String("KubernetesCluster"), Value: aws.String(cluster)},
				{Key: aws.String("k8s.io/etcd/" + e.Name), Value: aws.String(member + "/a,b,c")},
			}}},
		}))(t)
	}
	template := must(s.ec2.CreateLaunchTemplate(ctx, &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String(member + ".masters"),
		LaunchTemplateData: &types.RequestLaunchTemplateData{
			ImageId: aws.String("ami-0123456789abcdef0"), InstanceType: types.InstanceTypeT3Medium,
			UserData: aws.String(base64.StdEncoding.EncodeToString([]byte(userDataOf(member, s.etcds...)))),
		},
	}))(t).LaunchTemplate.LaunchTemplateId
	must(s.asg.CreateAutoScalingGroup(ctx, &autoscaling.CreateAutoScalingGroupInput{
		AutoScalingGroupName: aws.String(member), MinSize: aws.Int32(1), MaxSize: aws.Int32(1), VPCZoneIdentifier: subnet,
		LaunchTemplate: &asgtypes.LaunchTemplateSpecification{LaunchTemplateId: template, Version: aws.String("1")},
	}))(t)
	// Two hours are longer than the test's patience: the control plane must let the machine go.
	must(s.asg.PutLifecycleHook(ctx, &autoscaling.PutLifecycleHookInput{
		AutoScalingGroupName: aws.String(member), LifecycleHookName: aws.String("nth"), LifecycleTransition: aws.String("autoscaling:EC2_INSTANCE_TERMINATING"),
		DefaultResult: aws.String("CONTINUE"), HeartbeatTimeout: aws.Int32(7200),
	}))(t)
}

// machine is the group's machine in service, its id and address, if there is one.
func (s *site) machine(group string) (id string, ip netip.Addr) {
	out := must(s.asg.DescribeAutoScalingGroups(s.t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{group}}))(s.t)
	for _, i := range out.AutoScalingGroups[0].Instances {
		if i.LifecycleState != asgtypes.LifecycleStateInService {
			continue
		}
		described := must(s.ec2.DescribeInstances(s.t.Context(), &ec2.DescribeInstancesInput{InstanceIds: []string{*i.InstanceId}}))(s.t)
		return *i.InstanceId, netip.MustParseAddr(*described.Reservations[0].Instances[0].PrivateIpAddress)
	}
	return "", netip.Addr{}
}

// look is what the gate would see now.
func (s *site) look(ctx context.Context) ([]health.Cluster, []health.Report) {
	var clusters []health.Cluster
	for _, e := range s.etcds {
		c := health.Cluster{Name: e.Name}
		for _, member := range memberNames {
			m := health.Member{Name: member, Zone: "us-east-1" + member}
			if _, ip := s.machine(member); ip.IsValid() {
				m.Address = netip.AddrPortFrom(ip, uint16(e.ClientPort))
			}
			c.Members = append(c.Members, m)
		}
		clusters = append(clusters, c)
	}
	return clusters, s.prober().Observe(ctx, clusters)
}

func (s *site) prober() health.Prober {
	return health.Prober{Guard: func(context.Context, string) error { return nil }, Dial: s.DialContext, Pause: 100 * time.Millisecond}
}

func allHealthy(reports []health.Report) error {
	for _, r := range reports {
		if len(r.Reasons) > 0 {
			return fmt.Errorf("etcd %s: %v", r.Name, r.Reasons)
		}
	}
	return nil
}

// TestAControlPlaneIsRolledUnderWrites is the promise of the whole product, on the smallest stage: zone by
// zone, asking before each, with a client that writes all the time.
func TestAControlPlaneIsRolledUnderWrites(t *testing.T) {
	s := newSite(t)
	settled := func(ctx context.Context) error {
		_, reports := s.look(ctx)
		return allHealthy(reports)
	}
	t.Logf("created and healthy after %v", eventually(t, "a healthy control plane", settled))
	var writers []*writer
	for _, e := range s.etcds {
		writers = append(writers, s.keepWriting(e))
	}
	for _, member := range memberNames {
		old, _ := s.machine(member)
		began := time.Now()
		s.takeOut(member, old)
		eventually(t, "the successor in "+member, func(ctx context.Context) error {
			if id, _ := s.machine(member); id == "" || id == old {
				return fmt.Errorf("%s has no new machine", member)
			}
			return settled(ctx)
		})
		t.Logf("%s was rolled in %v", member, time.Since(began))
	}
	for i, w := range writers {
		if err := w.end(t); err != nil || w.writes == 0 {
			t.Errorf("etcd %s: %d writes, %v", s.etcds[i].Name, w.writes, err)
		}
		t.Logf("etcd %s: %d writes in %d attempts, longest stall %v", s.etcds[i].Name, w.writes, w.attempts, w.stall)
	}
}

// takeOut does what the gate and a roll do: ask until everybody agrees, hand leadership over, terminate.
func (s *site) takeOut(member, machine string) {
	t := s.t
	t.Helper()
	eventually(t, "permission to take "+member+" out", func(ctx context.Context) error {
		clusters, reports := s.look(ctx)
		for i, r := range reports {
			if v := quorum.Decide(r.Cluster, func(m quorum.Member) bool { return m.Name == member }); v.Answer != quorum.Proceed {
				return fmt.Errorf("%s: %v", v.Reason, r.Reasons)
			}
			if err := s.prober().HandOver(ctx, clusters[i], member); err != nil {
				return err
			}
		}
		return nil
	})
	must(s.asg.TerminateInstanceInAutoScalingGroup(t.Context(), &autoscaling.TerminateInstanceInAutoScalingGroupInput{
		InstanceId: &machine, ShouldDecrementDesiredCapacity: aws.Bool(false),
	}))(t)
}

// writer is a client that writes one key after the other, each until it is acknowledged.
type writer struct {
	*clientv3.Client
	stop     context.CancelFunc
	done     chan struct{}
	writes   int
	attempts int
	stall    time.Duration
}

func (s *site) keepWriting(e topology.NodeEtcd) *writer {
	ctx, cancel := context.WithCancel(s.t.Context())
	w := &writer{Client: dialEtcd(s.t, s.Machines, e), stop: cancel, done: make(chan struct{})}
	go func() {
		defer close(w.done)
		for w.write(ctx) {
		}
	}()
	return w
}

func (w *writer) write(ctx context.Context) bool {
	began := time.Now()
	for ctx.Err() == nil {
		w.attempts++
		if put(w.Client, fmt.Sprintf("key-%d", w.writes), "x")(ctx) == nil {
			w.writes++
			w.stall = max(w.stall, time.Since(began))
			return true
		}
	}
	return false
}

// end stops writing and says whether everything that was acknowledged is there.
func (w *writer) end(t *testing.T) error {
	w.stop()
	<-w.done
	r, err := w.Get(t.Context(), "key-", clientv3.WithPrefix(), clientv3.WithCountOnly())
	if err == nil && int(r.Count) < w.writes {
		err = fmt.Errorf("%d of %d acknowledged writes are there", r.Count, w.writes)
	}
	return err
}
