package awssim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	asg "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"
)

func TestQueueKeepsAttributesAndTags(t *testing.T) {
	w := newWorld(t)
	api := sqs.NewFromConfig(w.aws)
	policy := `{"Version":"2012-10-17","Statement":[]}`
	in := &sqs.CreateQueueInput{QueueName: aws.String("ha-example-com-nth"),
		Attributes: map[string]string{"MessageRetentionPeriod": "300", "Policy": policy}, Tags: map[string]string{"Name": "ha-example-com-nth"}}
	url := call(api.CreateQueue(t.Context(), in)).must(t).QueueUrl
	if again := call(api.CreateQueue(t.Context(), in)).must(t).QueueUrl; *again != *url {
		t.Errorf("made another queue: %s", *again)
	}
	if found := call(api.GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: in.QueueName})).must(t).QueueUrl; *found != *url {
		t.Errorf("found %s, not %s", *found, *url)
	}
	call(api.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{QueueUrl: url, Attributes: map[string]string{"VisibilityTimeout": "60"}})).must(t)
	got := call(api.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: url,
		AttributeNames: []sqstypes.QueueAttributeName{"QueueArn", "MessageRetentionPeriod", "VisibilityTimeout", "Policy", "DelaySeconds"}})).must(t).Attributes
	want := map[string]string{"QueueArn": "arn:aws:sqs:us-east-1:123456789012:ha-example-com-nth", "MessageRetentionPeriod": "300",
		"VisibilityTimeout": "60", "Policy": policy, "DelaySeconds": "0"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	call(api.TagQueue(t.Context(), &sqs.TagQueueInput{QueueUrl: url, Tags: map[string]string{"a": "b"}})).must(t)
	call(api.UntagQueue(t.Context(), &sqs.UntagQueueInput{QueueUrl: url, TagKeys: []string{"Name"}})).must(t)
	tags := call(api.ListQueueTags(t.Context(), &sqs.ListQueueTagsInput{QueueUrl: url})).must(t).Tags
	if diff := cmp.Diff(map[string]string{"a": "b"}, tags); diff != "" {
		t.Error(diff)
	}
}

func TestQueueNameRestsForAMinuteAfterDeletion(t *testing.T) {
	w := newWorld(t)
	api := sqs.NewFromConfig(w.aws)
	create := func() (*sqs.CreateQueueOutput, error) {
		return api.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("nth")})
	}
	url := call(create()).must(t).QueueUrl
	call(api.DeleteQueue(t.Context(), &sqs.DeleteQueueInput{QueueUrl: url})).must(t)
	call(create()).refused(t, "AWS.SimpleQueueService.QueueDeletedRecently")
	if list := call(api.ListQueues(t.Context(), &sqs.ListQueuesInput{})).must(t).QueueUrls; len(list) != 0 {
		t.Errorf("still listed: %v", list)
	}
	w.clock.Advance(time.Minute)
	call(create()).must(t)
}

func TestQueuesRefuseWhatAWSRefuses(t *testing.T) {
	w := newWorld(t)
	api := sqs.NewFromConfig(w.aws)
	ctx := t.Context()
	create := func(name string, attributes map[string]string) func() error {
		return func() error {
			return only(api.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes}))
		}
	}
	wantCode(t, create("nth", nil)(), "")
	try(t, []refusal{
		{"other attributes for a name", create("nth", map[string]string{"VisibilityTimeout": "31"}), "QueueAlreadyExists"},
		{"a name with a dot", create("a.b", nil), "InvalidParameterValue"},
		{"an unknown attribute", create("new", map[string]string{"Colour": "red"}), "InvalidAttributeName"},
		{"a retention of a second", create("new", map[string]string{"MessageRetentionPeriod": "1"}), "InvalidAttributeValue"},
		{"a policy that is no JSON", create("new", map[string]string{"Policy": "{"}), "InvalidAttributeValue"},
		{"a queue that does not exist", func() error {
			return only(api.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String("absent")}))
		}, "AWS.SimpleQueueService.NonExistentQueue"},
		{"receiving eleven messages", func() error {
			return only(api.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: aws.String("nth"), MaxNumberOfMessages: 11}))
		}, "InvalidParameterValue"},
		{"sending, which is not simulated", func() error {
			return only(api.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: aws.String("nth"), MessageBody: aws.String("x")}))
		}, "InvalidAction"},
	})
}

const terminations = `{"source":["aws.autoscaling"],"detail-type":["EC2 Instance-terminate Lifecycle Action"]}`

func TestRuleKeepsItsTargetsAndTagsWhenPutAgain(t *testing.T) {
	w := newWorld(t)
	api := eventbridge.NewFromConfig(w.aws)
	ctx := t.Context()
	name := aws.String("ha.example.com-ASGLifecycle")
	put := func(description string, tags ...ebtypes.Tag) *string {
		return call(api.PutRule(ctx, &eventbridge.PutRuleInput{Name: name, EventPattern: aws.String(terminations), Description: &description, Tags: tags})).must(t).RuleArn
	}
	arn := put("first", ebtypes.Tag{Key: aws.String("Name"), Value: name})
	queue := aws.String("arn:aws:sqs:us-east-1:123456789012:nth")
	call(api.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: name, Targets: []ebtypes.Target{{Id: aws.String("1"), Arn: queue}}})).must(t)
	if again := put("second", ebtypes.Tag{Key: aws.String("other"), Value: name}); *again != *arn {
		t.Errorf("made another rule: %s", *again)
	}
	rule := call(api.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: name})).must(t)
	if *rule.Description != "second" || *rule.EventPattern != terminations || rule.State != ebtypes.RuleStateEnabled || *rule.EventBusName != "default" {
		t.Errorf("rule: %+v", rule)
	}
	targets := call(api.ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{Rule: name})).must(t).Targets
	if len(targets) != 1 || *targets[0].Id != "1" || *targets[0].Arn != *queue {
		t.Errorf("targets: %+v", targets)
	}
	tags := call(api.ListTagsForResource(ctx, &eventbridge.ListTagsForResourceInput{ResourceARN: arn})).must(t).Tags
	if len(tags) != 1 || *tags[0].Key != "Name" {
		t.Errorf("tags: %+v", tags)
	}

	remove := func() error { return only(api.DeleteRule(ctx, &eventbridge.DeleteRuleInput{Name: name})) }
	wantCode(t, remove(), "ValidationException")
	call(api.RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{Rule: name, Ids: []string{"1"}})).must(t)
	wantCode(t, remove(), "")
	wantCode(t, remove(), "") // AWS takes it twice
	if left := w.Inventory(); len(left) != 0 {
		t.Errorf("left over: %v", left)
	}
}

func TestRulesAreListedByPrefixPageByPage(t *testing.T) {
	w := newWorld(t)
	api := eventbridge.NewFromConfig(w.aws)
	for _, name := range []string{"ha-a", "ha-b", "ha-c", "other"} {
		call(api.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: &name, ScheduleExpression: aws.String("rate(1 hour)")})).must(t)
	}
	in := &eventbridge.ListRulesInput{NamePrefix: aws.String("ha-"), Limit: aws.Int32(2)}
	var names []string
	for {
		out := call(api.ListRules(t.Context(), in)).must(t)
		for _, r := range out.Rules {
			names = append(names, *r.Name)
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			break
		}
	}
	if strings.Join(names, " ") != "ha-a ha-b ha-c" {
		t.Errorf("listed %v", names)
	}
}

func TestEventBridgeRefusesWhatAWSRefuses(t *testing.T) {
	w := newWorld(t)
	api := eventbridge.NewFromConfig(w.aws)
	ctx := t.Context()
	put := func(in eventbridge.PutRuleInput) func() error {
		in.Name = aws.String("rule")
		return func() error { return only(api.PutRule(ctx, &in)) }
	}
	wantCode(t, put(eventbridge.PutRuleInput{EventPattern: aws.String(terminations)})(), "")
	targets := func(rule string, ids ...string) func() error {
		var list []ebtypes.Target
		for _, id := range ids {
			list = append(list, ebtypes.Target{Id: &id, Arn: aws.String("arn:aws:sqs:us-east-1:123456789012:nth")})
		}
		return func() error {
			return only(api.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: &rule, Targets: list}))
		}
	}
	try(t, []refusal{
		{"neither pattern nor schedule", put(eventbridge.PutRuleInput{}), "ValidationException"},
		{"a pattern that is no JSON", put(eventbridge.PutRuleInput{EventPattern: aws.String("{")}), "InvalidEventPatternException"},
		{"a pattern that is no list", put(eventbridge.PutRuleInput{EventPattern: aws.String(`{"source":"aws.ec2"}`)}), "InvalidEventPatternException"},
		{"another bus", put(eventbridge.PutRuleInput{EventPattern: aws.String(terminations), EventBusName: aws.String("mine")}), "ResourceNotFoundException"},
		{"a rule that does not exist", func() error {
			return only(api.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: aws.String("absent")}))
		}, "ResourceNotFoundException"},
		{"targets of a rule that does not exist", targets("absent", "1"), "ResourceNotFoundException"},
		{"six targets", targets("rule", "1", "2", "3", "4", "5", "6"), "LimitExceededException"},
		{"five targets", targets("rule", "1", "2", "3", "4", "5"), ""},
	})
}

// queuePolicy lets EventBridge send to a queue.
func queuePolicy(service string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":["` + service + `","sqs.amazonaws.com"]},` +
		`"Action":"sqs:SendMessage","Resource":"arn:aws:sqs:us-east-1:123456789012:nth"}]}`
}

// terminationsOf makes a group whose machine waits before it ends, a queue with the policy and a rule
// that is in the state, and lets the machine be ended; it returns the queue's messages.
func terminationsOf(t *testing.T, f *fleet, policy string, state ebtypes.RuleState) (api *sqs.Client, in *sqs.ReceiveMessageInput) {
	t.Helper()
	ctx := t.Context()
	api, events := sqs.NewFromConfig(f.aws), eventbridge.NewFromConfig(f.aws)
	queue := call(api.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("nth"), Attributes: map[string]string{"MessageRetentionPeriod": "300", "Policy": policy}})).must(t)
	call(events.PutRule(ctx, &eventbridge.PutRuleInput{Name: aws.String("ends"), EventPattern: aws.String(terminations), State: state})).must(t)
	call(events.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: aws.String("ends"), Targets: []ebtypes.Target{
		{Id: aws.String("1"), Arn: aws.String("arn:aws:sqs:us-east-1:123456789012:nth")}}})).must(t)
	f.group(t, "nodes", 1, 1)
	call(f.asg.PutLifecycleHook(ctx, &asg.PutLifecycleHookInput{AutoScalingGroupName: aws.String("nodes"), LifecycleHookName: aws.String("down"),
		LifecycleTransition: aws.String("autoscaling:EC2_INSTANCE_TERMINATING"), DefaultResult: aws.String("CONTINUE"), HeartbeatTimeout: aws.Int32(300)})).must(t)
	f.update(t, asg.UpdateAutoScalingGroupInput{AutoScalingGroupName: aws.String("nodes"), MinSize: aws.Int32(0), DesiredCapacity: aws.Int32(0)})
	f.clock.Advance(30 * time.Second)
	return api, &sqs.ReceiveMessageInput{QueueUrl: queue.QueueUrl, MaxNumberOfMessages: 10}
}

func TestTerminationReachesTheQueueOfTheRuleThatAsksForIt(t *testing.T) {
	f := newFleet(t)
	api, in := terminationsOf(t, f, queuePolicy("events.amazonaws.com"), ebtypes.RuleStateEnabled)
	receive := func() []sqstypes.Message { return call(api.ReceiveMessage(t.Context(), in)).must(t).Messages }
	got := receive()
	if len(got) != 1 || !strings.Contains(*got[0].Body, `"AutoScalingGroupName":"nodes"`) || !strings.Contains(*got[0].Body, `"LifecycleHookName":"down"`) {
		t.Fatalf("received %v", got)
	}
	if again := receive(); len(again) != 0 {
		t.Error("what somebody has taken was given to somebody else")
	}
	f.clock.Advance(31 * time.Second)
	again := receive()
	if len(again) != 1 || *again[0].MessageId != *got[0].MessageId {
		t.Fatalf("after the visibility timeout: %v", again)
	}
	call(api.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: in.QueueUrl, ReceiptHandle: again[0].ReceiptHandle})).must(t)
	f.clock.Advance(31 * time.Second)
	if left := receive(); len(left) != 0 {
		t.Errorf("the deleted message came again: %v", left)
	}
}

func TestTerminationIsLostWhereAWSWouldLoseIt(t *testing.T) {
	for name, c := range map[string]struct {
		policy string
		state  ebtypes.RuleState
		wait   time.Duration
	}{
		"the policy admits nobody":     {"", ebtypes.RuleStateEnabled, 0},
		"the policy admits another":    {queuePolicy("sns.amazonaws.com"), ebtypes.RuleStateEnabled, 0},
		"the rule is disabled":         {queuePolicy("events.amazonaws.com"), ebtypes.RuleStateDisabled, 0},
		"nobody asks for five minutes": {queuePolicy("events.amazonaws.com"), ebtypes.RuleStateEnabled, 301 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFleet(t)
			api, in := terminationsOf(t, f, c.policy, c.state)
			f.clock.Advance(c.wait)
			if got := call(api.ReceiveMessage(t.Context(), in)).must(t).Messages; len(got) != 0 {
				t.Errorf("received %v", got)
			}
		})
	}
}

func TestRulesAreFoundByTheirTarget(t *testing.T) {
	w := newWorld(t)
	api := eventbridge.NewFromConfig(w.aws)
	queue := aws.String("arn:aws:sqs:us-east-1:123456789012:nth")
	for _, name := range []string{"a", "b", "c"} {
		call(api.PutRule(t.Context(), &eventbridge.PutRuleInput{Name: &name, EventPattern: aws.String(terminations)})).must(t)
		if name != "b" {
			call(api.PutTargets(t.Context(), &eventbridge.PutTargetsInput{Rule: &name, Targets: []ebtypes.Target{{Id: aws.String("1"), Arn: queue}}})).must(t)
		}
	}
	names := call(api.ListRuleNamesByTarget(t.Context(), &eventbridge.ListRuleNamesByTargetInput{TargetArn: queue})).must(t).RuleNames
	if diff := cmp.Diff([]string{"a", "c"}, names); diff != "" {
		t.Error(diff)
	}
}
