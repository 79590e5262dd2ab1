package kopsmade

import (
	"context"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

func (m *maker) queue(ctx context.Context, b block) (attributes, error) {
	out, err := m.SQS.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: b.str("name"), Tags: b.tags(), Attributes: map[string]string{
		"MessageRetentionPeriod": b.text("message_retention_seconds"), "Policy": b.text("policy"),
	}})
	if err != nil {
		return nil, err
	}
	arn := string(sqstypes.QueueAttributeNameQueueArn)
	found, err := m.SQS.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: out.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameQueueArn}})
	if err != nil {
		return nil, err
	}
	return attributes{"id": *out.QueueUrl, "arn": found.Attributes[arn]}, nil
}

func (m *maker) eventRule(ctx context.Context, b block) (attributes, error) {
	_, err := m.EventBridge.PutRule(ctx, &eventbridge.PutRuleInput{
		Name: b.str("name"), EventPattern: b.str("event_pattern"), State: types.RuleState(b.text("state")),
		Tags: tagList(b.tags(), func(key, value *string) types.Tag { return types.Tag{Key: key, Value: value} }),
	})
	return attributes{"id": b.text("name"), "name": b.text("name")}, err
}

// eventTarget has kops's id for it.
func (m *maker) eventTarget(ctx context.Context, b block) (attributes, error) {
	out, err := m.EventBridge.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: b.str("rule"), Targets: []types.Target{{Id: aws.String("1"), Arn: b.str("arn")}}})
	if err == nil && out.FailedEntryCount > 0 {
		err = fmt.Errorf("refused: %s", aws.ToString(out.FailedEntries[0].ErrorMessage))
	}
	return attributes{}, err
}

func (m *maker) alarm(ctx context.Context, b block) (attributes, error) {
	threshold, err := strconv.ParseFloat(b.text("threshold"), 64)
	if err != nil {
		return nil, err
	}
	in := &cloudwatch.PutMetricAlarmInput{
		AlarmName: b.str("alarm_name"), AlarmDescription: b.str("alarm_description"), Namespace: b.str("namespace"), MetricName: b.str("metric_name"),
		Statistic: cloudwatchtypes.Statistic(b.text("statistic")), ComparisonOperator: cloudwatchtypes.ComparisonOperator(b.text("comparison_operator")), Threshold: &threshold,
		Period: b.number("period"), EvaluationPeriods: b.number("evaluation_periods"), DatapointsToAlarm: b.positive("datapoints_to_alarm"), TreatMissingData: b.str("treat_missing_data"),
		AlarmActions: b.list("alarm_actions"), OKActions: b.list("ok_actions"), InsufficientDataActions: b.list("insufficient_data_actions"), ActionsEnabled: b.flag("actions_enabled"),
		Tags: tagList(b.tags(), func(key, value *string) cloudwatchtypes.Tag { return cloudwatchtypes.Tag{Key: key, Value: value} }),
	}
	dimensions, _ := b["dimensions"].(map[string]any)
	for name, value := range dimensions {
		in.Dimensions = append(in.Dimensions, cloudwatchtypes.Dimension{Name: &name, Value: aws.String(text(value))})
	}
	_, err = m.CloudWatch.PutMetricAlarm(ctx, in)
	return attributes{}, err
}
