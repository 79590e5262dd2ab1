package awssim_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func TestImagesAreFoundByOwnerAndName(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	const ubuntu = "ubuntu/images/hvm-ssd-gp3/ubuntu-resolute-26.04-amd64-server-20220404"
	find := func(owners []string, name string) []types.Image {
		return call(w.ec2.DescribeImages(ctx, &ec2.DescribeImagesInput{Owners: owners, Filters: by("name", name)})).must(t).Images
	}
	found := find([]string{"099720109477"}, ubuntu)
	if len(found) != 1 || *found[0].RootDeviceName != "/dev/sda1" || found[0].Architecture != types.ArchitectureValuesX8664 {
		t.Fatalf("found %+v", found)
	}
	id := *found[0].ImageId
	if again := *find(nil, ubuntu)[0].ImageId; again != id {
		t.Errorf("%s, then %s", id, again)
	}
	byID := call(w.ec2.DescribeImages(ctx, &ec2.DescribeImagesInput{ImageIds: []string{id}})).must(t).Images
	if len(byID) != 1 || *byID[0].Name != ubuntu {
		t.Errorf("by id: %+v", byID)
	}
	if found := find(nil, "debian-13-arm64-*"); len(found) != 1 || found[0].Architecture != types.ArchitectureValuesArm64 {
		t.Errorf("by pattern: %+v", found)
	}
	if found := find([]string{"136693071363"}, ubuntu); len(found) != 0 {
		t.Errorf("of another owner: %+v", found)
	}
	if found := find(nil, "windows-3.11"); len(found) != 0 {
		t.Errorf("of nobody: %+v", found)
	}
	call(w.ec2.DescribeImages(ctx, &ec2.DescribeImagesInput{ImageIds: []string{"ami-00000000000000000"}})).refused(t, "InvalidAMIID.NotFound")
	call(w.ec2.DescribeImages(ctx, &ec2.DescribeImagesInput{ImageIds: []string{"ami-x"}})).refused(t, "InvalidAMIID.Malformed")
}

func TestInstanceTypesHaveTheirSize(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	for _, c := range []struct {
		name   string
		cpus   int32
		memory int64
		arch   types.ArchitectureType
	}{
		{"t3.medium", 2, 4096, types.ArchitectureTypeX8664},
		{"t4g.medium", 2, 4096, types.ArchitectureTypeArm64},
		{"m3.medium", 1, 3840, types.ArchitectureTypeX8664},
		{"m5.large", 2, 8192, types.ArchitectureTypeX8664},
		{"c5.2xlarge", 8, 16384, types.ArchitectureTypeX8664},
		{"m7g.medium", 1, 4096, types.ArchitectureTypeArm64},
		{"r5.24xlarge", 96, 786432, types.ArchitectureTypeX8664},
	} {
		got := call(w.ec2.DescribeInstanceTypes(ctx, &ec2.DescribeInstanceTypesInput{InstanceTypes: []types.InstanceType{types.InstanceType(c.name)}})).must(t).InstanceTypes[0]
		if *got.VCpuInfo.DefaultVCpus != c.cpus || *got.MemoryInfo.SizeInMiB != c.memory || got.ProcessorInfo.SupportedArchitectures[0] != c.arch {
			t.Errorf("%s: %d vCPUs, %d MiB, %v", c.name, *got.VCpuInfo.DefaultVCpus, *got.MemoryInfo.SizeInMiB, got.ProcessorInfo.SupportedArchitectures)
		}
	}
	for _, name := range []types.InstanceType{"m5.huge", "t3.24xlarge", "z0.large", "m5.1xlarge"} {
		call(w.ec2.DescribeInstanceTypes(ctx, &ec2.DescribeInstanceTypesInput{InstanceTypes: []types.InstanceType{name}})).refused(t, "InvalidInstanceType")
	}
	offered := call(w.ec2.DescribeInstanceTypeOfferings(ctx, &ec2.DescribeInstanceTypeOfferingsInput{LocationType: types.LocationTypeAvailabilityZone, Filters: by("instance-type", "t3.medium")})).must(t)
	if len(offered.InstanceTypeOfferings) != 3 {
		t.Errorf("offered %+v", offered.InstanceTypeOfferings)
	}
}

func TestZonesAreThoseOfTheRegion(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	zones := func(in *ec2.DescribeAvailabilityZonesInput) []string {
		var names []string
		for _, z := range call(w.ec2.DescribeAvailabilityZones(ctx, in)).must(t).AvailabilityZones {
			names = append(names, *z.ZoneName+" "+*z.ZoneId+" "+string(z.State))
		}
		return names
	}
	w.ZoneDown("us-east-1b")
	want := []string{"us-east-1a use1-az1 available", "us-east-1b use1-az2 unavailable", "us-east-1c use1-az3 available"}
	if got := zones(nil); !slices.Equal(got, want) {
		t.Errorf("zones %q, want %q", got, want)
	}
	if got := zones(&ec2.DescribeAvailabilityZonesInput{Filters: by("state", "available")}); len(got) != 2 {
		t.Errorf("available: %q", got)
	}
	call(w.ec2.DescribeAvailabilityZones(ctx, &ec2.DescribeAvailabilityZonesInput{ZoneNames: []string{"us-east-1z"}})).refused(t, "InvalidParameterValue")
	regions := call(w.ec2.DescribeRegions(ctx, nil)).must(t).Regions
	if len(regions) != 1 || *regions[0].RegionName != "us-east-1" {
		t.Errorf("regions %+v", regions)
	}
	attributes := call(w.ec2.DescribeAccountAttributes(ctx, &ec2.DescribeAccountAttributesInput{AttributeNames: []types.AccountAttributeName{"default-vpc"}})).must(t).AccountAttributes
	if len(attributes) != 1 || aws.ToString(attributes[0].AttributeValues[0].AttributeValue) != "none" {
		t.Errorf("attributes %+v", attributes)
	}
}
