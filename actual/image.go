package actual

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

type imageReader interface {
	DescribeImages(context.Context, *ec2.DescribeImagesInput, ...func(*ec2.Options)) (*ec2.DescribeImagesOutput, error)
}

type imageAnswers struct {
	// byName is the AMI that each image name of the manifest stands for.
	byName map[string]ec2types.Image
	// strays are AMIs that launch templates mention and the manifest does not.
	strays []ec2types.Image
}

// imageOwners are the accounts behind the aliases that kops accepts as owners.
var imageOwners = map[string]string{
	"amazon":     "137112412989",
	"amazon.com": "137112412989",
	"debian":     "136693071363",
	"flatcar":    "075585003325",
	"kope.io":    "383156758163",
	"redhat":     "309956199498",
	"redhat.com": "309956199498",
	"ubuntu":     "099720109477",
}

// imageQuestion is the call that finds the image of one name.
func imageQuestion(name string) ec2.DescribeImagesInput {
	if strings.HasPrefix(name, "ami-") {
		return ec2.DescribeImagesInput{ImageIds: []string{name}}
	}
	owner, image, hasOwner := strings.Cut(name, "/")
	if !hasOwner {
		return ec2.DescribeImagesInput{Owners: []string{"self"}, Filters: []ec2types.Filter{filter("name", name)}}
	}
	if account, known := imageOwners[owner]; known {
		// Canonical's image names themselves begin with "ubuntu/".
		return ec2.DescribeImagesInput{Owners: []string{account}, Filters: []ec2types.Filter{filter("name", image, name)}}
	}
	return ec2.DescribeImagesInput{Owners: []string{owner}, Filters: []ec2types.Filter{filter("name", image)}}
}

// image asks for the image of one name or AMI id; nil if there is none.
func (o *observation) image(ctx context.Context, name string) (*ec2types.Image, error) {
	question := imageQuestion(name)
	question.IncludeDeprecated = aws.Bool(true) // a running cluster may well use one
	out, err := o.clients.EC2.DescribeImages(ctx, &question)
	if awsapi.NotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return newest(out.Images), nil
}

func lookImages(ctx context.Context, o *observation) error {
	names := slices.Compact(slices.Sorted(slices.Values(o.scope.Images)))
	answers, err := each(ctx, names, o.image)
	o.images.byName = map[string]ec2types.Image{}
	for i, image := range answers {
		if image != nil {
			o.images.byName[names[i]] = *image
		}
	}
	return err
}

// newest is the image that kops picks: the one made last. AWS writes the dates so that
// they sort as text.
func newest(images []ec2types.Image) *ec2types.Image {
	if len(images) == 0 {
		return nil
	}
	latest := slices.MaxFunc(images, func(a, b ec2types.Image) int {
		return strings.Compare(aws.ToString(a.CreationDate)+aws.ToString(a.ImageId), aws.ToString(b.CreationDate)+aws.ToString(b.ImageId))
	})
	return &latest
}

// lookStrayImages asks for the images of templates that the manifest no longer names,
// because only the image knows which of the disks is the root device.
func lookStrayImages(ctx context.Context, o *observation) error {
	known := map[string]bool{}
	for _, image := range o.images.byName {
		known[aws.ToString(image.ImageId)] = true
	}
	var ids []string
	for _, id := range o.templateImages() {
		if !known[id] {
			ids = append(ids, id)
		}
	}
	strays, err := each(ctx, ids, o.image)
	o.images.strays = existing(strays)
	return err
}

func convertImages(o *observation) error {
	spelled := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(o.images.byName)) {
		image := o.images.byName[name]
		id := aws.ToString(image.ImageId)
		if other, twice := spelled[id]; twice {
			return fmt.Errorf("%q and %q are the same image %s; write one of them in all instance groups", other, name, id)
		}
		spelled[id] = name
		o.bindings[topology.Ref{Kind: topology.KindImage, Name: name}] = id
		o.bindings[topology.Ref{Kind: topology.KindRootDevice, Name: name}] = aws.ToString(image.RootDeviceName)
	}
	return nil
}

// imageName writes an AMI id as the manifest does, if the manifest means that AMI.
func (o *observation) imageName(ami string) string {
	for name, image := range o.images.byName {
		if aws.ToString(image.ImageId) == ami {
			return name
		}
	}
	return ami
}

// rootDevice is the name of an AMI's root device; empty if the AMI is gone.
func (o *observation) rootDevice(ami string) string {
	for _, image := range o.images.byName {
		if aws.ToString(image.ImageId) == ami {
			return aws.ToString(image.RootDeviceName)
		}
	}
	for _, image := range o.images.strays {
		if aws.ToString(image.ImageId) == ami {
			return aws.ToString(image.RootDeviceName)
		}
	}
	return ""
}
