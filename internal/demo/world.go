package demo

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/internal/awssim"
	"github.com/quorate/quorate/internal/awssim/machine"
	"github.com/quorate/quorate/internal/awssim/simnet"
	"github.com/quorate/quorate/topology"
)

// speed is how much faster than the wall clock the simulated region lives: a NAT
// gateway or a load balancer that takes AWS two minutes is there in seconds.
const speed = 40

// manifestPath is where the cluster lives in the repository.
const manifestPath = "clusters/ha.example.com/cluster.yaml"

// domain is the hosted zone that the account has: clusters never make one.
const domain = "example.com"

// stage is everything the story needs that is not the service.
type stage struct {
	dir      string
	url      string
	repo     *repository
	region   *awssim.Region
	network  simnet.Network
	machines *machine.Machines
	closers  []func()
}

// build sets the stage up. AWS's own environment variables point the SDK at the
// simulated region, as they would for any user.
func build(context.Context) (*stage, error) {
	dir, err := os.MkdirTemp("", "quorate-demo-")
	if err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	s := &stage{dir: dir}
	s.closers = append(s.closers, func() { _ = os.RemoveAll(dir) })
	if err := s.populate(); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *stage) populate() error {
	machines, err := machine.New(machine.Config{Network: s.network})
	if err != nil {
		return err
	}
	s.machines = machines
	s.closers = append(s.closers, machines.Close)
	s.region = awssim.New(awssim.Config{
		Clock: awssim.NewScaledClock(speed), Dir: filepath.Join(s.dir, "volumes"), Network: s.network, Boot: machines.Boot,
	})
	s.closers = append(s.closers, s.region.Close)
	if err := s.region.AddHostedZone(domain); err != nil {
		return fmt.Errorf("give the simulated region a hosted zone: %w", err)
	}
	url, stop, err := s.region.Listen("127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("start the simulated region: %w", err)
	}
	s.url = url
	s.closers = append(s.closers, stop)
	for key, value := range map[string]string{"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "demo", "AWS_SECRET_ACCESS_KEY": "demo", "AWS_EC2_METADATA_DISABLED": "true"} {
		if err := os.Setenv(key, value); err != nil {
			return fmt.Errorf("point the SDK at the simulated region: %w", err)
		}
	}
	s.repo, err = newRepository(s.dir)
	return err
}

// close takes everything down, the last first.
func (s *stage) close() {
	for _, end := range slices.Backward(s.closers) {
		end()
	}
}

// calls is the number of AWS calls answered so far.
func (s *stage) calls() int {
	total := 0
	for _, c := range s.region.Calls() {
		total += c.Count
	}
	return total
}

// somebody is an AWS user with a console and no respect for the manifest.
func somebody(ctx context.Context, region string) (awsapi.Clients, error) {
	return awsapi.Load(ctx, awsapi.Options{Region: region, Guard: func(context.Context, string) error { return nil }})
}

// vandalise deletes a rule of the masters' security group and shrinks the workers.
func (s *stage) vandalise(ctx context.Context, ids topology.Bindings, c desired.Cluster) ([]string, error) {
	clients, err := somebody(ctx, c.Region)
	if err != nil {
		return nil, err
	}
	rule, group := victims(c.Topology)
	groupID, _ := ids.ID(rule.Group)
	ruleID, _ := ids.ID(rule.Ref())
	_, err = clients.EC2.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: aws.String(groupID), SecurityGroupRuleIds: []string{ruleID}})
	if err != nil {
		return nil, fmt.Errorf("delete a rule by hand: %w", err)
	}
	_, err = clients.AutoScaling.UpdateAutoScalingGroup(ctx, &autoscaling.UpdateAutoScalingGroupInput{
		AutoScalingGroupName: aws.String(group.Name), MinSize: aws.Int32(1), DesiredCapacity: aws.Int32(1),
	})
	if err != nil {
		return nil, fmt.Errorf("shrink the workers by hand: %w", err)
	}
	return []string{
		rule.Ref().String() + " is deleted",
		group.Ref().String() + " is lowered to min 1 and desired 1",
	}, nil
}

// victims are the rule that lets the load balancer in, or else any, and the workers.
func victims(t topology.Topology) (topology.SecurityGroupRule, topology.AutoScalingGroup) {
	var rule topology.SecurityGroupRule
	for _, r := range topology.Of[topology.SecurityGroupRule](t) {
		if rule.Group.IsZero() || (r.Direction == topology.Ingress && r.FromPort == 443) {
			rule = r
		}
	}
	for _, g := range topology.Of[topology.AutoScalingGroup](t) {
		if g.Role == topology.Worker {
			return rule, g
		}
	}
	return rule, topology.AutoScalingGroup{}
}

// witnesses watch the cluster from outside, by the names of its etcd members.
type witnesses struct {
	writer   *writer
	watchers []*watcher
	clients  []*clientv3.Client
	stop     context.CancelFunc
	done     sync.WaitGroup
}

// witness starts a client that writes to etcd main, and a watcher of each etcd cluster.
func (s *stage) witness(ctx context.Context) (*witnesses, error) {
	ctx, stop := context.WithCancel(ctx)
	w := &witnesses{stop: stop}
	for _, etcd := range []struct {
		name string
		port int
	}{{"main", 4001}, {"events", 4002}} {
		var endpoints []string
		for _, member := range []string{"a", "b", "c"} {
			endpoints = append(endpoints, "http://"+net.JoinHostPort(topology.EtcdHost("ha.example.com", etcd.name, member), strconv.Itoa(etcd.port)))
		}
		client, err := s.etcdClient(endpoints)
		if err != nil {
			w.close()
			return nil, err
		}
		w.clients = append(w.clients, client)
		watcher := &watcher{name: etcd.name, endpoints: endpoints, client: client}
		w.watchers = append(w.watchers, watcher)
		w.done.Go(func() { watcher.run(ctx) })
		if etcd.name == "main" {
			w.writer = &writer{client: client}
			w.done.Go(func() { w.writer.run(ctx) })
		}
	}
	return w, nil
}

// etcdClient resolves the members' names anew for each connection, so that it finds
// the machine that carries the member now.
func (s *stage) etcdClient(endpoints []string) (*clientv3.Client, error) {
	client, err := clientv3.New(clientv3.Config{
		Endpoints: endpoints, Logger: zap.NewNop(),
		DialOptions: []grpc.DialOption{grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			return s.machines.DialContext(ctx, "tcp", address)
		})},
	})
	if err != nil {
		return nil, fmt.Errorf("client of etcd: %w", err)
	}
	return client, nil
}

// testify ends the watch and says what was seen.
func (w *witnesses) testify(ctx context.Context) (WriteSummary, []EtcdSummary, error) {
	w.stop()
	w.done.Wait()
	written, err := w.writer.audit(ctx)
	var watched []EtcdSummary
	for _, watcher := range w.watchers {
		watched = append(watched, watcher.summary())
	}
	return written, watched, err
}

func (w *witnesses) close() {
	w.stop()
	w.done.Wait()
	for _, c := range w.clients {
		_ = c.Close()
	}
}
