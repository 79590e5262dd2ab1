package awssim

import (
	"fmt"
	"hash/fnv"
	"regexp"
	"slices"
	"strings"
)

// image is a machine image. The catalogue has no end: every name a known publisher might have used
// belongs to an image, whose id follows from the name.
type image struct {
	ID           string
	Name         string
	OwnerID      string
	Architecture string
	RootDevice   string
}

// publishers maps the beginnings of image names to the account that publishes them (the accounts
// are those the publishers document) and the root device of their images.
var publishers = []struct {
	prefix, owner, rootDevice string
}{
	{"ubuntu/images/", "099720109477", "/dev/sda1"},
	{"debian-", "136693071363", "/dev/xvda"},
	{"al2023-ami-", "137112412989", "/dev/xvda"},
	{"amzn2-ami-", "137112412989", "/dev/xvda"},
	{"Flatcar-", "075585003325", "/dev/xvda"},
	{"RHEL-", "309956199498", "/dev/sda1"},
	{"Rocky-", "792107900819", "/dev/sda1"},
}

// wellKnown are the images that a listing without names shows.
var wellKnown = []string{
	"ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20260801",
	"ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-arm64-server-20260801",
	"ubuntu/images/hvm-ssd-gp3/ubuntu-resolute-26.04-amd64-server-20260801",
	"ubuntu/images/hvm-ssd-gp3/ubuntu-resolute-26.04-arm64-server-20260801",
	"debian-13-amd64-20260801-2200",
	"debian-13-arm64-20260801-2200",
	"al2023-ami-2023.8.20260801.0-kernel-6.12-x86_64",
	"Flatcar-stable-4230.2.1-hvm",
}

// namedImage is the image of a name, or false if no publisher makes names like it.
func namedImage(name string) (image, bool) {
	for _, p := range publishers {
		if strings.HasPrefix(name, p.prefix) {
			h := fnv.New64a()
			h.Write([]byte(name))
			return image{fmt.Sprintf("ami-0%016x", h.Sum64()), name, p.owner, architectureOf(name), p.rootDevice}, true
		}
	}
	return image{}, false
}

func architectureOf(imageName string) string {
	if strings.Contains(imageName, "arm64") || strings.Contains(imageName, "aarch64") {
		return "arm64"
	}
	return "x86_64"
}

var imageID = regexp.MustCompile(`^ami-([0-9a-f]{8}|[0-9a-f]{17})$`)

// image finds an image by id. Any well-formed id but all zeros belongs to an image, so that
// manifests that name one work; what was once asked for by name is remembered with its name.
func (w *world) image(id string) (image, error) {
	m := imageID.FindStringSubmatch(id)
	if m == nil {
		return image{}, refuse("InvalidAMIID.Malformed", "Invalid id: \"%s\"", id)
	}
	if strings.Trim(m[1], "0") == "" {
		return image{}, refuse("InvalidAMIID.NotFound", "The image id '[%s]' does not exist", id)
	}
	if i, known := w.region.images[id]; known {
		return i, nil
	}
	return image{id, "simulated-" + id, w.account(), "x86_64", "/dev/xvda"}, nil
}

// rememberImage keeps an image found by name for launches by id.
func (r *Region) rememberImage(i image) { r.images[i.ID] = i }

var imageFilters = filterTable[image]{
	"image-id":            func(_ *world, i image) []string { return one(i.ID) },
	"name":                func(_ *world, i image) []string { return one(i.Name) },
	"architecture":        func(_ *world, i image) []string { return one(i.Architecture) },
	"owner-id":            func(_ *world, i image) []string { return one(i.OwnerID) },
	"root-device-name":    func(_ *world, i image) []string { return one(i.RootDevice) },
	"state":               func(*world, image) []string { return one("available") },
	"virtualization-type": func(*world, image) []string { return one("hvm") },
	"root-device-type":    func(*world, image) []string { return one("ebs") },
	"image-type":          func(*world, image) []string { return one("machine") },
	"is-public":           func(*world, image) []string { return flag(true) },
}

type describeImagesInput struct {
	IDs               []string `wire:"ImageId"`
	Owners            []string `wire:"Owner"`
	ExecutableBy      []string `wire:"ExecutableBy"`
	IncludeDeprecated bool
	query
}

type describeImagesOutput struct {
	Images    items[imageXML] `xml:"imagesSet"`
	NextToken string          `xml:"nextToken,omitempty"`
}

func (w *world) describeImages(in describeImagesInput) (describeImagesOutput, error) {
	rows := map[string]image{}
	for _, name := range namesAsked(in.Filters) {
		if i, exists := namedImage(name); exists && ownedBy(i, in.Owners) {
			rows[i.ID] = i
			w.region.rememberImage(i)
		}
	}
	for _, id := range in.IDs {
		i, err := w.image(id)
		if err != nil {
			return describeImagesOutput{}, err
		}
		rows[id] = i
	}
	list, next, err := describe(w, rows, in.IDs, in.query, imageFilters, "InvalidAMIID.NotFound")
	return describeImagesOutput{itemsOf(list, newImageXML), next}, err
}

// namesAsked are the well-known names and those of the name filter. Where a pattern matches none
// of the well-known, the simulator has the one image of 2026-08-01 that it describes.
func namesAsked(filters []filter) []string {
	names := slices.Clone(wellKnown)
	for _, f := range filters {
		if f.Name != "name" {
			continue
		}
		for _, pattern := range f.Values {
			if !slices.ContainsFunc(wellKnown, func(name string) bool { return like(pattern, name) }) {
				names = append(names, strings.NewReplacer("*", "20260801", "?", "0").Replace(pattern))
			}
		}
	}
	return names
}

// ownerAliases are the words DescribeImages takes for accounts.
var ownerAliases = map[string]string{"amazon": "137112412989"}

func ownedBy(i image, owners []string) bool {
	return len(owners) == 0 || slices.ContainsFunc(owners, func(o string) bool {
		return o == i.OwnerID || ownerAliases[o] == i.OwnerID
	})
}

type imageXML struct {
	ID             string             `xml:"imageId"`
	Name           string             `xml:"name"`
	Location       string             `xml:"imageLocation"`
	OwnerID        string             `xml:"imageOwnerId"`
	State          string             `xml:"imageState"`
	Public         bool               `xml:"isPublic"`
	Architecture   string             `xml:"architecture"`
	Type           string             `xml:"imageType"`
	RootDevice     string             `xml:"rootDeviceName"`
	RootDeviceType string             `xml:"rootDeviceType"`
	Virtualization string             `xml:"virtualizationType"`
	Hypervisor     string             `xml:"hypervisor"`
	ENASupport     bool               `xml:"enaSupport"`
	Created        string             `xml:"creationDate"`
	BlockDevices   items[blockDevice] `xml:"blockDeviceMapping"`
}

func newImageXML(i image) imageXML {
	size, gone := imageVolumeSize, true
	return imageXML{
		ID:             i.ID,
		Name:           i.Name,
		Location:       i.OwnerID + "/" + i.Name,
		OwnerID:        i.OwnerID,
		State:          "available",
		Public:         true,
		Architecture:   i.Architecture,
		Type:           "machine",
		RootDevice:     i.RootDevice,
		RootDeviceType: "ebs",
		Virtualization: "hvm",
		Hypervisor:     "xen",
		ENASupport:     true,
		Created:        "2026-08-01T00:00:00.000Z",
		BlockDevices: items[blockDevice]{[]blockDevice{{DeviceName: i.RootDevice,
			EBS: &ebsBlockDevice{DeleteOnTermination: &gone, VolumeSize: &size, VolumeType: "gp3"}}}},
	}
}

// imageVolumeSize is the size in GiB of the root volumes of images.
const imageVolumeSize = 8
