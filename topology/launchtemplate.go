package topology

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
)

// LaunchTemplate is what the machines of one group are made from. AWS keeps it in
// numbered versions; this is the content of one of them.
type LaunchTemplate struct {
	Name string `json:"name"`
	// Image is the name or AMI id as the manifest writes it; actual writes the
	// manifest's name for the AMI that it stands for.
	Image        string `json:"image"`
	InstanceType string `json:"instanceType"`
	// KeyPair and InstanceProfile are zero when there is none.
	KeyPair           Ref   `json:"keyPair,omitzero"`
	InstanceProfile   Ref   `json:"instanceProfile,omitzero"`
	SecurityGroups    []Ref `json:"securityGroups"` // sorted
	AssociatePublicIP bool  `json:"associatePublicIP"`
	IPv6Addresses     int   `json:"ipv6Addresses"`
	// BlockDevices has the root device first, then the others sorted by device.
	BlockDevices []BlockDevice `json:"blockDevices"`
	// HTTPTokens is "required" or "optional".
	HTTPTokens   string `json:"httpTokens"`
	HTTPHopLimit int    `json:"httpHopLimit"`
	MetadataIPv6 bool   `json:"metadataIPv6"`
	Monitoring   bool   `json:"monitoring"`
	EBSOptimized bool   `json:"ebsOptimized"`
	CPUCredits   string `json:"cpuCredits,omitempty"`
	Tenancy      string `json:"tenancy,omitempty"`
	// Spot is zero for machines on demand.
	Spot SpotOptions `json:"spot,omitzero"`
	// UserData is the text that the machine boots from; empty for none.
	UserData string `json:"userData,omitempty"`
	// UserDataKept says that the machines boot from the text that the newest version
	// has, whoever wrote it and whatever it is. On the wanted side UserData is then what
	// Quorate would write and never goes into a template: it only says who the machine
	// is. On the found side it is empty: the text may hold secrets, and nobody but AWS
	// needs it.
	UserDataKept bool `json:"userDataKept,omitempty"`
	// Tags are on the template, and on the instances, volumes and network
	// interfaces made from it.
	Tags      Tags      `json:"tags"`
	Ownership Ownership `json:"ownership"`
}

// Words that a group may write in place of a version's number. Machines that it makes
// then change with the template, without anybody having asked whether they may.
const (
	LatestVersion  = "$Latest"
	DefaultVersion = "$Default"
)

// SpotOptions ask for machines that AWS may take back. A group with a
// [MixedInstances] policy has its price there and none here.
type SpotOptions struct {
	// MaxPrice is in US dollars an hour.
	MaxPrice string `json:"maxPrice"`
	// DurationMinutes is how long AWS leaves the machine alone; zero for no promise.
	DurationMinutes int `json:"durationMinutes,omitempty"`
	// Interruption is what becomes of a machine that is taken back: "terminate",
	// "stop" or "hibernate"; empty for AWS's default.
	Interruption string `json:"interruption,omitempty"`
}

// RootDevice is the [BlockDevice.Device] of the image's root device, whose real
// name only the image knows ([KindRootDevice]).
const RootDevice = "root"

// BlockDevice is a disk of a machine.
type BlockDevice struct {
	Device string `json:"device"`
	// Ephemeral is an instance-store name such as "ephemeral0"; the other fields
	// are zero then.
	Ephemeral  string `json:"ephemeral,omitempty"`
	Type       string `json:"type,omitempty"`
	SizeGiB    int    `json:"sizeGiB,omitempty"`
	IOPS       int    `json:"iops,omitempty"`
	Throughput int    `json:"throughput,omitempty"` // MiB/s
	Encrypted  bool   `json:"encrypted,omitempty"`
	KMSKey     string `json:"kmsKey,omitempty"`
	// DeleteOnTermination removes the disk with its machine.
	DeleteOnTermination bool `json:"deleteOnTermination,omitempty"`
}

func (t LaunchTemplate) Ref() Ref { return Ref{KindLaunchTemplate, t.Name} }

func (t LaunchTemplate) Needs() []Ref {
	return present(append(slices.Clone(t.SecurityGroups), t.KeyPair, t.InstanceProfile)...)
}

func (t LaunchTemplate) Owner() Ownership { return t.Ownership }
func (t LaunchTemplate) Labels() Tags     { return t.Tags }
func (LaunchTemplate) resource()          {}

// Digest tells contents apart: two versions with one digest make the same machine,
// so that nobody rolls from one to the other. It is a prefix of a SHA-256.
func (t LaunchTemplate) Digest() string {
	if t.UserDataKept {
		t.UserData = ""
	}
	content, err := json.Marshal(t)
	if err != nil {
		panic("a launch template is plain data: " + err.Error())
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:6])
}
