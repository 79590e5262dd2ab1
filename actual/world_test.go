package actual_test

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/quorate/quorate/actual"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/internal/awssim"
	"github.com/quorate/quorate/topology"
)

const cluster = "ha.example.com"

var zones = []string{"us-east-1a", "us-east-1b", "us-east-1c"}

// world is an AWS under test. Its methods make things as kops does, by the calls that
// kops makes.
type world struct {
	awsapi.Clients
	calls *awsapi.Calls
	t     *testing.T
	ami   string // the AMI behind image
	// region is nil for moto.
	region *awssim.Region
	// settle lets pass whatever time the world needs to finish what it is doing.
	settle func()
}

// observe looks, and fails the test if that does.
func (w *world) observe(adjust ...func(*actual.Scope)) actual.State {
	w.t.Helper()
	state, err := w.tryObserve(adjust...)
	if err != nil {
		w.t.Fatal(err)
	}
	return state
}

func (w *world) tryObserve(adjust ...func(*actual.Scope)) (actual.State, error) {
	scope := actual.Scope{Cluster: cluster, Region: "us-east-1", Images: []string{image}}
	for _, f := range adjust {
		f(&scope)
	}
	return actual.Observe(w.t.Context(), actual.FromClients(w.Clients), scope)
}

// must unwraps the answer of a call that has to succeed.
func must[T any](w *world) func(T, error) T {
	return func(v T, err error) T {
		w.t.Helper()
		if err != nil {
			w.t.Fatal(err)
		}
		return v
	}
}

func ec2Tags(tags topology.Tags) []ec2types.Tag {
	var list []ec2types.Tag
	for k, v := range tags {
		list = append(list, ec2types.Tag{Key: &k, Value: &v})
	}
	return list
}

func by(name string, values ...string) []ec2types.Filter {
	return []ec2types.Filter{{Name: &name, Values: values}}
}

func tagged(kind ec2types.ResourceType, tags topology.Tags) []ec2types.TagSpecification {
	if len(tags) == 0 {
		return nil
	}
	return []ec2types.TagSpecification{{ResourceType: kind, Tags: ec2Tags(tags)}}
}

func base(name string) topology.Tags { return topology.BaseTags(cluster, name) }

func (w *world) tag(id string, tags topology.Tags) {
	w.t.Helper()
	must[*ec2.CreateTagsOutput](w)(w.EC2.CreateTags(w.t.Context(), &ec2.CreateTagsInput{Resources: []string{id}, Tags: ec2Tags(tags)}))
}

func (w *world) vpc(cidr string, tags topology.Tags) (id string) {
	w.t.Helper()
	out := must[*ec2.CreateVpcOutput](w)(w.EC2.CreateVpc(w.t.Context(), &ec2.CreateVpcInput{
		CidrBlock: &cidr, AmazonProvidedIpv6CidrBlock: aws.Bool(true), TagSpecifications: tagged(ec2types.ResourceTypeVpc, tags),
	}))
	must[*ec2.ModifyVpcAttributeOutput](w)(w.EC2.ModifyVpcAttribute(w.t.Context(), &ec2.ModifyVpcAttributeInput{
		VpcId: out.Vpc.VpcId, EnableDnsHostnames: &ec2types.AttributeBooleanValue{Value: aws.Bool(true)},
	}))
	return *out.Vpc.VpcId
}

func (w *world) dhcpOptions(vpc string, tags topology.Tags) (id string) {
	w.t.Helper()
	out := must[*ec2.CreateDhcpOptionsOutput](w)(w.EC2.CreateDhcpOptions(w.t.Context(), &ec2.CreateDhcpOptionsInput{
		DhcpConfigurations: []ec2types.NewDhcpConfiguration{
			{Key: aws.String("domain-name"), Values: []string{"ec2.internal"}},
			{Key: aws.String("domain-name-servers"), Values: []string{"AmazonProvidedDNS"}},
		},
		TagSpecifications: tagged(ec2types.ResourceTypeDhcpOptions, tags),
	}))
	w.tag(*out.DhcpOptions.DhcpOptionsId, tags) // moto forgets the tags of this creating call
	must[*ec2.AssociateDhcpOptionsOutput](w)(w.EC2.AssociateDhcpOptions(w.t.Context(), &ec2.AssociateDhcpOptionsInput{
		VpcId: &vpc, DhcpOptionsId: out.DhcpOptions.DhcpOptionsId,
	}))
	return *out.DhcpOptions.DhcpOptionsId
}

func (w *world) internetGateway(vpc string, tags topology.Tags) (id string) {
	w.t.Helper()
	out := must[*ec2.CreateInternetGatewayOutput](w)(w.EC2.CreateInternetGateway(w.t.Context(), &ec2.CreateInternetGatewayInput{
		TagSpecifications: tagged(ec2types.ResourceTypeInternetGateway, tags),
	}))
	if vpc != "" {
		must[*ec2.AttachInternetGatewayOutput](w)(w.EC2.AttachInternetGateway(w.t.Context(), &ec2.AttachInternetGatewayInput{
			VpcId: &vpc, InternetGatewayId: out.InternetGateway.InternetGatewayId,
		}))
	}
	return *out.InternetGateway.InternetGatewayId
}

func (w *world) subnet(vpc, zone, cidr string, tags topology.Tags) (id string) {
	w.t.Helper()
	out := must[*ec2.CreateSubnetOutput](w)(w.EC2.CreateSubnet(w.t.Context(), &ec2.CreateSubnetInput{
		VpcId: &vpc, AvailabilityZone: &zone, CidrBlock: &cidr, TagSpecifications: tagged(ec2types.ResourceTypeSubnet, tags),
	}))
	return *out.Subnet.SubnetId
}

func (w *world) elasticIP(tags topology.Tags) (id string) {
	w.t.Helper()
	out := must[*ec2.AllocateAddressOutput](w)(w.EC2.AllocateAddress(w.t.Context(), &ec2.AllocateAddressInput{
		Domain: ec2types.DomainTypeVpc, TagSpecifications: tagged(ec2types.ResourceTypeElasticIp, tags),
	}))
	return *out.AllocationId
}

func (w *world) natGateway(subnet, address string, tags topology.Tags) (id string) {
	w.t.Helper()
	out := must[*ec2.CreateNatGatewayOutput](w)(w.EC2.CreateNatGateway(w.t.Context(), &ec2.CreateNatGatewayInput{
		SubnetId: &subnet, AllocationId: &address, TagSpecifications: tagged(ec2types.ResourceTypeNatgateway, tags),
	}))
	return *out.NatGateway.NatGatewayId
}

func (w *world) routeTable(vpc string, subnets []string, tags topology.Tags) (id string) {
	w.t.Helper()
	out := must[*ec2.CreateRouteTableOutput](w)(w.EC2.CreateRouteTable(w.t.Context(), &ec2.CreateRouteTableInput{
		VpcId: &vpc, TagSpecifications: tagged(ec2types.ResourceTypeRouteTable, tags),
	}))
	for _, s := range subnets {
		must[*ec2.AssociateRouteTableOutput](w)(w.EC2.AssociateRouteTable(w.t.Context(), &ec2.AssociateRouteTableInput{
			RouteTableId: out.RouteTable.RouteTableId, SubnetId: &s,
		}))
	}
	return *out.RouteTable.RouteTableId
}

func (w *world) route(in ec2.CreateRouteInput) {
	w.t.Helper()
	must[*ec2.CreateRouteOutput](w)(w.EC2.CreateRoute(w.t.Context(), &in))
}

func (w *world) securityGroup(vpc, name string, tags topology.Tags) (id string) {
	w.t.Helper()
	out := must[*ec2.CreateSecurityGroupOutput](w)(w.EC2.CreateSecurityGroup(w.t.Context(), &ec2.CreateSecurityGroupInput{
		VpcId: &vpc, GroupName: &name, Description: aws.String("Security group for " + name), TagSpecifications: tagged(ec2types.ResourceTypeSecurityGroup, tags),
	}))
	return *out.GroupId
}

func (w *world) allow(group string, p ec2types.IpPermission) {
	w.t.Helper()
	must[*ec2.AuthorizeSecurityGroupIngressOutput](w)(w.EC2.AuthorizeSecurityGroupIngress(w.t.Context(), &ec2.AuthorizeSecurityGroupIngressInput{
		GroupId: &group, IpPermissions: []ec2types.IpPermission{p},
	}))
}

func permission(protocol string, from, to int32) ec2types.IpPermission {
	return ec2types.IpPermission{IpProtocol: &protocol, FromPort: &from, ToPort: &to}
}

func fromGroup(p ec2types.IpPermission, group string) ec2types.IpPermission {
	p.UserIdGroupPairs = []ec2types.UserIdGroupPair{{GroupId: &group}}
	return p
}

func fromCIDR(p ec2types.IpPermission, cidr string) ec2types.IpPermission {
	p.IpRanges = []ec2types.IpRange{{CidrIp: &cidr}}
	return p
}

const trustEC2 = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

func iamTags(tags topology.Tags) []iamtypes.Tag {
	var list []iamtypes.Tag
	for k, v := range tags {
		list = append(list, iamtypes.Tag{Key: &k, Value: &v})
	}
	return list
}

func (w *world) role(name string, tags topology.Tags, policies map[string]string) {
	w.t.Helper()
	must[*iam.CreateRoleOutput](w)(w.IAM.CreateRole(w.t.Context(), &iam.CreateRoleInput{
		RoleName: &name, AssumeRolePolicyDocument: aws.String(trustEC2), Tags: iamTags(tags),
	}))
	for policy, document := range policies {
		must[*iam.PutRolePolicyOutput](w)(w.IAM.PutRolePolicy(w.t.Context(), &iam.PutRolePolicyInput{
			RoleName: &name, PolicyName: &policy, PolicyDocument: &document,
		}))
	}
}

func (w *world) profile(name, role string, tags topology.Tags) {
	w.t.Helper()
	must[*iam.CreateInstanceProfileOutput](w)(w.IAM.CreateInstanceProfile(w.t.Context(), &iam.CreateInstanceProfileInput{
		InstanceProfileName: &name, Tags: iamTags(tags),
	}))
	must[*iam.AddRoleToInstanceProfileOutput](w)(w.IAM.AddRoleToInstanceProfile(w.t.Context(), &iam.AddRoleToInstanceProfileInput{
		InstanceProfileName: &name, RoleName: &role,
	}))
}

const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIL5mtuUU9CjcAs4vSrgDfzpPcz2mCPGy30oqkTDPlWJf"

func (w *world) keyPair(name string, tags topology.Tags) {
	w.t.Helper()
	must[*ec2.ImportKeyPairOutput](w)(w.EC2.ImportKeyPair(w.t.Context(), &ec2.ImportKeyPairInput{
		KeyName: &name, PublicKeyMaterial: []byte(publicKey + " someone@example.com"), TagSpecifications: tagged(ec2types.ResourceTypeKeyPair, tags),
	}))
}

func (w *world) volume(zone string, tags topology.Tags) (id string) {
	w.t.Helper()
	out := must[*ec2.CreateVolumeOutput](w)(w.EC2.CreateVolume(w.t.Context(), &ec2.CreateVolumeInput{
		AvailabilityZone: &zone, VolumeType: ec2types.VolumeTypeGp3, Size: aws.Int32(20), Iops: aws.Int32(3000), Throughput: aws.Int32(125),
		TagSpecifications: tagged(ec2types.ResourceTypeVolume, tags),
	}))
	return *out.VolumeId
}

func etcdVolumeTags(member, etcd string) topology.Tags {
	return base(member + ".etcd-" + etcd + "." + cluster).With(topology.RoleTags(topology.ControlPlane)).With(topology.Tags{
		topology.TagEtcdPrefix + etcd: member + "/a,b,c",
	})
}

func elbTags(tags topology.Tags) []elbtypes.Tag {
	var list []elbtypes.Tag
	for k, v := range tags {
		list = append(list, elbtypes.Tag{Key: &k, Value: &v})
	}
	return list
}

func (w *world) targetGroup(vpc, name string, tags topology.Tags) (arn string) {
	w.t.Helper()
	out := must[*elb.CreateTargetGroupOutput](w)(w.ELB.CreateTargetGroup(w.t.Context(), &elb.CreateTargetGroupInput{
		Name: &name, VpcId: &vpc, Port: aws.Int32(443), Protocol: elbtypes.ProtocolEnumTcp, HealthCheckProtocol: elbtypes.ProtocolEnumTcp,
		HealthCheckIntervalSeconds: aws.Int32(10), HealthyThresholdCount: aws.Int32(2), UnhealthyThresholdCount: aws.Int32(2), Tags: elbTags(tags),
	}))
	arn = *out.TargetGroups[0].TargetGroupArn
	must[*elb.ModifyTargetGroupAttributesOutput](w)(w.ELB.ModifyTargetGroupAttributes(w.t.Context(), &elb.ModifyTargetGroupAttributesInput{
		TargetGroupArn: &arn, Attributes: []elbtypes.TargetGroupAttribute{
			{Key: aws.String("deregistration_delay.timeout_seconds"), Value: aws.String("30")},
			{Key: aws.String("deregistration_delay.connection_termination.enabled"), Value: aws.String("true")},
		},
	}))
	return arn
}

func (w *world) loadBalancer(name string, subnets, groups []string, tags topology.Tags) (arn string) {
	w.t.Helper()
	out := must[*elb.CreateLoadBalancerOutput](w)(w.ELB.CreateLoadBalancer(w.t.Context(), &elb.CreateLoadBalancerInput{
		Name: &name, Type: elbtypes.LoadBalancerTypeEnumNetwork, Scheme: elbtypes.LoadBalancerSchemeEnumInternetFacing,
		Subnets: subnets, SecurityGroups: groups, Tags: elbTags(tags),
	}))
	return *out.LoadBalancers[0].LoadBalancerArn
}

func (w *world) listener(balancer, targets string) (arn string) {
	w.t.Helper()
	out := must[*elb.CreateListenerOutput](w)(w.ELB.CreateListener(w.t.Context(), &elb.CreateListenerInput{
		LoadBalancerArn: &balancer, Port: aws.Int32(443), Protocol: elbtypes.ProtocolEnumTcp,
		DefaultActions: []elbtypes.Action{{Type: elbtypes.ActionTypeEnumForward, TargetGroupArn: &targets}},
	}))
	return *out.Listeners[0].ListenerArn
}

// templateData is what kops writes into the templates of a role.
func (w *world) templateData(role topology.Role, profile, key, group string, tags topology.Tags) *ec2types.RequestLaunchTemplateData {
	data := &ec2types.RequestLaunchTemplateData{
		ImageId:            &w.ami,
		InstanceType:       ec2types.InstanceTypeT3Medium,
		KeyName:            &key,
		IamInstanceProfile: &ec2types.LaunchTemplateIamInstanceProfileSpecificationRequest{Name: &profile},
		BlockDeviceMappings: []ec2types.LaunchTemplateBlockDeviceMappingRequest{{DeviceName: aws.String("/dev/sda1"), Ebs: &ec2types.LaunchTemplateEbsBlockDeviceRequest{
			VolumeType: ec2types.VolumeTypeGp3, VolumeSize: aws.Int32(64), Iops: aws.Int32(3000), Throughput: aws.Int32(125),
			Encrypted: aws.Bool(true), DeleteOnTermination: aws.Bool(true),
		}}},
		NetworkInterfaces: []ec2types.LaunchTemplateInstanceNetworkInterfaceSpecificationRequest{{
			DeviceIndex: aws.Int32(0), Groups: []string{group}, AssociatePublicIpAddress: aws.Bool(false), DeleteOnTermination: aws.Bool(true), Ipv6AddressCount: aws.Int32(0),
		}},
		MetadataOptions: &ec2types.LaunchTemplateInstanceMetadataOptionsRequest{
			HttpTokens: ec2types.LaunchTemplateHttpTokensStateRequired, HttpPutResponseHopLimit: aws.Int32(1),
		},
		Monitoring:   &ec2types.LaunchTemplatesMonitoringRequest{Enabled: aws.Bool(false)},
		EbsOptimized: aws.Bool(false),
		UserData:     aws.String(base64.StdEncoding.EncodeToString([]byte("#cloud-config\n# " + string(role)))),
	}
	for _, kind := range []ec2types.ResourceType{ec2types.ResourceTypeInstance, ec2types.ResourceTypeVolume, ec2types.ResourceTypeNetworkInterface} {
		data.TagSpecifications = append(data.TagSpecifications, ec2types.LaunchTemplateTagSpecificationRequest{ResourceType: kind, Tags: ec2Tags(tags)})
	}
	return data
}

func (w *world) launchTemplate(name string, data *ec2types.RequestLaunchTemplateData, tags topology.Tags) (id string) {
	w.t.Helper()
	out := must[*ec2.CreateLaunchTemplateOutput](w)(w.EC2.CreateLaunchTemplate(w.t.Context(), &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: &name, LaunchTemplateData: data, TagSpecifications: tagged(ec2types.ResourceTypeLaunchTemplate, tags),
	}))
	return *out.LaunchTemplate.LaunchTemplateId
}

func (w *world) launchTemplateVersion(id string, data *ec2types.RequestLaunchTemplateData) {
	w.t.Helper()
	must[*ec2.CreateLaunchTemplateVersionOutput](w)(w.EC2.CreateLaunchTemplateVersion(w.t.Context(), &ec2.CreateLaunchTemplateVersionInput{
		LaunchTemplateId: &id, LaunchTemplateData: data,
	}))
}

func (w *world) group(name, template, version, subnets string, size int32, targets []string, tags topology.Tags) {
	w.t.Helper()
	in := &autoscaling.CreateAutoScalingGroupInput{
		AutoScalingGroupName: &name, MinSize: &size, MaxSize: &size, VPCZoneIdentifier: &subnets, TargetGroupARNs: targets,
		LaunchTemplate: &asgtypes.LaunchTemplateSpecification{LaunchTemplateId: &template, Version: &version},
	}
	for k, v := range tags {
		in.Tags = append(in.Tags, asgtypes.Tag{Key: &k, Value: &v, PropagateAtLaunch: aws.Bool(true), ResourceId: &name, ResourceType: aws.String("auto-scaling-group")})
	}
	must[*autoscaling.CreateAutoScalingGroupOutput](w)(w.AutoScaling.CreateAutoScalingGroup(w.t.Context(), in))
	must[*autoscaling.EnableMetricsCollectionOutput](w)(w.AutoScaling.EnableMetricsCollection(w.t.Context(), &autoscaling.EnableMetricsCollectionInput{
		AutoScalingGroupName: &name, Granularity: aws.String("1Minute"), Metrics: []string{"GroupMinSize", "GroupDesiredCapacity"},
	}))
}

// tagGroup writes a tag that stays on the group.
func (w *world) tagGroup(group, key, value string) {
	w.t.Helper()
	must[*autoscaling.CreateOrUpdateTagsOutput](w)(w.AutoScaling.CreateOrUpdateTags(w.t.Context(), &autoscaling.CreateOrUpdateTagsInput{
		Tags: []asgtypes.Tag{{Key: &key, Value: &value, PropagateAtLaunch: aws.Bool(false), ResourceId: &group, ResourceType: aws.String("auto-scaling-group")}},
	}))
}

func (w *world) detach(group, machine string) {
	w.t.Helper()
	must[*autoscaling.DetachInstancesOutput](w)(w.AutoScaling.DetachInstances(w.t.Context(), &autoscaling.DetachInstancesInput{
		AutoScalingGroupName: &group, InstanceIds: []string{machine}, ShouldDecrementDesiredCapacity: aws.Bool(false),
	}))
}

// highlyAvailable makes the private cluster of the house example: three masters in
// three zones behind a network load balancer, and a worker group in each zone.
func (w *world) highlyAvailable() {
	w.t.Helper()
	vpc := w.vpc("172.20.0.0/16", base(cluster))
	w.dhcpOptions(vpc, base(cluster))
	gateway := w.internetGateway(vpc, base(cluster))

	var utility, private []string
	for i, zone := range zones {
		utility = append(utility, w.subnet(vpc, zone, fmt.Sprintf("172.20.%d.0/24", i), base("utility-"+zone+"."+cluster)))
		private = append(private, w.subnet(vpc, zone, fmt.Sprintf("172.20.%d.0/19", 32*(i+1)), base(zone+"."+cluster)))
	}
	public := w.routeTable(vpc, utility, base(cluster).With(topology.Tags{topology.TagRouteRole: "public"}))
	w.route(ec2.CreateRouteInput{RouteTableId: &public, DestinationCidrBlock: aws.String("0.0.0.0/0"), GatewayId: &gateway})
	w.route(ec2.CreateRouteInput{RouteTableId: &public, DestinationIpv6CidrBlock: aws.String("::/0"), GatewayId: &gateway})
	for i, zone := range zones {
		address := w.elasticIP(base(zone + "." + cluster))
		nat := w.natGateway(utility[i], address, base(zone+"."+cluster))
		w.settle() // AWS takes no route to a gateway that is being made
		table := w.routeTable(vpc, private[i:i+1], base("private-"+zone+"."+cluster).With(topology.Tags{topology.TagRouteRole: "private-" + zone}))
		w.route(ec2.CreateRouteInput{RouteTableId: &table, DestinationCidrBlock: aws.String("0.0.0.0/0"), NatGatewayId: &nat})
	}

	masters, nodes, api := "masters."+cluster, "nodes."+cluster, "api-elb."+cluster
	mastersGroup, nodesGroup, apiGroup := w.securityGroup(vpc, masters, base(masters)), w.securityGroup(vpc, nodes, base(nodes)), w.securityGroup(vpc, api, base(api))
	w.allow(mastersGroup, fromGroup(permission("-1", -1, -1), mastersGroup))
	w.allow(mastersGroup, fromGroup(permission("tcp", 1, 2379), nodesGroup))
	w.allow(mastersGroup, fromGroup(permission("tcp", 443, 443), apiGroup))
	w.allow(nodesGroup, fromGroup(permission("-1", -1, -1), mastersGroup))
	w.allow(apiGroup, fromCIDR(permission("tcp", 443, 443), "0.0.0.0/0"))
	w.allow(apiGroup, fromCIDR(permission("icmp", 3, 4), "0.0.0.0/0"))

	w.role(masters, base(masters), map[string]string{masters: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ec2:DescribeRegions","ec2:AttachVolume"],"Resource":["*"]}]}`})
	w.role(nodes, base(nodes), nil)
	w.profile(masters, masters, base(masters))
	w.profile(nodes, nodes, base(nodes))
	key := "kubernetes." + cluster + "-01:02:03"
	w.keyPair(key, base(cluster))
	for i, member := range []string{"a", "b", "c"} {
		w.volume(zones[i], etcdVolumeTags(member, "main"))
		w.volume(zones[i], etcdVolumeTags(member, "events"))
	}

	targets := w.targetGroup(vpc, "tcp-ha-example-com-isubkm", base("tcp-ha-example-com-isubkm"))
	balancer := w.loadBalancer("api-ha-example-com-9e692d", utility, []string{apiGroup}, base("api."+cluster))
	w.listener(balancer, targets)

	for i, zone := range zones {
		name := "master-" + zone + "." + masters
		tags := base(name).With(topology.RoleTags(topology.ControlPlane)).With(topology.Tags{topology.TagGroup: "master-" + zone})
		id := w.launchTemplate(name, w.templateData(topology.ControlPlane, masters, key, mastersGroup, tags), tags)
		w.group(name, id, "1", private[i], 1, []string{targets}, tags)
		name = "nodes-" + zone + "." + cluster
		tags = base(name).With(topology.RoleTags(topology.Worker)).With(topology.Tags{topology.TagGroup: "nodes-" + zone})
		id = w.launchTemplate(name, w.templateData(topology.Worker, nodes, key, nodesGroup, tags), tags)
		w.group(name, id, strconv.Itoa(1), private[i], 2, nil, tags)
	}
	w.terminations()
}
