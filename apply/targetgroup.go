package apply

import (
	"context"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

type targetGroupWriter interface {
	elbTagger
	DescribeTargetGroups(context.Context, *elb.DescribeTargetGroupsInput, ...func(*elb.Options)) (*elb.DescribeTargetGroupsOutput, error)
	CreateTargetGroup(context.Context, *elb.CreateTargetGroupInput, ...func(*elb.Options)) (*elb.CreateTargetGroupOutput, error)
	ModifyTargetGroup(context.Context, *elb.ModifyTargetGroupInput, ...func(*elb.Options)) (*elb.ModifyTargetGroupOutput, error)
	ModifyTargetGroupAttributes(context.Context, *elb.ModifyTargetGroupAttributesInput, ...func(*elb.Options)) (*elb.ModifyTargetGroupAttributesOutput, error)
	DeleteTargetGroup(context.Context, *elb.DeleteTargetGroupInput, ...func(*elb.Options)) (*elb.DeleteTargetGroupOutput, error)
}

// targetGroups are bound to their ARNs.
type targetGroups struct {
	api     targetGroupWriter
	cluster string
}

// newDeregistrationDelay is what a new target group has, in seconds (AWS's default).
// Connection termination is off.
const newDeregistrationDelay = 300

func (g targetGroups) Create(ctx context.Context, want topology.TargetGroup, ids topology.Bindings) (topology.Bindings, error) {
	vpc, err := idOf(ids, want.VPC)
	if err != nil {
		return nil, err
	}
	learned, arn, err := bound(want.Ref(), ids, func() (string, error) { return g.make(ctx, want, vpc) })
	if err != nil {
		return learned, err
	}
	return learned, g.setAttributes(ctx, arn, want, want.DeregistrationDelay != newDeregistrationDelay, want.ConnectionTermination)
}

func (g targetGroups) make(ctx context.Context, want topology.TargetGroup, vpc string) (string, error) {
	out, err := g.api.CreateTargetGroup(ctx, &elb.CreateTargetGroupInput{
		Name: aws.String(want.Name), VpcId: aws.String(vpc), TargetType: elbtypes.TargetTypeEnumInstance,
		Port: aws.Int32(int32(want.Port)), Protocol: elbtypes.ProtocolEnum(want.Protocol),
		HealthCheckProtocol: elbtypes.ProtocolEnum(want.HealthProtocol), HealthCheckPath: present(want.HealthPath),
		HealthCheckIntervalSeconds: aws.Int32(int32(want.HealthInterval)),
		HealthyThresholdCount:      aws.Int32(int32(want.HealthyThreshold)),
		UnhealthyThresholdCount:    aws.Int32(int32(want.UnhealthyThreshold)),
		Tags:                       elbTags(want.Tags),
	})
	if err != nil && awsapi.AlreadyExists(err) {
		return g.find(ctx, want, err)
	}
	if err != nil {
		return "", settling(err, "AWS does not know the new VPC everywhere yet")
	}
	return aws.ToString(out.TargetGroups[0].TargetGroupArn), nil
}

// find takes up the group of that name, which AWS keeps unique in a region, if it is
// ours.
func (g targetGroups) find(ctx context.Context, want topology.TargetGroup, conflict error) (string, error) {
	out, err := g.api.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{Names: []string{want.Name}})
	if err != nil {
		return "", settling(err, "AWS has the target group already and does not show it yet")
	}
	return takeUpELB(ctx, g.api, g.cluster, want.Ref(), aws.ToString(out.TargetGroups[0].TargetGroupArn), conflict)
}

// Update sends all of the health check: AWS judges its fields together.
func (g targetGroups) Update(ctx context.Context, _, want topology.TargetGroup, change diff.Change, ids topology.Bindings) (topology.Bindings, error) {
	arn, err := idOf(ids, want.Ref())
	if err != nil {
		return nil, err
	}
	if err := setELBTags(ctx, g.api, arn, tagChangeOf(change)); err != nil {
		return nil, err
	}
	if in, needed := healthChange(arn, want, change); needed {
		if _, err := g.api.ModifyTargetGroup(ctx, in); err != nil {
			return nil, settling(err, "AWS is still busy with the target group")
		}
	}
	return nil, g.setAttributes(ctx, arn, want, change.Has("deregistrationDelay"), change.Has("connectionTermination"))
}

func healthChange(arn string, want topology.TargetGroup, change diff.Change) (*elb.ModifyTargetGroupInput, bool) {
	in := &elb.ModifyTargetGroupInput{TargetGroupArn: aws.String(arn)}
	if change.Has("healthProtocol") || change.Has("healthPath") {
		in.HealthCheckProtocol, in.HealthCheckPath = elbtypes.ProtocolEnum(want.HealthProtocol), present(want.HealthPath)
	}
	if change.Has("healthInterval") {
		in.HealthCheckIntervalSeconds = aws.Int32(int32(want.HealthInterval))
	}
	if change.Has("healthyThreshold") {
		in.HealthyThresholdCount = aws.Int32(int32(want.HealthyThreshold))
	}
	if change.Has("unhealthyThreshold") {
		in.UnhealthyThresholdCount = aws.Int32(int32(want.UnhealthyThreshold))
	}
	return in, change.HasPrefix("health") || change.Has("unhealthyThreshold")
}

func (g targetGroups) setAttributes(ctx context.Context, arn string, want topology.TargetGroup, delay, termination bool) error {
	in := &elb.ModifyTargetGroupAttributesInput{TargetGroupArn: aws.String(arn)}
	if delay {
		in.Attributes = append(in.Attributes, elbtypes.TargetGroupAttribute{
			Key: aws.String("deregistration_delay.timeout_seconds"), Value: aws.String(strconv.Itoa(want.DeregistrationDelay)),
		})
	}
	if termination {
		in.Attributes = append(in.Attributes, elbtypes.TargetGroupAttribute{
			Key: aws.String("deregistration_delay.connection_termination.enabled"), Value: aws.String(strconv.FormatBool(want.ConnectionTermination)),
		})
	}
	if len(in.Attributes) == 0 {
		return nil
	}
	_, err := g.api.ModifyTargetGroupAttributes(ctx, in)
	return settling(err, "AWS does not know the new target group everywhere yet")
}

func (g targetGroups) Delete(ctx context.Context, have topology.TargetGroup, ids topology.Bindings) error {
	arn, err := idOf(ids, have.Ref())
	if err != nil {
		return err
	}
	_, err = g.api.DeleteTargetGroup(ctx, &elb.DeleteTargetGroupInput{TargetGroupArn: aws.String(arn)})
	return removed(err, "a listener still forwards to the target group")
}
