package kopsmade

import "context"

// creator makes, or looks up, a block, whose expressions are resolved.
type creator func(*maker, context.Context, block) (attributes, error)

// resources make, or look up, one block of a type each.
var resources = map[string]creator{
	"aws_autoscaling_group":               (*maker).group,
	"aws_autoscaling_lifecycle_hook":      (*maker).lifecycleHook,
	"aws_autoscaling_policy":              (*maker).scalingPolicy,
	"aws_autoscaling_schedule":            (*maker).schedule,
	"aws_cloudwatch_event_rule":           (*maker).eventRule,
	"aws_cloudwatch_event_target":         (*maker).eventTarget,
	"aws_cloudwatch_metric_alarm":         (*maker).alarm,
	"aws_ebs_volume":                      (*maker).volume,
	"aws_egress_only_internet_gateway":    (*maker).egressOnlyGateway,
	"aws_eip":                             (*maker).elasticIP,
	"aws_elb":                             (*maker).classicBalancer,
	"aws_iam_instance_profile":            (*maker).instanceProfile,
	"aws_iam_openid_connect_provider":     (*maker).oidcProvider,
	"aws_iam_role":                        (*maker).role,
	"aws_iam_role_policy":                 (*maker).rolePolicy,
	"aws_iam_role_policy_attachment":      (*maker).rolePolicyAttachment,
	"aws_internet_gateway":                (*maker).internetGateway,
	"aws_key_pair":                        (*maker).keyPair,
	"aws_launch_template":                 (*maker).launchTemplate,
	"aws_lb":                              (*maker).balancer,
	"aws_lb_listener":                     (*maker).listener,
	"aws_lb_target_group":                 (*maker).targetGroup,
	"aws_nat_gateway":                     (*maker).natGateway,
	"aws_route":                           (*maker).route,
	"aws_route53_record":                  (*maker).record,
	"aws_route53_zone_association":        (*maker).zoneAssociation,
	"aws_route_table":                     (*maker).routeTable,
	"aws_route_table_association":         (*maker).routeTableAssociation,
	"aws_s3_object":                       (*maker).nothing, // the state store is not the cluster
	"aws_security_group":                  (*maker).securityGroup,
	"aws_security_group_rule":             (*maker).securityGroupRule,
	"aws_sqs_queue":                       (*maker).queue,
	"aws_subnet":                          (*maker).subnet,
	"aws_vpc":                             (*maker).vpc,
	"aws_vpc_dhcp_options":                (*maker).dhcpOptions,
	"aws_vpc_dhcp_options_association":    (*maker).dhcpOptionsAssociation,
	"aws_vpc_ipv4_cidr_block_association": (*maker).cidrAssociation,

	"data.aws_ami":              (*maker).lookUpImage,
	"data.aws_caller_identity":  (*maker).lookUpAccount,
	"data.aws_eip":              (*maker).lookUpAddress,
	"data.aws_internet_gateway": (*maker).lookUpInternetGateway,
	"data.aws_route53_zone":     (*maker).lookUpZone,
}

func (m *maker) nothing(context.Context, block) (attributes, error) { return attributes{}, nil }
