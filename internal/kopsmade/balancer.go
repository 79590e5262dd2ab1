package kopsmade

import (
	"context"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	classicelb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	classictypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
)

func elbTags(b block) []types.Tag {
	return tagList(b.tags(), func(key, value *string) types.Tag { return types.Tag{Key: key, Value: value} })
}

// suffix is what the names of metrics have of an ARN.
func suffix(arn, after string) string {
	_, rest, _ := strings.Cut(arn, after)
	return rest
}

func scheme(b block) string {
	if b.is("internal") {
		return "internal"
	}
	return "internet-facing"
}

func (m *maker) balancer(ctx context.Context, b block) (attributes, error) {
	if err := m.first(ctx, "aws_internet_gateway"); err != nil {
		return nil, err
	}
	in := &elb.CreateLoadBalancerInput{
		Name: b.str("name"), Type: types.LoadBalancerTypeEnum(b.text("load_balancer_type")), Scheme: types.LoadBalancerSchemeEnum(scheme(b)),
		SecurityGroups: b.list("security_groups"), IpAddressType: types.IpAddressType(b.text("ip_address_type")), Tags: elbTags(b),
	}
	for _, s := range b.blocks("subnet_mapping") {
		in.SubnetMappings = append(in.SubnetMappings, types.SubnetMapping{
			SubnetId: s.str("subnet_id"), AllocationId: s.str("allocation_id"), PrivateIPv4Address: s.str("private_ipv4_address"),
		})
	}
	out, err := m.ELB.CreateLoadBalancer(ctx, in)
	if err != nil {
		return nil, err
	}
	made := out.LoadBalancers[0]
	_, err = m.ELB.ModifyLoadBalancerAttributes(ctx, &elb.ModifyLoadBalancerAttributesInput{LoadBalancerArn: made.LoadBalancerArn, Attributes: balancerAttributes(b)})
	return attributes{
		"id": *made.LoadBalancerArn, "arn": *made.LoadBalancerArn, "dns_name": *made.DNSName, "zone_id": *made.CanonicalHostedZoneId,
		"arn_suffix": suffix(*made.LoadBalancerArn, ":loadbalancer/"),
	}, err
}

func balancerAttributes(b block) []types.LoadBalancerAttribute {
	all := []types.LoadBalancerAttribute{{
		Key: aws.String("load_balancing.cross_zone.enabled"), Value: aws.String(strconv.FormatBool(b.is("enable_cross_zone_load_balancing"))),
	}}
	for _, log := range b.blocks("access_logs") {
		all = append(all,
			types.LoadBalancerAttribute{Key: aws.String("access_logs.s3.enabled"), Value: aws.String(log.text("enabled"))},
			types.LoadBalancerAttribute{Key: aws.String("access_logs.s3.bucket"), Value: aws.String(log.text("bucket"))},
			types.LoadBalancerAttribute{Key: aws.String("access_logs.s3.prefix"), Value: aws.String(log.text("prefix"))},
		)
	}
	return all
}

func (m *maker) targetGroup(ctx context.Context, b block) (attributes, error) {
	check := b.only("health_check")
	out, err := m.ELB.CreateTargetGroup(ctx, &elb.CreateTargetGroupInput{
		Name: b.str("name"), VpcId: b.str("vpc_id"), Port: b.number("port"), Protocol: types.ProtocolEnum(b.text("protocol")), TargetType: types.TargetTypeEnumInstance,
		HealthCheckProtocol: types.ProtocolEnum(check.text("protocol")), HealthCheckPath: check.str("path"), HealthCheckIntervalSeconds: check.number("interval"),
		HealthyThresholdCount: check.number("healthy_threshold"), UnhealthyThresholdCount: check.number("unhealthy_threshold"), Tags: elbTags(b),
	})
	if err != nil {
		return nil, err
	}
	arn := out.TargetGroups[0].TargetGroupArn
	_, err = m.ELB.ModifyTargetGroupAttributes(ctx, &elb.ModifyTargetGroupAttributesInput{TargetGroupArn: arn, Attributes: []types.TargetGroupAttribute{
		{Key: aws.String("deregistration_delay.timeout_seconds"), Value: b.str("deregistration_delay")},
		{Key: aws.String("deregistration_delay.connection_termination.enabled"), Value: b.str("connection_termination")},
	}})
	return attributes{"id": *arn, "arn": *arn, "arn_suffix": "targetgroup/" + suffix(*arn, ":targetgroup/")}, err
}

func (m *maker) listener(ctx context.Context, b block) (attributes, error) {
	in := &elb.CreateListenerInput{
		LoadBalancerArn: b.str("load_balancer_arn"), Port: b.number("port"), Protocol: types.ProtocolEnum(b.text("protocol")), SslPolicy: b.str("ssl_policy"),
		DefaultActions: []types.Action{{Type: types.ActionTypeEnumForward, TargetGroupArn: b.only("default_action").str("target_group_arn")}},
	}
	if certificate := b.str("certificate_arn"); certificate != nil {
		in.Certificates = []types.Certificate{{CertificateArn: certificate}}
	}
	_, err := m.ELB.CreateListener(ctx, in)
	return attributes{}, err
}

func (m *maker) classicBalancer(ctx context.Context, b block) (attributes, error) {
	in := &classicelb.CreateLoadBalancerInput{
		LoadBalancerName: b.str("name"), Subnets: b.list("subnets"), SecurityGroups: b.list("security_groups"),
		Tags: tagList(b.tags(), func(key, value *string) classictypes.Tag { return classictypes.Tag{Key: key, Value: value} }),
	}
	if b.is("internal") {
		in.Scheme = aws.String("internal")
	}
	for _, l := range b.blocks("listener") {
		in.Listeners = append(in.Listeners, classictypes.Listener{
			LoadBalancerPort: *l.number("lb_port"), Protocol: l.str("lb_protocol"), InstancePort: l.number("instance_port"),
			InstanceProtocol: l.str("instance_protocol"), SSLCertificateId: l.str("ssl_certificate_id"),
		})
	}
	out, err := m.ClassicELB.CreateLoadBalancer(ctx, in)
	if err != nil {
		return nil, err
	}
	if err := m.configureClassic(ctx, b); err != nil {
		return nil, err
	}
	found, err := m.ClassicELB.DescribeLoadBalancers(ctx, &classicelb.DescribeLoadBalancersInput{LoadBalancerNames: []string{b.text("name")}})
	if err != nil {
		return nil, err
	}
	return attributes{"id": b.text("name"), "name": b.text("name"), "dns_name": *out.DNSName, "zone_id": aws.ToString(found.LoadBalancerDescriptions[0].CanonicalHostedZoneNameID)}, nil
}

func (m *maker) configureClassic(ctx context.Context, b block) error {
	check := b.only("health_check")
	_, err := m.ClassicELB.ConfigureHealthCheck(ctx, &classicelb.ConfigureHealthCheckInput{LoadBalancerName: b.str("name"), HealthCheck: &classictypes.HealthCheck{
		Target: check.str("target"), Interval: check.number("interval"), Timeout: check.number("timeout"),
		HealthyThreshold: check.number("healthy_threshold"), UnhealthyThreshold: check.number("unhealthy_threshold"),
	}})
	if err != nil {
		return err
	}
	settings := &classictypes.LoadBalancerAttributes{
		CrossZoneLoadBalancing: &classictypes.CrossZoneLoadBalancing{Enabled: b.is("cross_zone_load_balancing")},
		ConnectionSettings:     &classictypes.ConnectionSettings{IdleTimeout: b.number("idle_timeout")},
		ConnectionDraining:     &classictypes.ConnectionDraining{Enabled: b.is("connection_draining"), Timeout: b.positive("connection_draining_timeout")},
	}
	for _, log := range b.blocks("access_logs") {
		settings.AccessLog = &classictypes.AccessLog{
			Enabled: log.is("enabled"), S3BucketName: log.str("bucket"), S3BucketPrefix: log.str("bucket_prefix"), EmitInterval: log.positive("interval"),
		}
	}
	_, err = m.ClassicELB.ModifyLoadBalancerAttributes(ctx, &classicelb.ModifyLoadBalancerAttributesInput{LoadBalancerName: b.str("name"), LoadBalancerAttributes: settings})
	return err
}
