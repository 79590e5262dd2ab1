package contract

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/quorate/quorate/actual"
	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/apply/health"
	"github.com/quorate/quorate/apply/quorum"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/topology"
)

// maxPasses is far more than any chapter needs: a plan that is not empty by then
// never will be.
const maxPasses = 12

// A cluster is the subject of a story, in one world.
type cluster struct {
	*testing.T
	world
	name string
	want desired.Cluster
	met  map[string]bool // differences met, by call
}

// read takes a manifest as what is wanted from now on.
func (c *cluster) read(manifest string) {
	c.Helper()
	clusters, problems := desired.Build([]desired.File{{Name: "cluster.yaml", Data: []byte(manifest)}})
	for _, p := range problems {
		if p.Severity == desired.Error {
			c.Fatal(p)
		}
	}
	if len(clusters) != 1 {
		c.Fatalf("the manifest describes %d clusters", len(clusters))
	}
	c.want = clusters[0]
}

func (c *cluster) observe() actual.State {
	c.Helper()
	state, err := actual.Observe(c.Context(), actual.FromClients(c.clients), sync.ScopeOf(c.want))
	if err != nil {
		c.Fatal(err)
	}
	for _, l := range state.Leftovers {
		if l.Kind == actual.KindSnapshot || l.InTheWay {
			continue // told only when the cluster ends; what counts is what is left in the account
		}
		c.Errorf("left over: %s %s: %s", l.Kind, l.ID, l.Reason)
	}
	return state
}

func (c *cluster) plan(state actual.State) diff.Plan {
	return diff.Between(c.want.Topology, state.Topology, state.Machines)
}

// converge runs passes until a plan is empty, and tells the first plan.
func (c *cluster) converge(plan func(actual.State) diff.Plan) []string {
	c.Helper()
	var first []string
	var last apply.Report
	for pass := range maxPasses {
		state := c.observe()
		p := c.forget(plan(state))
		if pass == 0 {
			first = c.told(p)
		}
		if p.Empty() {
			return first
		}
		last = c.run(p, state)
		c.settle()
		c.mend()
	}
	c.Fatalf("after %d passes there is still something to do (%s):\n%s", maxPasses, last.Reason(), strings.Join(c.told(plan(c.observe())), "\n"))
	return nil
}

// run makes one pass over a plan.
func (c *cluster) run(p diff.Plan, state actual.State) apply.Report {
	c.Helper()
	applier := apply.New(apply.Config{Clients: c.clients, Cluster: c.name, Commit: "c0ffee", Etcd: wellEtcd{}, Now: c.now})
	report := applier.Run(c.Context(), apply.Input{Plan: p, Want: c.want.Topology, Have: state.Topology, Bindings: state.Bindings, Machines: state.Machines})
	for _, o := range report.Outcomes {
		// A lost answer is for the next pass to look at.
		if o.State == apply.Failed && !awsapi.LostAnswer(o.Err) {
			c.Errorf("%s %s: %s", o.Effect, o.Ref, o.Reason)
		}
	}
	if c.Failed() {
		c.FailNow()
	}
	return report
}

// told is a plan with one change per line, and the fields that differ below it.
func (c *cluster) told(p diff.Plan) []string {
	var lines []string
	for _, change := range c.forget(p).Changes {
		lines = append(lines, fmt.Sprintf("%s %s", change.Effect, change.Ref))
		for _, f := range change.Fields {
			lines = append(lines, fmt.Sprintf("  %s: %s → %s", f.Path, f.Have, f.Want))
		}
	}
	return lines
}

// wellEtcd says that every etcd member is well. How real members fare is the demo's
// story; in this one no machine is replaced.
type wellEtcd struct{}

func (wellEtcd) Observe(_ context.Context, clusters []health.Cluster) []health.Report {
	var reports []health.Report
	for _, c := range clusters {
		well := quorum.Cluster{Name: c.Name}
		for _, m := range c.Members {
			well.Members = append(well.Members, quorum.Member{Name: m.Name, Zone: m.Zone, Health: quorum.Healthy})
		}
		reports = append(reports, health.Report{Cluster: well})
	}
	return reports
}

func (wellEtcd) HandOver(context.Context, health.Cluster, string) error { return nil }

// revoke removes by hand the rules that let TCP traffic to a port into a group.
func (c *cluster) revoke(group string, port int) {
	c.Helper()
	state := c.observe()
	for _, r := range topology.Of[topology.SecurityGroupRule](state.Topology) {
		if r.Group.Name != group || r.FromPort != port || r.Protocol != "tcp" {
			continue
		}
		if _, err := c.clients.EC2.RevokeSecurityGroupIngress(c.Context(), &ec2.RevokeSecurityGroupIngressInput{
			GroupId: aws.String(state.Bindings[r.Group]), SecurityGroupRuleIds: []string{state.Bindings[r.Ref()]},
		}); err != nil {
			c.Fatal(err)
		}
	}
}

// lower takes machines away from a group by hand.
func (c *cluster) lower(group string) {
	c.Helper()
	if _, err := c.clients.AutoScaling.UpdateAutoScalingGroup(c.Context(), &autoscaling.UpdateAutoScalingGroupInput{
		AutoScalingGroupName: &group, MinSize: aws.Int32(1), DesiredCapacity: aws.Int32(1),
	}); err != nil {
		c.Fatal(err)
	}
}

// deafen takes by hand what the node termination handler hears by: the rules' targets,
// the queue's policy and the hooks of a group.
func (c *cluster) deafen(group string) {
	c.Helper()
	state, ctx := c.observe(), c.Context()
	for _, r := range topology.Of[topology.EventRule](state.Topology)[:1] {
		if _, err := c.clients.EventBridge.RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{Rule: &r.Name, Ids: []string{"1"}}); err != nil {
			c.Fatal(err)
		}
		if _, err := c.clients.EventBridge.DisableRule(ctx, &eventbridge.DisableRuleInput{Name: &r.Name}); err != nil {
			c.Fatal(err)
		}
	}
	for _, q := range topology.Of[topology.Queue](state.Topology) {
		url, err := c.clients.SQS.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &q.Name})
		if err != nil {
			c.Fatal(err)
		}
		if _, err := c.clients.SQS.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: url.QueueUrl, Attributes: map[string]string{"Policy": ""}}); err != nil {
			c.Fatal(err)
		}
	}
	for _, h := range topology.Of[topology.LifecycleHook](state.Topology) {
		if h.Group.Name != group {
			continue
		}
		if _, err := c.clients.AutoScaling.DeleteLifecycleHook(ctx, &autoscaling.DeleteLifecycleHookInput{AutoScalingGroupName: &group, LifecycleHookName: &h.Name}); err != nil {
			c.Fatal(err)
		}
	}
}

// untag removes by hand a tag that kops writes on route tables.
func (c *cluster) untag() {
	c.Helper()
	state := c.observe()
	tables := topology.Of[topology.RouteTable](state.Topology)
	slices.SortFunc(tables, func(a, b topology.RouteTable) int { return strings.Compare(a.Name, b.Name) })
	if _, err := c.clients.EC2.DeleteTags(c.Context(), &ec2.DeleteTagsInput{
		Resources: []string{state.Bindings[tables[0].Ref()]}, Tags: []ec2types.Tag{{Key: aws.String(topology.TagRouteRole)}},
	}); err != nil {
		c.Fatal(err)
	}
}
