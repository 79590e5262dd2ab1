package apply

import (
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

func aQueue() topology.Queue {
	const name = "ha-example-com-nth"
	return topology.Queue{Name: name, Retention: 300, Policy: admitting("events.amazonaws.com"), Tags: base(name), Ownership: topology.Owned}
}

// admitting lets a service send to the queue.
func admitting(service string) string {
	return `{"Statement":[{"Action":"sqs:SendMessage","Effect":"Allow","Principal":{"Service":"` + service + `"},` +
		`"Resource":"arn:aws:sqs:us-east-1::ha-example-com-nth"}],"Version":"2012-10-17"}`
}

func anEventRule() topology.EventRule {
	name := testCluster + "-ASGLifecycle"
	return topology.EventRule{
		Name: name, Pattern: `{"source":["aws.autoscaling"]}`, Enabled: true, Target: aQueue().Ref(), Tags: base(name), Ownership: topology.Owned,
	}
}

func TestQueueIsMadeChangedAndRemoved(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		want := aQueue()
		w.create(t, want)
		wantQueue(t, w, want)

		w.forget(want)
		w.create(t, want) // as after a lost answer
		wantQueue(t, w, want)

		want.Retention, want.Policy, want.Tags = 600, admitting("sns.amazonaws.com"), want.Tags.With(blue)
		w.update(t, want)
		wantQueue(t, w, want)

		w.remove(t, want)
		if urls := w.queueURLs(t); len(urls) > 0 {
			t.Errorf("left behind: %v", urls)
		}
	})
}

func TestQueueWithOtherAttributesIsMended(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		want := aQueue()
		half := want
		half.Retention = 60
		w.create(t, half)
		w.create(t, want)
		wantQueue(t, w, want)
	})
}

func TestStrangersQueueIsNotTaken(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		if _, err := w.env.clients.SQS.CreateQueue(t.Context(), &sqs.CreateQueueInput{
			QueueName: aws.String(aQueue().Name), Attributes: map[string]string{"MessageRetentionPeriod": "300"},
		}); err != nil {
			t.Fatal(err)
		}
		if err := w.tryCreate(t, aQueue()); err == nil {
			t.Error("the queue was taken")
		}
		if got := w.attributes(t)["Policy"]; got != "" {
			t.Errorf("the queue was given the policy %s", got)
		}
	})
}

func TestNewQueueWaitsForTheNameOfADeletedOne(t *testing.T) {
	w := simulatedWorld(t, testRegion)
	w.create(t, aQueue())
	w.remove(t, aQueue())
	if _, waits := errors.AsType[*WaitError](w.tryCreate(t, aQueue())); !waits {
		t.Error("it does not wait")
	}
	w.advance(time.Minute)
	w.create(t, aQueue())
	wantQueue(t, w, aQueue())
}

func TestEventRuleIsMadeChangedAndRemoved(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		want := anEventRule()
		w.create(t, aQueue(), want)
		wantEventRule(t, w, want)

		w.forget(want)
		w.create(t, want) // as after a lost answer
		wantEventRule(t, w, want)

		aimless := want
		aimless.Target, aimless.Enabled, aimless.Pattern = topology.Ref{}, false, `{"source":["aws.ec2"]}`
		w.have[want.Ref()] = aimless
		want.Tags = want.Tags.With(blue)
		w.update(t, want)
		wantEventRule(t, w, want)

		w.remove(t, want)
		w.remove(t, aQueue())
		if rules := w.eventRules(t); len(rules) > 0 {
			t.Errorf("left behind: %v", rules)
		}
	})
}

func TestStrangersEventRuleIsNotTaken(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		w.create(t, aQueue())
		api, name, pattern := w.env.clients.EventBridge, aws.String(anEventRule().Name), aws.String(`{"source":["mine"]}`)
		if _, err := api.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: name, EventPattern: pattern}); err != nil {
			t.Fatal(err)
		}
		if err := w.tryCreate(t, anEventRule()); err == nil {
			t.Error("the rule was taken")
		}
		if rules := w.eventRules(t); len(rules) != 1 || *rules[0].EventPattern != *pattern {
			t.Errorf("rules: %v", rules)
		}
	})
}

func TestRuleWithTargetsOfOthersIsRemovedToo(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		want := anEventRule()
		w.create(t, aQueue(), want)
		if _, err := w.env.clients.EventBridge.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: aws.String(want.Name),
			Targets: []ebtypes.Target{{Id: aws.String("by-hand"), Arn: aws.String("arn:aws:sqs:us-east-1:123456789012:other")}}}); err != nil {
			t.Fatal(err)
		}
		w.remove(t, want)
		if rules := w.eventRules(t); len(rules) > 0 {
			t.Errorf("left behind: %v", rules)
		}
	})
}

func TestLifecycleHookIsMadeChangedAndRemoved(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		subnet, security := w.surroundings(t)
		template := aLaunchTemplate(security)
		group := aGroup(template, subnet)
		w.create(t, template, group)
		want := topology.LifecycleHook{Name: "a-NTHLifecycleHook", Group: group.Ref(), Transition: topology.Terminating, DefaultResult: "CONTINUE", Heartbeat: 300, Ownership: topology.Owned}
		w.create(t, want)
		wantHook(t, w, want)
		w.create(t, want) // as after a lost answer
		wantHook(t, w, want)

		want.DefaultResult, want.Heartbeat = "ABANDON", 600
		w.update(t, want)
		wantHook(t, w, want)

		w.remove(t, want)
		if hooks := w.hooks(t, group.Name); len(hooks) > 0 {
			t.Errorf("left behind: %v", hooks)
		}
	})
}

func TestHookOfAGroupThatIsGoneIsGone(t *testing.T) {
	w := simulatedWorld(t, testRegion)
	hook := topology.LifecycleHook{Name: "a", Group: ref(topology.KindAutoScalingGroup, "gone"), Ownership: topology.Owned}
	w.remove(t, hook)
}

func (w *world) queueURLs(t *testing.T) []string {
	t.Helper()
	out, err := w.env.clients.SQS.ListQueues(t.Context(), &sqs.ListQueuesInput{})
	if err != nil {
		t.Fatal(err)
	}
	return out.QueueUrls
}

func (w *world) attributes(t *testing.T) map[string]string {
	t.Helper()
	urls := w.queueURLs(t)
	if len(urls) != 1 {
		t.Fatalf("queues: %v", urls)
	}
	out, err := w.env.clients.SQS.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: &urls[0], AttributeNames: []sqstypes.QueueAttributeName{"All"}})
	if err != nil {
		t.Fatal(err)
	}
	return out.Attributes
}

func wantQueue(t *testing.T, w *world, want topology.Queue) {
	t.Helper()
	attributes := w.attributes(t)
	arn := w.ids[want.Ref()]
	policy, err := topology.CanonicalPolicy(topology.PolicyWithoutAccount(attributes["Policy"], want.Name, topology.AccountOf(arn)))
	if err != nil {
		t.Fatal(err)
	}
	if attributes["QueueArn"] != arn || policy != want.Policy || attributes["MessageRetentionPeriod"] != strconv.Itoa(want.Retention) {
		t.Errorf("queue %s: %v; want %+v", arn, attributes, want)
	}
	tags, err := w.env.clients.SQS.ListQueueTags(t.Context(), &sqs.ListQueueTagsInput{QueueUrl: &w.queueURLs(t)[0]})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.Tags, topology.Tags(tags.Tags)); diff != "" {
		t.Error(diff)
	}
}

func (w *world) eventRules(t *testing.T) []ebtypes.Rule {
	t.Helper()
	out, err := w.env.clients.EventBridge.ListRules(t.Context(), &eventbridge.ListRulesInput{})
	if err != nil {
		t.Fatal(err)
	}
	return out.Rules
}

func wantEventRule(t *testing.T, w *world, want topology.EventRule) {
	t.Helper()
	api, rules := w.env.clients.EventBridge, w.eventRules(t)
	if len(rules) != 1 {
		t.Fatalf("rules: %v", rules)
	}
	targets, err := api.ListTargetsByRule(t.Context(), &eventbridge.ListTargetsByRuleInput{Rule: &want.Name})
	if err != nil || len(targets.Targets) != 1 {
		t.Fatalf("targets: %v, %v", targets, err)
	}
	tags, err := api.ListTagsForResource(t.Context(), &eventbridge.ListTagsForResourceInput{ResourceARN: rules[0].Arn})
	if err != nil {
		t.Fatal(err)
	}
	got := topology.EventRule{
		Name: *rules[0].Name, Pattern: *rules[0].EventPattern, Enabled: rules[0].State == ebtypes.RuleStateEnabled,
		Target: w.refs()[*targets.Targets[0].Arn], Tags: topology.Tags{}, Ownership: topology.Owned,
	}
	for _, tag := range tags.Tags {
		got.Tags[*tag.Key] = *tag.Value
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func (w *world) hooks(t *testing.T, group string) []topology.LifecycleHook {
	t.Helper()
	out, err := w.env.clients.AutoScaling.DescribeLifecycleHooks(t.Context(), &autoscaling.DescribeLifecycleHooksInput{AutoScalingGroupName: &group})
	if err != nil {
		t.Fatal(err)
	}
	var hooks []topology.LifecycleHook
	for _, h := range out.LifecycleHooks {
		hooks = append(hooks, topology.LifecycleHook{
			Name: *h.LifecycleHookName, Group: ref(topology.KindAutoScalingGroup, *h.AutoScalingGroupName), Transition: *h.LifecycleTransition,
			DefaultResult: *h.DefaultResult, Heartbeat: int(*h.HeartbeatTimeout), Ownership: topology.Owned,
		})
	}
	return hooks
}

func wantHook(t *testing.T, w *world, want topology.LifecycleHook) {
	t.Helper()
	if diff := cmp.Diff([]topology.LifecycleHook{want}, w.hooks(t, want.Group.Name)); diff != "" {
		t.Error(diff)
	}
}
