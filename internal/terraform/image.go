package terraform

import (
	"regexp"
	"strings"
)

// imageOwners are the words that manifests use for the accounts that publish images.
var imageOwners = map[string]string{
	"amazon": "amazon",
	"debian": "136693071363",
	"self":   "self",
	"ubuntu": "099720109477",
}

var accountID = regexp.MustCompile(`^[0-9]{12}$`)

// image gives the expression for an AMI, which Terraform looks up when it runs: only AWS knows what a name
// stands for.
func (d *document) image(name string) (id string) {
	l := label(name)
	if path, ok := strings.CutPrefix(name, "ssm:"); ok {
		put(d.Data, "aws_ssm_parameter", l, attrs{"name": path})
		put(d.Data, "aws_ami", l, attrs{"filter": imageFilter("image-id", "${data.aws_ssm_parameter."+l+".value}")})
	} else if strings.HasPrefix(name, "ami-") {
		put(d.Data, "aws_ami", l, attrs{"filter": imageFilter("image-id", name)})
	} else {
		owner, image := imageOwner(name)
		put(d.Data, "aws_ami", l, attrs{"owners": []string{owner}, "most_recent": true, "filter": imageFilter("name", image)})
	}
	return "${data.aws_ami." + l + ".id}"
}

// rootDevice is the name of the root device of most images. The real one is known when Terraform runs;
// with another name, the size and encryption of the root disk would go to a disk that nobody asked for.
const rootDevice = "/dev/xvda"

// rootDeviceHolds makes Terraform refuse an image with another root device.
func rootDeviceHolds(image string) []attrs {
	return []attrs{{
		"condition":     "${data.aws_ami." + label(image) + ".root_device_name == \"" + rootDevice + "\"}",
		"error_message": "The image has another root device than " + rootDevice + "; correct the first block device of this template.",
	}}
}

func imageFilter(name, value string) []attrs {
	return []attrs{{"name": name, "values": []string{value}}}
}

// imageOwner splits OWNER/NAME. Ubuntu's images start with the owner's word themselves.
func imageOwner(name string) (owner, image string) {
	first, rest, ok := strings.Cut(name, "/")
	switch {
	case ok && accountID.MatchString(first):
		return first, rest
	case ok && first == "ubuntu":
		return imageOwners[first], name
	case ok && imageOwners[first] != "":
		return imageOwners[first], rest
	}
	return "self", name
}
