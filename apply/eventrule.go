package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

type eventRuleWriter interface {
	DescribeRule(context.Context, *eventbridge.DescribeRuleInput, ...func(*eventbridge.Options)) (*eventbridge.DescribeRuleOutput, error)
	ListTagsForResource(context.Context, *eventbridge.ListTagsForResourceInput, ...func(*eventbridge.Options)) (*eventbridge.ListTagsForResourceOutput, error)
	ListTargetsByRule(context.Context, *eventbridge.ListTargetsByRuleInput, ...func(*eventbridge.Options)) (*eventbridge.ListTargetsByRuleOutput, error)
	PutRule(context.Context, *eventbridge.PutRuleInput, ...func(*eventbridge.Options)) (*eventbridge.PutRuleOutput, error)
	PutTargets(context.Context, *eventbridge.PutTargetsInput, ...func(*eventbridge.Options)) (*eventbridge.PutTargetsOutput, error)
	TagResource(context.Context, *eventbridge.TagResourceInput, ...func(*eventbridge.Options)) (*eventbridge.TagResourceOutput, error)
	RemoveTargets(context.Context, *eventbridge.RemoveTargetsInput, ...func(*eventbridge.Options)) (*eventbridge.RemoveTargetsOutput, error)
	DeleteRule(context.Context, *eventbridge.DeleteRuleInput, ...func(*eventbridge.Options)) (*eventbridge.DeleteRuleOutput, error)
}

// eventRules are bound to their ARNs.
type eventRules struct {
	api     eventRuleWriter
	cluster string
}

// ruleTarget is the id that kops gives to the one target of a rule.
const ruleTarget = "1"

const (
	ruleNew  = "EventBridge does not show the new rule yet"
	ruleBusy = "EventBridge is busy with the rule"
)

// Create looks first, because PutRule would take over a stranger's rule.
func (e eventRules) Create(ctx context.Context, want topology.EventRule, ids topology.Bindings) (topology.Bindings, error) {
	target, err := idOf(ids, want.Target)
	if err != nil {
		return nil, err
	}
	if err := e.free(ctx, want); err != nil {
		return nil, err
	}
	arn, err := e.put(ctx, want, want.Tags)
	if err != nil {
		return nil, err
	}
	return topology.Bindings{want.Ref(): arn}, e.aim(ctx, want, target)
}

// free asks that nobody else has a rule of the name.
func (e eventRules) free(ctx context.Context, want topology.EventRule) error {
	rule, err := e.api.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: aws.String(want.Name)})
	if awsapi.NotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	tags, err := e.api.ListTagsForResource(ctx, &eventbridge.ListTagsForResourceInput{ResourceARN: rule.Arn})
	if err != nil {
		return settling(err, ruleNew)
	}
	if !slices.ContainsFunc(tags.Tags, func(t ebtypes.Tag) bool { return owns(e.cluster, t.Key, t.Value) }) {
		return strange(want.Ref(), errors.New("EventBridge has a rule of that name"))
	}
	return nil
}

// put writes the rule; AWS takes the tags for a new one only.
func (e eventRules) put(ctx context.Context, want topology.EventRule, tags topology.Tags) (arn string, err error) {
	state := ebtypes.RuleStateEnabled
	if !want.Enabled {
		state = ebtypes.RuleStateDisabled
	}
	out, err := e.api.PutRule(ctx, &eventbridge.PutRuleInput{
		Name: aws.String(want.Name), EventPattern: aws.String(want.Pattern), State: state, Tags: eventTags(tags),
	})
	if err != nil {
		return "", settling(err, ruleBusy)
	}
	return aws.ToString(out.RuleArn), nil
}

// aim sets the rule's target. AWS takes the call and says in its answer what failed.
func (e eventRules) aim(ctx context.Context, want topology.EventRule, arn string) error {
	out, err := e.api.PutTargets(ctx, &eventbridge.PutTargetsInput{
		Rule: aws.String(want.Name), Targets: []ebtypes.Target{{Id: aws.String(ruleTarget), Arn: aws.String(arn)}},
	})
	if err != nil {
		return settling(err, ruleNew)
	}
	if len(out.FailedEntries) > 0 {
		return refusedTarget(out.FailedEntries[0].ErrorCode, out.FailedEntries[0].ErrorMessage)
	}
	return nil
}

func refusedTarget(code, message *string) error {
	return fmt.Errorf("EventBridge refused the target: %s: %s", aws.ToString(code), aws.ToString(message))
}

func (e eventRules) Update(ctx context.Context, _, want topology.EventRule, change diff.Change, ids topology.Bindings) (topology.Bindings, error) {
	if tags := tagChangeOf(change).set; len(tags) > 0 {
		arn, err := idOf(ids, want.Ref())
		if err != nil {
			return nil, err
		}
		if _, err := e.api.TagResource(ctx, &eventbridge.TagResourceInput{ResourceARN: &arn, Tags: eventTags(tags)}); err != nil {
			return nil, settling(err, tagsLate)
		}
	}
	if change.Has("pattern") || change.Has("enabled") {
		if _, err := e.put(ctx, want, nil); err != nil {
			return nil, err
		}
	}
	if !change.Has("target") {
		return nil, nil
	}
	target, err := idOf(ids, want.Target)
	if err != nil {
		return nil, err
	}
	return nil, e.aim(ctx, want, target)
}

// Delete takes all targets away first, or AWS refuses.
func (e eventRules) Delete(ctx context.Context, have topology.EventRule, _ topology.Bindings) error {
	err := e.disarm(ctx, have)
	if err == nil {
		_, err = e.api.DeleteRule(ctx, &eventbridge.DeleteRuleInput{Name: aws.String(have.Name)})
	}
	return removed(err, ruleBusy)
}

func (e eventRules) disarm(ctx context.Context, rule topology.EventRule) error {
	out, err := e.api.ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{Rule: aws.String(rule.Name)})
	if err != nil || len(out.Targets) == 0 {
		return err
	}
	var targets []string
	for _, t := range out.Targets {
		targets = append(targets, aws.ToString(t.Id))
	}
	gone, err := e.api.RemoveTargets(ctx, &eventbridge.RemoveTargetsInput{Rule: aws.String(rule.Name), Ids: targets})
	if err == nil && len(gone.FailedEntries) > 0 {
		err = refusedTarget(gone.FailedEntries[0].ErrorCode, gone.FailedEntries[0].ErrorMessage)
	}
	return err
}

func eventTags(tags topology.Tags) []ebtypes.Tag {
	return tagList(tags, func(key, value string) ebtypes.Tag {
		return ebtypes.Tag{Key: aws.String(key), Value: aws.String(value)}
	})
}
