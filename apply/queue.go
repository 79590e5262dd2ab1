package apply

import (
	"context"
	"errors"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

type queueWriter interface {
	GetQueueUrl(context.Context, *sqs.GetQueueUrlInput, ...func(*sqs.Options)) (*sqs.GetQueueUrlOutput, error)
	GetQueueAttributes(context.Context, *sqs.GetQueueAttributesInput, ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error)
	ListQueueTags(context.Context, *sqs.ListQueueTagsInput, ...func(*sqs.Options)) (*sqs.ListQueueTagsOutput, error)
	CreateQueue(context.Context, *sqs.CreateQueueInput, ...func(*sqs.Options)) (*sqs.CreateQueueOutput, error)
	SetQueueAttributes(context.Context, *sqs.SetQueueAttributesInput, ...func(*sqs.Options)) (*sqs.SetQueueAttributesOutput, error)
	TagQueue(context.Context, *sqs.TagQueueInput, ...func(*sqs.Options)) (*sqs.TagQueueOutput, error)
	DeleteQueue(context.Context, *sqs.DeleteQueueInput, ...func(*sqs.Options)) (*sqs.DeleteQueueOutput, error)
}

// queues are bound to their ARNs, which is what rules send to. SQS's own calls take
// URLs, which follow from the name.
type queues struct {
	api     queueWriter
	cluster string
}

const (
	queueNew  = "SQS does not show the new queue yet"
	queueRest = "SQS does not make a queue within a minute of the deletion of one of the same name"
)

// Create makes the queue and then writes its policy, which needs the queue's ARN. It
// looks first, because SQS answers a creating call with a stranger's queue, too, if
// that has the same attributes. A queue of ours gets what it lacks.
func (q queues) Create(ctx context.Context, want topology.Queue, _ topology.Bindings) (topology.Bindings, error) {
	url, err := q.find(ctx, want)
	if err == nil && url == "" {
		url, err = q.make(ctx, want)
	}
	if err != nil {
		return nil, err
	}
	arn, err := q.arn(ctx, url)
	if err != nil {
		return nil, settling(err, queueNew)
	}
	return topology.Bindings{want.Ref(): arn}, q.set(ctx, want, url, arn)
}

// find is the URL of our queue of that name; empty if there is none.
func (q queues) find(ctx context.Context, want topology.Queue) (url string, err error) {
	url, err = q.url(ctx, want)
	if awsapi.NotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	tags, err := q.api.ListQueueTags(ctx, &sqs.ListQueueTagsInput{QueueUrl: &url})
	if err != nil {
		return "", settling(err, queueNew)
	}
	if tags.Tags[topology.OwnershipTag(q.cluster)] != string(topology.Owned) {
		return "", strange(want.Ref(), errors.New("SQS has a queue of that name"))
	}
	return url, nil
}

func (q queues) make(ctx context.Context, want topology.Queue) (url string, err error) {
	out, err := q.api.CreateQueue(ctx, &sqs.CreateQueueInput{
		QueueName:  aws.String(want.Name),
		Attributes: map[string]string{retentionOf: strconv.Itoa(want.Retention)}, Tags: want.Tags,
	})
	switch {
	case err != nil && awsapi.AlreadyExists(err):
		return "", &WaitError{Reason: "SQS has the queue already and does not show it yet"}
	case err != nil:
		return "", settling(err, queueRest)
	}
	return aws.ToString(out.QueueUrl), nil
}

// SQS's names of the attributes that are written.
const (
	retentionOf = string(sqstypes.QueueAttributeNameMessageRetentionPeriod)
	policyOf    = string(sqstypes.QueueAttributeNamePolicy)
)

func (q queues) url(ctx context.Context, queue topology.Queue) (string, error) {
	out, err := q.api.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String(queue.Name)})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.QueueUrl), nil
}

func (q queues) arn(ctx context.Context, url string) (string, error) {
	out, err := q.api.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: &url, AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameQueueArn},
	})
	if err != nil {
		return "", err
	}
	return out.Attributes[string(sqstypes.QueueAttributeNameQueueArn)], nil
}

func (q queues) set(ctx context.Context, want topology.Queue, url, arn string) error {
	_, err := q.api.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: &url, Attributes: map[string]string{
		retentionOf: strconv.Itoa(want.Retention), policyOf: want.PolicyIn(topology.AccountOf(arn)),
	}})
	return settling(err, queueNew)
}

func (q queues) Update(ctx context.Context, _, want topology.Queue, change diff.Change, ids topology.Bindings) (topology.Bindings, error) {
	arn, err := idOf(ids, want.Ref())
	if err != nil {
		return nil, err
	}
	url, err := q.url(ctx, want)
	if err != nil {
		return nil, settling(err, queueNew)
	}
	if tags := tagChangeOf(change).set; len(tags) > 0 {
		if _, err := q.api.TagQueue(ctx, &sqs.TagQueueInput{QueueUrl: &url, Tags: tags}); err != nil {
			return nil, settling(err, tagsLate)
		}
	}
	if !change.Has("retention") && !change.Has("policy") {
		return nil, nil
	}
	return nil, q.set(ctx, want, url, arn)
}

func (q queues) Delete(ctx context.Context, have topology.Queue, _ topology.Bindings) error {
	url, err := q.url(ctx, have)
	if err == nil {
		_, err = q.api.DeleteQueue(ctx, &sqs.DeleteQueueInput{QueueUrl: &url})
	}
	return removed(err, "the queue is in use")
}
