// Command instancetypes answers one question: which instance types does AWS sell today, and what are
// they like?
//
// It asks every region that the account has, since no region has all types, and writes the table that
// desired/instancetype carries; `make instance-types` runs it. AWS is where the SDK's environment says.
// It may import the form of the table, and how we talk to AWS.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/desired/instancetype"
	"github.com/quorate/quorate/internal/awsapi"
)

func main() {
	region := flag.String("region", "us-east-1", "the region that is asked which regions there are")
	source := flag.String("source", "AWS", "who answers, for the head of the table")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, *region, *source, time.Now()); err != nil {
		fmt.Fprintln(os.Stderr, "instancetypes:", awsapi.Explain(err))
		os.Exit(1)
	}
}

// run writes the table of all types that any region sells.
func run(ctx context.Context, out io.Writer, region, source string, now time.Time) error {
	regions, err := regionNames(ctx, region)
	if err != nil {
		return err
	}
	all := map[string]instancetype.Type{}
	for _, r := range regions {
		found, err := sold(ctx, r)
		if err != nil {
			return fmt.Errorf("region %s: %w", r, err)
		}
		maps.Copy(all, found)
	}
	if len(all) == 0 {
		return fmt.Errorf("none of %d regions sells any instance type", len(regions))
	}
	return write(out, all, head(source, now, len(regions), len(all)))
}

func head(source string, now time.Time, regions, types int) string {
	return fmt.Sprintf("# The %d instance types that %d regions sell, as %s answered on %s.\n"+
		"# Made by `make instance-types` from DescribeInstanceTypes and DescribeInstanceTypeOfferings; do not edit.\n",
		types, regions, source, now.UTC().Format(time.DateOnly))
}

func write(out io.Writer, all map[string]instancetype.Type, head string) error {
	var b strings.Builder
	b.WriteString(head + strings.Join(instancetype.Columns, ",") + "\n")
	for _, name := range slices.Sorted(maps.Keys(all)) {
		b.WriteString(all[name].Line() + "\n")
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func client(ctx context.Context, region string) (*ec2.Client, error) {
	clients, err := awsapi.Load(ctx, awsapi.Options{Region: region})
	return clients.EC2, err
}

// regionNames are the regions that the account has switched on.
func regionNames(ctx context.Context, from string) ([]string, error) {
	c, err := client(ctx, from)
	if err != nil {
		return nil, err
	}
	out, err := c.DescribeRegions(ctx, &ec2.DescribeRegionsInput{})
	if err != nil {
		return nil, err
	}
	var names []string
	for _, r := range out.Regions {
		names = append(names, aws.ToString(r.RegionName))
	}
	slices.Sort(names)
	return names, nil
}

// sold are the types that the region describes and offers: a few are described only.
func sold(ctx context.Context, region string) (map[string]instancetype.Type, error) {
	c, err := client(ctx, region)
	if err != nil {
		return nil, err
	}
	offered := map[string]bool{}
	offerings := ec2.NewDescribeInstanceTypeOfferingsPaginator(c, &ec2.DescribeInstanceTypeOfferingsInput{LocationType: types.LocationTypeRegion})
	for offerings.HasMorePages() {
		page, err := offerings.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, o := range page.InstanceTypeOfferings {
			offered[string(o.InstanceType)] = true
		}
	}
	found := map[string]instancetype.Type{}
	described := ec2.NewDescribeInstanceTypesPaginator(c, &ec2.DescribeInstanceTypesInput{})
	for described.HasMorePages() {
		page, err := described.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, info := range page.InstanceTypes {
			if t := convert(info); offered[t.Name] {
				found[t.Name] = t
			}
		}
	}
	return found, nil
}

func convert(info types.InstanceTypeInfo) instancetype.Type {
	t := instancetype.Type{
		Name: string(info.InstanceType), BareMetal: aws.ToBool(info.BareMetal), Burstable: aws.ToBool(info.BurstablePerformanceSupported),
		VCPUs:         int(aws.ToInt32(cmp.Or(info.VCpuInfo, &types.VCpuInfo{}).DefaultVCpus)),
		MemoryMiB:     int(aws.ToInt64(cmp.Or(info.MemoryInfo, &types.MemoryInfo{}).SizeInMiB)),
		Interfaces:    int(aws.ToInt32(cmp.Or(info.NetworkInfo, &types.NetworkInfo{}).MaximumNetworkInterfaces)),
		AddressesEach: int(aws.ToInt32(cmp.Or(info.NetworkInfo, &types.NetworkInfo{}).Ipv4AddressesPerInterface)),
	}
	t.Nitro = info.Hypervisor == types.InstanceTypeHypervisorNitro || t.BareMetal
	for _, a := range cmp.Or(info.ProcessorInfo, &types.ProcessorInfo{}).SupportedArchitectures {
		t.Architectures = append(t.Architectures, string(a))
	}
	slices.Sort(t.Architectures)
	for _, g := range cmp.Or(info.GpuInfo, &types.GpuInfo{}).Gpus {
		t.GPUs += int(aws.ToInt32(g.Count))
	}
	return t
}
