package actual

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

type eventRuleReader interface {
	ListRules(context.Context, *eventbridge.ListRulesInput, ...func(*eventbridge.Options)) (*eventbridge.ListRulesOutput, error)
	ListTagsForResource(context.Context, *eventbridge.ListTagsForResourceInput, ...func(*eventbridge.Options)) (*eventbridge.ListTagsForResourceOutput, error)
	ListRuleNamesByTarget(context.Context, *eventbridge.ListRuleNamesByTargetInput, ...func(*eventbridge.Options)) (*eventbridge.ListRuleNamesByTargetOutput, error)
}

type eventRuleAnswers struct {
	found []ebtypes.Rule
	tags  []topology.Tags // of the rule in the same place
	// feeding are the names of the rules that send to the cluster's queue.
	feeding []string
}

// lookEventRules finds rules by what kops has their names begin with: EventBridge
// cannot be searched by tag. Without the queue that they feed there are none, for they
// are made after it and go before.
func lookEventRules(ctx context.Context, o *observation) error {
	if o.queues.url == "" {
		return nil
	}
	in := &eventbridge.ListRulesInput{NamePrefix: aws.String(topology.EventRuleName(o.scope.Cluster, ""))}
	for {
		out, err := o.clients.EventBridge.ListRules(ctx, in)
		if err != nil {
			return err
		}
		o.eventRules.found = append(o.eventRules.found, out.Rules...)
		if in.NextToken = out.NextToken; in.NextToken == nil {
			return nil
		}
	}
}

// lookEventRuleParts asks whose the rules are, and what they feed.
func lookEventRuleParts(ctx context.Context, o *observation) error {
	parts := []func(context.Context, *observation) error{lookEventRuleTags, lookEventRuleTargets}
	_, err := each(ctx, parts, func(ctx context.Context, look func(context.Context, *observation) error) (bool, error) {
		return true, look(ctx, o)
	})
	return err
}

func lookEventRuleTags(ctx context.Context, o *observation) (err error) {
	o.eventRules.tags, err = each(ctx, o.eventRules.found, func(ctx context.Context, r ebtypes.Rule) (topology.Tags, error) {
		out, err := o.clients.EventBridge.ListTagsForResource(ctx, &eventbridge.ListTagsForResourceInput{ResourceARN: r.Arn})
		if awsapi.NotFound(err) {
			return nil, nil // it vanished meanwhile
		}
		if err != nil {
			return nil, err
		}
		return tagsFrom(out.Tags, func(t ebtypes.Tag) (*string, *string) { return t.Key, t.Value }), nil
	})
	return err
}

// lookEventRuleTargets asks one question for all rules, from the queue's side: to ask
// each rule for its targets takes a call per rule, and says no more of what is wanted.
func lookEventRuleTargets(ctx context.Context, o *observation) error {
	if o.queueARN() == "" || len(o.eventRules.found) == 0 {
		return nil
	}
	in := &eventbridge.ListRuleNamesByTargetInput{TargetArn: aws.String(o.queueARN())}
	for {
		out, err := o.clients.EventBridge.ListRuleNamesByTarget(ctx, in)
		if err != nil {
			return err
		}
		o.eventRules.feeding = append(o.eventRules.feeding, out.RuleNames...)
		if in.NextToken = out.NextToken; in.NextToken == nil {
			return nil
		}
	}
}

// convertEventRules passes over rules of others, whose clusters' names may begin like
// this one's.
func convertEventRules(o *observation) error {
	for i, r := range o.eventRules.found {
		name, tags := aws.ToString(r.Name), o.eventRules.tags[i]
		if !o.owns(tags) {
			continue
		}
		pattern, err := topology.CanonicalPattern(aws.ToString(r.EventPattern))
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		rule := topology.EventRule{
			Name: name, Pattern: pattern, Enabled: r.State != ebtypes.RuleStateDisabled, Tags: tags, Ownership: topology.Owned,
		}
		if slices.Contains(o.eventRules.feeding, name) {
			arn := o.queueARN()
			rule.Target = o.ref(&arn)
		}
		o.add(aws.ToString(r.Arn), rule)
	}
	return nil
}
