package actual_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/internal/awssim"
	"github.com/quorate/quorate/topology"
)

const queueName = "ha-example-com-nth"

func (w *world) queue(name string, tags topology.Tags) (arn string) {
	w.t.Helper()
	arn = "arn:aws:sqs:us-east-1:123456789012:" + name
	must[*sqs.CreateQueueOutput](w)(w.SQS.CreateQueue(w.t.Context(), &sqs.CreateQueueInput{QueueName: &name, Tags: tags, Attributes: map[string]string{
		"MessageRetentionPeriod": "300",
		"Policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":["sqs.amazonaws.com","events.amazonaws.com"]},` +
			`"Action":["sqs:SendMessage"],"Resource":"` + arn + `"}]}`,
	}}))
	return arn
}

// rule makes a rule as kops does, for terminations; no target if its ARN is empty.
func (w *world) rule(name, target string, tags topology.Tags) {
	w.t.Helper()
	var list []ebtypes.Tag
	for k, v := range tags {
		list = append(list, ebtypes.Tag{Key: &k, Value: &v})
	}
	must[*eventbridge.PutRuleOutput](w)(w.EventBridge.PutRule(w.t.Context(), &eventbridge.PutRuleInput{Name: &name, Tags: list,
		EventPattern: aws.String("{\"source\": [\"aws.autoscaling\"],\n\"detail-type\": [\"EC2 Instance-terminate Lifecycle Action\"]}\n")}))
	if target == "" {
		return
	}
	must[*eventbridge.PutTargetsOutput](w)(w.EventBridge.PutTargets(w.t.Context(), &eventbridge.PutTargetsInput{
		Rule: &name, Targets: []ebtypes.Target{{Id: aws.String("1"), Arn: &target}},
	}))
}

func (w *world) hook(group, name string) {
	w.t.Helper()
	must[*autoscaling.PutLifecycleHookOutput](w)(w.AutoScaling.PutLifecycleHook(w.t.Context(), &autoscaling.PutLifecycleHookInput{
		AutoScalingGroupName: &group, LifecycleHookName: &name, LifecycleTransition: aws.String(topology.Terminating),
		DefaultResult: aws.String("CONTINUE"), HeartbeatTimeout: aws.Int32(300),
	}))
}

// terminations makes what kops has for its node termination handler.
func (w *world) terminations() {
	w.t.Helper()
	arn := w.queue(queueName, base(queueName))
	for _, event := range []string{"ASGLifecycle", "InstanceScheduledChange", "InstanceStateChange", "SpotInterruption"} {
		w.rule(cluster+"-"+event, arn, base(cluster+"-"+event))
	}
	for _, zone := range zones {
		w.hook("master-"+zone+".masters."+cluster, "master-"+zone+"-NTHLifecycleHook")
		w.hook("nodes-"+zone+"."+cluster, "nodes-"+zone+"-NTHLifecycleHook")
	}
}

func TestRuleThatFeedsNothingOrAnotherHasNoTarget(t *testing.T) {
	inBothWorlds(t, func(t *testing.T, w *world) {
		w.queue(queueName, base(queueName))
		w.rule(cluster+"-a", "", base(cluster+"-a"))
		w.rule(cluster+"-b", w.queue("another", nil), base(cluster+"-b"))
		must[*eventbridge.DisableRuleOutput](w)(w.EventBridge.DisableRule(t.Context(), &eventbridge.DisableRuleInput{Name: aws.String(cluster + "-b")}))
		rules := topology.Of[topology.EventRule](w.observe().Topology)
		if len(rules) != 2 || !rules[0].Target.IsZero() || !rules[1].Target.IsZero() || !rules[0].Enabled || rules[1].Enabled {
			t.Errorf("rules: %+v", rules)
		}
	})
}

// SQS and EventBridge know names only, and names can be somebody else's.
func TestQueueAndRulesOfOthersAreNotTaken(t *testing.T) {
	inBothWorlds(t, func(t *testing.T, w *world) {
		w.rule(cluster+"-of-another", w.queue(queueName, topology.Tags{"team": "red"}), topology.BaseTags(cluster+"-of-another", "x"))
		state := w.observe()
		if state.Topology.Len() > 0 {
			t.Errorf("taken: %v", state.Topology)
		}
		if len(state.Leftovers) != 1 || state.Leftovers[0].Kind != topology.KindQueue {
			t.Errorf("left over: %+v", state.Leftovers)
		}
	})
}

func TestHooksThatOthersMadeAreNotOurs(t *testing.T) {
	w := simulator(t)
	w.highlyAvailable()
	w.settle()
	group := "nodes-us-east-1a." + cluster
	w.hook(group, "nodes-us-east-1b-NTHLifecycleHook")
	w.hook(group, "backup-before-end")
	hooks := topology.Of[topology.LifecycleHook](w.observe().Topology)
	var names []string
	for _, h := range hooks {
		if h.Group.Name == group {
			names = append(names, h.Name)
		}
	}
	if len(hooks) != 6 || !slices.Equal(names, []string{"nodes-us-east-1a-NTHLifecycleHook"}) {
		t.Errorf("hooks: %+v", hooks)
	}
}

// What vanishes between two rounds of a look is taken for gone, and is no error.
func TestWhatVanishesDuringALookIsGone(t *testing.T) {
	for call, vanish := range map[string]func(*world){
		"GetQueueAttributes": func(w *world) {
			must[*sqs.DeleteQueueOutput](w)(w.SQS.DeleteQueue(w.t.Context(), &sqs.DeleteQueueInput{QueueUrl: aws.String(queueName)}))
		},
		"ListTagsForResource": func(w *world) {
			name := aws.String(cluster + "-ASGLifecycle")
			must[*eventbridge.RemoveTargetsOutput](w)(w.EventBridge.RemoveTargets(w.t.Context(), &eventbridge.RemoveTargetsInput{Rule: name, Ids: []string{"1"}}))
			must[*eventbridge.DeleteRuleOutput](w)(w.EventBridge.DeleteRule(w.t.Context(), &eventbridge.DeleteRuleInput{Name: name}))
		},
		"DescribeLifecycleHooks": func(w *world) {
			must[*autoscaling.DeleteAutoScalingGroupOutput](w)(w.AutoScaling.DeleteAutoScalingGroup(w.t.Context(), &autoscaling.DeleteAutoScalingGroupInput{
				AutoScalingGroupName: aws.String("nodes-us-east-1a." + cluster), ForceDelete: aws.Bool(true),
			}))
			w.settle()
		},
	} {
		t.Run(call, func(t *testing.T) {
			w := simulator(t)
			w.highlyAvailable()
			w.settle()
			whole := w.observe().Topology.Len()
			var once sync.Once
			w.region.SetIntercept(func(c awssim.Call) awssim.Fate {
				if c.Operation == call {
					once.Do(func() { vanish(w) })
				}
				return awssim.Proceed
			})
			if less := w.observe().Topology.Len(); less >= whole {
				t.Errorf("%d resources before and %d after something vanished", whole, less)
			}
		})
	}
}

func TestQueueIsReadAsDesiredWritesIt(t *testing.T) {
	inBothWorlds(t, func(t *testing.T, w *world) {
		arn := w.queue(queueName, base(queueName))
		state := w.observe()
		want := topology.Queue{Name: queueName, Retention: 300, Tags: base(queueName), Ownership: topology.Owned,
			Policy: `{"Statement":[{"Action":"sqs:SendMessage","Effect":"Allow","Principal":{"Service":["events.amazonaws.com","sqs.amazonaws.com"]},` +
				`"Resource":"arn:aws:sqs:us-east-1::ha-example-com-nth"}],"Version":"2012-10-17"}`}
		got, _ := topology.Find[topology.Queue](state.Topology, want.Ref())
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if state.Bindings[want.Ref()] != arn {
			t.Errorf("bound to %s", state.Bindings[want.Ref()])
		}
	})
}
