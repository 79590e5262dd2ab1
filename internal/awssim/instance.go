package awssim

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/quorate/quorate/desired/instancetype"
)

// instance is a virtual machine.
type instance struct {
	ID            string
	ReservationID string
	ClientToken   string
	State         string // pending, running, stopping, stopped, shutting-down, terminated
	Launched      time.Time
	StateReason   string // a code, such as Client.UserInitiatedShutdown
	EndedAt       time.Time
	Image         image
	Type          string
	VPCID         string
	SubnetID      string
	Zone          string
	PrivateIP     netip.Addr
	DNSName       string
	Profile       string // ARN of the instance profile, or empty
	Data          launchTemplateData
	TemplateID    string
	Version       int
	// Impaired says that the hardware below fails its checks: the zone is down.
	Impaired bool
}

// stateCodes are the numbers that EC2 shows beside the states.
var stateCodes = map[string]int{"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48, "stopping": 64, "stopped": 80}

// alive says whether the instance still counts: it runs, will run, or can be started again.
func (i *instance) alive() bool { return i.State != "shutting-down" && i.State != "terminated" }

// launchRequest says what launch shall start. Data holds everything that templates and callers
// say, already laid over each other.
type launchRequest struct {
	Data        launchTemplateData
	SubnetID    string // overrides that of the network interface
	Tags        []tag  // on top of those of the data's tag specifications
	ClientToken string
	// Template and Version say which launch template the data comes from, if any.
	Template *launchTemplate
	Version  int
}

// launch starts one instance: it is pending at once and running after a while, when its machine
// boots. It refuses what RunInstances refuses; an Auto Scaling group meets the same refusals.
func (w *world) launch(in launchRequest) (*instance, error) {
	i, nic, err := w.plan(in)
	if err != nil {
		return nil, err
	}
	if err := w.brokenLaunch(i); err != nil {
		return nil, err
	}
	n, err := w.newInterface(nic)
	if err != nil {
		return nil, err
	}
	i.ID = w.newID("i")
	n.InstanceID, n.AttachmentID, n.AttachedAt = i.ID, w.newID("eni-attach"), w.now()
	i.PrivateIP = n.PrivateIP
	i.DNSName = w.hostName(i)
	w.Instances[i.ID] = i
	if err := w.attachNewVolumes(i); err != nil {
		w.deleteInterface(n.ID)
		delete(w.Instances, i.ID)
		return nil, err
	}
	w.tagLaunched(i, n, in)
	w.start(i)
	return i, nil
}

// start makes a new or a stopped instance pending, and running after a while.
func (w *world) start(i *instance) {
	id := i.ID
	i.State = "pending"
	w.after(instancePendingDelay, func(w *world) {
		if i, exists := w.Instances[id]; exists && i.State == "pending" {
			i.State = "running"
			w.boot(i)
		}
	})
}

// stop ends an instance for the time being: it keeps its address and volumes.
func (w *world) stop(i *instance) {
	i.State = "stopping"
	w.region.stopDead(i.ID)
	w.after(instanceShutdownDelay, func(w *world) {
		w.region.whenGone(i.ID, func(w *world, id string) {
			if i, exists := w.Instances[id]; exists && i.State == "stopping" {
				i.State = "stopped"
			}
		})
	})
}

// plan resolves everything a launch names and refuses what does not exist or fit.
func (w *world) plan(in launchRequest) (*instance, interfaceRequest, error) {
	nic, err := w.planInterface(in)
	if err != nil {
		return nil, nic, err
	}
	s, err := w.subnet(nic.SubnetID)
	if err != nil {
		return nil, nic, err
	}
	i := &instance{
		ReservationID: w.newID("r"),
		ClientToken:   in.ClientToken,
		State:         "pending",
		Launched:      w.now(),
		Type:          in.Data.InstanceType,
		VPCID:         s.VPCID,
		SubnetID:      s.ID,
		Zone:          s.Zone,
		Data:          in.Data,
		Version:       in.Version,
	}
	if in.Template != nil {
		i.TemplateID = in.Template.ID
	}
	if len(nic.Groups) == 0 {
		nic.Groups = one(w.defaultGroupOf(s.VPCID))
	}
	nic.PublicIP = nic.PublicIP || s.Attribute.MapPublicIP && !w.declinesPublicIP(in.Data)
	nic.IPv6 = nic.IPv6 || s.Attribute.AssignIPv6
	return i, nic, w.checkLaunch(i)
}

func (w *world) planInterface(in launchRequest) (interfaceRequest, error) {
	nic := interfaceRequest{SubnetID: in.SubnetID, Groups: in.Data.SecurityGroupIDs}
	if len(in.Data.NetworkInterfaces) > 1 {
		return nic, refuse("Unsupported", "The simulated region knows instances with one network interface only.")
	}
	for _, spec := range in.Data.NetworkInterfaces {
		if len(in.Data.SecurityGroupIDs) > 0 {
			return nic, refuse("InvalidParameterCombination", "Network interfaces and an instance-level security groups may not be specified on the same request")
		}
		nic.Description, nic.Groups = spec.Description, spec.Groups
		nic.PublicIP = spec.AssociatePublicIP != nil && *spec.AssociatePublicIP
		nic.IPv6 = spec.IPv6AddressCount != nil && *spec.IPv6AddressCount > 0
		if nic.SubnetID == "" {
			nic.SubnetID = spec.SubnetID
		}
		if spec.PrivateIPAddress != "" {
			ip, err := netip.ParseAddr(spec.PrivateIPAddress)
			if err != nil {
				return nic, refuse("InvalidParameterValue", "Value (%s) for parameter privateIpAddress is invalid.", spec.PrivateIPAddress)
			}
			nic.PrivateIP = ip
		}
	}
	if nic.SubnetID == "" {
		return nic, refuse("MissingInput", "No subnets found for the default VPC. Please specify a subnet.")
	}
	return nic, nil
}

// declinesPublicIP says whether the launch overrides the subnet's habit of giving public addresses.
func (w *world) declinesPublicIP(d launchTemplateData) bool {
	return slices.ContainsFunc(d.NetworkInterfaces, func(s interfaceSpecification) bool {
		return s.AssociatePublicIP != nil && !*s.AssociatePublicIP
	})
}

func (w *world) checkLaunch(i *instance) error {
	d := i.Data
	if d.ImageID == "" {
		return missing("ImageId")
	}
	var err error
	if i.Image, err = w.image(d.ImageID); err != nil {
		return err
	}
	t, exists := instancetype.Find(i.Type)
	if !exists {
		return refuse("InvalidParameterValue", "Invalid value '%s' for InstanceType.", i.Type)
	}
	if !t.Runs(i.Image.Architecture) {
		return refuse("InvalidParameterValue", "The architecture '%s' of the specified instance type does not match the architecture '%s' of the specified AMI. "+
			"Specify an instance type and an AMI that have matching architectures, and try again.", strings.Join(t.Architectures, ", "), i.Image.Architecture)
	}
	if w.region.unoffered[Offer{i.Type, i.Zone}] {
		return refuse("Unsupported", "Your requested instance type (%s) is not supported in your requested Availability Zone (%s).", i.Type, i.Zone)
	}
	if d.KeyName != "" && w.keyPairNamed(d.KeyName) == nil {
		return refuse("InvalidKeyPair.NotFound", "The key pair '%s' does not exist", d.KeyName)
	}
	if i.Profile, err = w.profileARN(d.IAMInstanceProfile); err != nil {
		return err
	}
	if err := w.goneImage(i); err != nil {
		return err
	}
	if w.DownZones[i.Zone] {
		return refuseStatus(500, "InsufficientInstanceCapacity",
			"We currently do not have sufficient %s capacity in the Availability Zone you requested (%s).", i.Type, i.Zone)
	}
	return nil
}

// profileARN finds the instance profile of a launch, named by name or ARN.
func (w *world) profileARN(p *profileReference) (string, error) {
	if p == nil {
		return "", nil
	}
	parameter, value := "iamInstanceProfile.name", p.Name
	if p.ARN != "" {
		parameter, value = "iamInstanceProfile.arn", p.ARN
	}
	profile, err := w.instanceProfile(path.Base(value))
	if err != nil || p.ARN != "" && profile.ARN != p.ARN {
		return "", refuse("InvalidParameterValue", "Value (%s) for parameter %s is invalid. Invalid IAM Instance Profile", value, parameter)
	}
	return profile.ARN, nil
}

// hostName is the private DNS name that the subnet's or the launch's settings give.
func (w *world) hostName(i *instance) string {
	kind := w.Subnets[i.SubnetID].Attribute.HostnameType
	if o := i.Data.PrivateDNSName; o != nil && o.HostnameType != "" {
		kind = o.HostnameType
	}
	name := i.ID
	if kind == "ip-name" && i.PrivateIP.IsValid() {
		a := i.PrivateIP.As4()
		name = fmt.Sprintf("ip-%d-%d-%d-%d", a[0], a[1], a[2], a[3])
	}
	return name + "." + w.region.internalDomain()
}

// internalDomain is where AWS puts the private names of machines.
func (r *Region) internalDomain() string {
	if r.cfg.Region == "us-east-1" {
		return "ec2.internal"
	}
	return r.cfg.Region + ".compute.internal"
}

// attachNewVolumes makes the root volume and the others that the launch asks for.
func (w *world) attachNewVolumes(i *instance) error {
	root, gone := imageVolumeSize, true
	devices := []blockDevice{{DeviceName: i.Image.RootDevice, EBS: &ebsBlockDevice{VolumeSize: &root, VolumeType: "gp3", DeleteOnTermination: &gone}}}
	for _, d := range i.Data.BlockDevices {
		if d.DeviceName == i.Image.RootDevice {
			devices = devices[1:]
		}
	}
	var made []string
	for _, d := range append(devices, i.Data.BlockDevices...) {
		if d.EBS == nil {
			continue // instance storage, which the simulator has no use for
		}
		v, err := w.newVolumeFor(i, d)
		if err != nil {
			for _, id := range made {
				w.removeVolume(id)
			}
			return err
		}
		made = append(made, v.ID)
	}
	return nil
}

func (w *world) newVolumeFor(i *instance, d blockDevice) (*volume, error) {
	size := d.EBS.VolumeSize
	if size == nil && d.EBS.SnapshotID == "" {
		n := imageVolumeSize
		size = &n
	}
	v, err := w.newVolume(createVolumeInput{
		AvailabilityZone: i.Zone,
		VolumeType:       d.EBS.VolumeType,
		Size:             size,
		IOPS:             d.EBS.IOPS,
		Throughput:       d.EBS.Throughput,
		Encrypted:        d.EBS.Encrypted,
		KMSKeyID:         d.EBS.KMSKeyID,
		SnapshotID:       d.EBS.SnapshotID,
	})
	if err != nil {
		return nil, err
	}
	v.State = "in-use"
	v.Attachment = &volumeAttachment{
		InstanceID: i.ID, Device: d.DeviceName, State: "attached", At: w.now(),
		DeleteOnTermination: d.EBS.DeleteOnTermination == nil || *d.EBS.DeleteOnTermination,
	}
	return v, nil
}

// tagLaunched tags the instance and what was made with it.
func (w *world) tagLaunched(i *instance, n *networkInterface, in launchRequest) {
	for _, spec := range i.Data.TagSpecifications {
		switch spec.ResourceType {
		case "instance":
			w.tag(i.ID, spec.Tags)
		case "network-interface":
			w.tag(n.ID, spec.Tags)
		case "volume":
			for id, v := range w.Volumes {
				if v.Attachment != nil && v.Attachment.InstanceID == i.ID {
					w.tag(id, spec.Tags)
				}
			}
		}
	}
	w.tag(i.ID, in.Tags)
	if in.Template != nil {
		w.tag(i.ID, []tag{{"aws:ec2launchtemplate:id", in.Template.ID}, {"aws:ec2launchtemplate:version", fmt.Sprint(in.Version)}})
	}
}

// terminate begins to end an instance for a reason code such as Client.UserInitiatedShutdown. Its
// software stops dead at once; its address and volumes are free when it is terminated.
func (w *world) terminate(i *instance, reason string) {
	if !i.alive() {
		return
	}
	i.State, i.StateReason, i.EndedAt = "shutting-down", reason, w.now()
	w.region.stopDead(i.ID)
	w.after(instanceShutdownDelay, func(w *world) { w.region.whenGone(i.ID, (*world).terminated) })
}

// terminated completes the end of an instance whose software is gone.
func (w *world) terminated(id string) {
	i, exists := w.Instances[id]
	if !exists {
		return
	}
	i.State = "terminated"
	if n := w.interfaceOf(id); n != nil {
		w.deleteInterface(n.ID)
	}
	w.releaseVolumes(id)
	w.after(instanceForgetDelay, func(w *world) {
		delete(w.Instances, id)
		delete(w.Tags, id)
	})
}

func (w *world) instance(id string) (*instance, error) {
	i, exists := w.Instances[id]
	if !exists {
		return nil, refuse("InvalidInstanceID.NotFound", "The instance ID '%s' does not exist", id)
	}
	return i, nil
}

// userData is the instance's user data, decoded.
func (i *instance) userData() []byte {
	decoded, err := decodeUserData(i.Data.UserData)
	if err != nil {
		return nil // refused when the template was made
	}
	return decoded
}

func decodeUserData(encoded string) ([]byte, error) {
	return base64.StdEncoding.DecodeString(encoded)
}

// transition is EC2's word for why the state last changed, with the time where somebody asked for it.
func (i *instance) transition() string {
	if i.EndedAt.IsZero() {
		return ""
	}
	return "User initiated (" + i.EndedAt.Format("2006-01-02 15:04:05") + " GMT)"
}
