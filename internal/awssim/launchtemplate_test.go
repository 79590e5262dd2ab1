package awssim_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// masterData is launch template data as kops writes it for a control-plane group.
func masterData(group string) *types.RequestLaunchTemplateData {
	return &types.RequestLaunchTemplateData{
		ImageId:      aws.String("ami-0123456789abcdef0"),
		InstanceType: "t3.medium",
		UserData:     aws.String(base64.StdEncoding.EncodeToString([]byte("#cloud-config\n"))),
		EbsOptimized: aws.Bool(false),
		BlockDeviceMappings: []types.LaunchTemplateBlockDeviceMappingRequest{{DeviceName: aws.String("/dev/xvda"), Ebs: &types.LaunchTemplateEbsBlockDeviceRequest{
			DeleteOnTermination: aws.Bool(true), Encrypted: aws.Bool(true), Iops: aws.Int32(3000), Throughput: aws.Int32(125), VolumeSize: aws.Int32(64), VolumeType: types.VolumeTypeGp3}}},
		NetworkInterfaces: []types.LaunchTemplateInstanceNetworkInterfaceSpecificationRequest{{
			AssociatePublicIpAddress: aws.Bool(true), DeleteOnTermination: aws.Bool(true), DeviceIndex: aws.Int32(0), Ipv6AddressCount: aws.Int32(0), Groups: []string{group}}},
		MetadataOptions:     &types.LaunchTemplateInstanceMetadataOptionsRequest{HttpEndpoint: "enabled", HttpPutResponseHopLimit: aws.Int32(3), HttpTokens: "required"},
		Monitoring:          &types.LaunchTemplatesMonitoringRequest{Enabled: aws.Bool(false)},
		CreditSpecification: &types.CreditSpecificationRequest{CpuCredits: aws.String("standard")},
		InstanceMarketOptions: &types.LaunchTemplateInstanceMarketOptionsRequest{MarketType: types.MarketTypeSpot,
			SpotOptions: &types.LaunchTemplateSpotMarketOptionsRequest{MaxPrice: aws.String("0.1"), InstanceInterruptionBehavior: types.InstanceInterruptionBehaviorTerminate}},
		Placement: &types.LaunchTemplatePlacementRequest{Tenancy: types.TenancyDedicated},
		TagSpecifications: []types.LaunchTemplateTagSpecificationRequest{
			{ResourceType: types.ResourceTypeInstance, Tags: tags("Name", "master-us-east-1a.masters.ha.example.com")},
			{ResourceType: types.ResourceTypeVolume, Tags: tags("Name", "master-us-east-1a.masters.ha.example.com")},
		},
	}
}

func (w *world) template(t *testing.T, name string, data *types.RequestLaunchTemplateData) string {
	t.Helper()
	return *call(w.ec2.CreateLaunchTemplate(t.Context(), &ec2.CreateLaunchTemplateInput{LaunchTemplateName: &name, LaunchTemplateData: data})).must(t).LaunchTemplate.LaunchTemplateId
}

func TestTemplateDataComesBackAsItWasSent(t *testing.T) {
	w := newWorld(t)
	id := w.template(t, "master-us-east-1a.masters.ha.example.com", masterData("sg-1"))
	got := call(w.ec2.DescribeLaunchTemplateVersions(t.Context(), &ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: &id, Versions: []string{"$Latest"}})).must(t).LaunchTemplateVersions[0].LaunchTemplateData
	sent := masterData("sg-1")
	want := &types.ResponseLaunchTemplateData{
		ImageId: sent.ImageId, InstanceType: sent.InstanceType, UserData: sent.UserData, EbsOptimized: sent.EbsOptimized,
		BlockDeviceMappings: []types.LaunchTemplateBlockDeviceMapping{{DeviceName: aws.String("/dev/xvda"), Ebs: &types.LaunchTemplateEbsBlockDevice{
			DeleteOnTermination: aws.Bool(true), Encrypted: aws.Bool(true), Iops: aws.Int32(3000), Throughput: aws.Int32(125), VolumeSize: aws.Int32(64), VolumeType: types.VolumeTypeGp3}}},
		NetworkInterfaces: []types.LaunchTemplateInstanceNetworkInterfaceSpecification{{
			AssociatePublicIpAddress: aws.Bool(true), DeleteOnTermination: aws.Bool(true), DeviceIndex: aws.Int32(0), Ipv6AddressCount: aws.Int32(0), Groups: []string{"sg-1"}}},
		MetadataOptions:     &types.LaunchTemplateInstanceMetadataOptions{HttpEndpoint: "enabled", HttpPutResponseHopLimit: aws.Int32(3), HttpTokens: "required"},
		Monitoring:          &types.LaunchTemplatesMonitoring{Enabled: aws.Bool(false)},
		CreditSpecification: &types.CreditSpecification{CpuCredits: aws.String("standard")},
		InstanceMarketOptions: &types.LaunchTemplateInstanceMarketOptions{MarketType: types.MarketTypeSpot,
			SpotOptions: &types.LaunchTemplateSpotMarketOptions{MaxPrice: aws.String("0.1"), InstanceInterruptionBehavior: types.InstanceInterruptionBehaviorTerminate}},
		Placement: &types.LaunchTemplatePlacement{Tenancy: types.TenancyDedicated},
		TagSpecifications: []types.LaunchTemplateTagSpecification{
			{ResourceType: types.ResourceTypeInstance, Tags: tags("Name", "master-us-east-1a.masters.ha.example.com")},
			{ResourceType: types.ResourceTypeVolume, Tags: tags("Name", "master-us-east-1a.masters.ha.example.com")},
		},
	}
	exported := cmp.FilterPath(func(p cmp.Path) bool {
		f, isField := p.Last().(cmp.StructField)
		return isField && f.Name() == "noSmithyDocumentSerde"
	}, cmp.Ignore())
	if diff := cmp.Diff(want, got, exported, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func TestTemplateVersionsAreNumberedAndNeverChange(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	id := w.template(t, "nodes.ha.example.com", &types.RequestLaunchTemplateData{ImageId: aws.String("ami-0123456789abcdef0"), InstanceType: "t3.medium"})
	version := func(token string, data *types.RequestLaunchTemplateData) answer[*ec2.CreateLaunchTemplateVersionOutput] {
		return call(w.ec2.CreateLaunchTemplateVersion(ctx, &ec2.CreateLaunchTemplateVersionInput{
			LaunchTemplateId: &id, ClientToken: &token, SourceVersion: aws.String("1"), LaunchTemplateData: data}))
	}
	large := &types.RequestLaunchTemplateData{InstanceType: "t3.large"}
	for _, token := range []string{"a", "a", "b"} {
		version(token, large).must(t)
	}
	version("b", &types.RequestLaunchTemplateData{InstanceType: "t3.small"}).refused(t, "IdempotentParameterMismatch")

	seen := func(versions ...string) []string {
		var list []string
		for _, v := range call(w.ec2.DescribeLaunchTemplateVersions(ctx, &ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: &id, Versions: versions})).must(t).LaunchTemplateVersions {
			list = append(list, fmt.Sprint(*v.VersionNumber, " ", v.LaunchTemplateData.InstanceType, " ", *v.LaunchTemplateData.ImageId, " ", *v.DefaultVersion))
		}
		return list
	}
	const image = " ami-0123456789abcdef0 "
	want := []string{"3 t3.large" + image + "false", "2 t3.large" + image + "false", "1 t3.medium" + image + "true"}
	if got := seen(); !slices.Equal(got, want) {
		t.Errorf("versions %q, want %q", got, want)
	}
	call(w.ec2.ModifyLaunchTemplate(ctx, &ec2.ModifyLaunchTemplateInput{LaunchTemplateId: &id, DefaultVersion: aws.String("2")})).must(t)
	if got := seen("$Latest", "$Default"); len(got) != 2 || got[0][0] != '3' || got[1][0] != '2' {
		t.Errorf("latest and default: %q", got)
	}
	remove := func(n string) answer[*ec2.DeleteLaunchTemplateVersionsOutput] {
		return call(w.ec2.DeleteLaunchTemplateVersions(ctx, &ec2.DeleteLaunchTemplateVersionsInput{LaunchTemplateId: &id, Versions: []string{n}}))
	}
	remove("2").refused(t, "OperationNotPermitted.LaunchTemplateDefaultVersion")
	remove("1").must(t)
	if out := remove("1").must(t); len(out.UnsuccessfullyDeletedLaunchTemplateVersions) != 1 {
		t.Errorf("deleted twice: %+v", out)
	}
	if got := seen(); len(got) != 2 {
		t.Errorf("left %q", got)
	}
}

func TestLatestVersionsOfAllTemplatesCanBeAskedForAtOnce(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	data := &types.RequestLaunchTemplateData{ImageId: aws.String("ami-0123456789abcdef0")}
	w.template(t, "one", data)
	w.template(t, "two", data)
	out := call(w.ec2.DescribeLaunchTemplateVersions(ctx, &ec2.DescribeLaunchTemplateVersionsInput{Versions: []string{"$Latest"}})).must(t)
	if len(out.LaunchTemplateVersions) != 2 {
		t.Errorf("got %d versions", len(out.LaunchTemplateVersions))
	}
	call(w.ec2.DescribeLaunchTemplateVersions(ctx, &ec2.DescribeLaunchTemplateVersionsInput{Versions: []string{"1"}})).refused(t, "MissingParameter")
}

func TestTemplatesAreFoundByNameAndRefused(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	data := &types.RequestLaunchTemplateData{ImageId: aws.String("ami-0123456789abcdef0")}
	id := w.template(t, "nodes.ha.example.com", data)
	found := call(w.ec2.DescribeLaunchTemplates(ctx, &ec2.DescribeLaunchTemplatesInput{LaunchTemplateNames: []string{"nodes.ha.example.com"}})).must(t).LaunchTemplates
	if len(found) != 1 || *found[0].LaunchTemplateId != id || *found[0].LatestVersionNumber != 1 {
		t.Errorf("found %+v", found)
	}
	create := func(name string, data *types.RequestLaunchTemplateData) func() error {
		return func() error {
			return only(w.ec2.CreateLaunchTemplate(ctx, &ec2.CreateLaunchTemplateInput{LaunchTemplateName: &name, LaunchTemplateData: data}))
		}
	}
	long := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", 16<<10+1)))
	try(t, []refusal{
		{"a name in use", create("nodes.ha.example.com", data), "InvalidLaunchTemplateName.AlreadyExistsException"},
		{"a name with a space", create("nodes of ha", data), "InvalidLaunchTemplateName.MalformedException"},
		{"user data that is too long", create("long", &types.RequestLaunchTemplateData{UserData: &long}), "InvalidParameterValue"},
		{"user data that is not base64", create("plain", &types.RequestLaunchTemplateData{UserData: aws.String("#!")}), "InvalidUserData.Malformed"},
		{"an unknown name", func() error {
			return only(w.ec2.DescribeLaunchTemplates(ctx, &ec2.DescribeLaunchTemplatesInput{LaunchTemplateNames: []string{"x"}}))
		}, "InvalidLaunchTemplateName.NotFoundException"},
		{"an unknown id", func() error {
			return only(w.ec2.DeleteLaunchTemplate(ctx, &ec2.DeleteLaunchTemplateInput{LaunchTemplateId: aws.String("lt-0")}))
		}, "InvalidLaunchTemplateId.NotFound"},
		{"an unknown version", func() error {
			return only(w.ec2.ModifyLaunchTemplate(ctx, &ec2.ModifyLaunchTemplateInput{LaunchTemplateId: &id, DefaultVersion: aws.String("7")}))
		}, "InvalidLaunchTemplateId.VersionNotFound"},
		{"deleting", func() error {
			return only(w.ec2.DeleteLaunchTemplate(ctx, &ec2.DeleteLaunchTemplateInput{LaunchTemplateId: &id}))
		}, ""},
	})
}
