package actual

import (
	"context"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

type queueReader interface {
	GetQueueUrl(context.Context, *sqs.GetQueueUrlInput, ...func(*sqs.Options)) (*sqs.GetQueueUrlOutput, error)
	GetQueueAttributes(context.Context, *sqs.GetQueueAttributesInput, ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error)
	ListQueueTags(context.Context, *sqs.ListQueueTagsInput, ...func(*sqs.Options)) (*sqs.ListQueueTagsOutput, error)
}

// queueAnswers are about the one queue that a cluster may have. SQS cannot be searched
// by tag.
type queueAnswers struct {
	url        string // empty if there is none
	attributes map[string]string
	tags       map[string]string
}

func lookQueues(ctx context.Context, o *observation) error {
	out, err := o.clients.SQS.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String(topology.TerminationQueueName(o.scope.Cluster))})
	if awsapi.NotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	o.queues.url = aws.ToString(out.QueueUrl)
	return nil
}

// lookQueueAttributes takes a queue that vanished meanwhile for none.
func lookQueueAttributes(ctx context.Context, o *observation) error {
	if o.queues.url == "" {
		return nil
	}
	parts := []func(context.Context) error{
		func(ctx context.Context) error {
			out, err := o.clients.SQS.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &o.queues.url, AttributeNames: []sqstypes.QueueAttributeName{
				sqstypes.QueueAttributeNameQueueArn, sqstypes.QueueAttributeNameMessageRetentionPeriod, sqstypes.QueueAttributeNamePolicy,
			}})
			if err == nil {
				o.queues.attributes = out.Attributes
			}
			return err
		},
		func(ctx context.Context) error {
			out, err := o.clients.SQS.ListQueueTags(ctx, &sqs.ListQueueTagsInput{QueueUrl: &o.queues.url})
			if err == nil {
				o.queues.tags = out.Tags
			}
			return err
		},
	}
	_, err := each(ctx, parts, func(ctx context.Context, part func(context.Context) error) (none struct{}, err error) {
		if err = part(ctx); awsapi.NotFound(err) {
			err = nil
		}
		return none, err
	})
	return err
}

// queueARN is empty if there is no queue.
func (o *observation) queueARN() string {
	return o.queues.attributes[string(sqstypes.QueueAttributeNameQueueArn)]
}

func convertQueues(o *observation) error {
	arn := o.queueARN()
	if arn == "" {
		return nil
	}
	name, tags := topology.TerminationQueueName(o.scope.Cluster), sqsTags(o.queues.tags)
	if !o.owns(tags) {
		o.leave(candidate{kind: topology.KindQueue, id: arn, tags: tags}, foreignName)
		return nil
	}
	retention, err := strconv.Atoi(o.queues.attributes[string(sqstypes.QueueAttributeNameMessageRetentionPeriod)])
	if err != nil {
		return fmt.Errorf("retention of %s: %w", name, err)
	}
	policy, err := queuePolicy(o.queues.attributes[string(sqstypes.QueueAttributeNamePolicy)], name, topology.AccountOf(arn))
	if err != nil {
		return fmt.Errorf("policy of %s: %w", name, err)
	}
	o.add(arn, topology.Queue{Name: name, Retention: retention, Policy: policy, Tags: tags, Ownership: topology.Owned})
	return nil
}

// queuePolicy is empty for a queue that has none.
func queuePolicy(policy, queue, account string) (string, error) {
	if policy == "" {
		return "", nil
	}
	return topology.CanonicalPolicy(topology.PolicyWithoutAccount(policy, queue, account))
}
