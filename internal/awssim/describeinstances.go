package awssim

import (
	"cmp"
	"slices"
	"strconv"
	"time"
)

var instanceFilters = filterTable[*instance]{
	"instance-id":         func(_ *world, i *instance) []string { return one(i.ID) },
	"instance-state-name": func(_ *world, i *instance) []string { return one(i.State) },
	"instance-state-code": func(_ *world, i *instance) []string { return one(strconv.Itoa(stateCodes[i.State])) },
	"instance-type":       func(_ *world, i *instance) []string { return one(i.Type) },
	"image-id":            func(_ *world, i *instance) []string { return one(i.Image.ID) },
	"key-name":            func(_ *world, i *instance) []string { return one(i.Data.KeyName) },
	"vpc-id":              func(w *world, i *instance) []string { return w.whileAttached(i, i.VPCID) },
	"subnet-id":           func(w *world, i *instance) []string { return w.whileAttached(i, i.SubnetID) },
	"availability-zone":   func(_ *world, i *instance) []string { return one(i.Zone) },
	"private-ip-address":  func(w *world, i *instance) []string { return w.whileAttached(i, addrText(i.PrivateIP)) },
	"private-dns-name":    func(_ *world, i *instance) []string { return one(i.DNSName) },
	"reservation-id":      func(_ *world, i *instance) []string { return one(i.ReservationID) },
	"client-token":        func(_ *world, i *instance) []string { return one(i.ClientToken) },
	"architecture":        func(_ *world, i *instance) []string { return one(i.Image.Architecture) },
	"instance.group-id":   func(w *world, i *instance) []string { return w.groupsOf(i) },
	"network-interface.group-id": func(w *world, i *instance) []string {
		return w.groupsOf(i)
	},
	"iam-instance-profile.arn": func(_ *world, i *instance) []string { return one(i.Profile) },
	"block-device-mapping.volume-id": func(w *world, i *instance) []string {
		var ids []string
		for _, v := range w.volumesOf(i.ID) {
			ids = append(ids, v.ID)
		}
		return ids
	},
}

// whileAttached gives a value that a terminated instance no longer has.
func (w *world) whileAttached(i *instance, v string) []string {
	if i.State == "terminated" {
		return nil
	}
	return one(v)
}

func (w *world) groupsOf(i *instance) []string {
	if n := w.interfaceOf(i.ID); n != nil {
		return n.Groups
	}
	return nil
}

// volumesOf lists the volumes attached to an instance by device.
func (w *world) volumesOf(instanceID string) []*volume {
	var list []*volume
	for _, v := range w.Volumes {
		if v.Attachment != nil && v.Attachment.InstanceID == instanceID {
			list = append(list, v)
		}
	}
	slices.SortFunc(list, func(a, b *volume) int { return cmp.Compare(a.Attachment.Device, b.Attachment.Device) })
	return list
}

type describeInstancesInput struct {
	InstanceIDs []string `wire:"InstanceId"`
	query
}

type describeInstancesOutput struct {
	Reservations items[reservationXML] `xml:"reservationSet"`
	NextToken    string                `xml:"nextToken,omitempty"`
}

func (w *world) describeInstances(in describeInstancesInput) (describeInstancesOutput, error) {
	list, next, err := describe(w, w.Instances, in.InstanceIDs, in.query, instanceFilters, "InvalidInstanceID.NotFound")
	out := describeInstancesOutput{NextToken: next}
	at := map[string]int{}
	for _, i := range list {
		n, begun := at[i.ReservationID]
		if !begun {
			n = len(out.Reservations.Items)
			at[i.ReservationID] = n
			out.Reservations.Items = append(out.Reservations.Items, reservationXML{ID: i.ReservationID, OwnerID: w.account()})
		}
		r := &out.Reservations.Items[n]
		r.Instances.Items = append(r.Instances.Items, w.instanceXML(i))
	}
	return out, err
}

type reservationXML struct {
	ID        string             `xml:"reservationId"`
	OwnerID   string             `xml:"ownerId"`
	Groups    items[groupXML]    `xml:"groupSet"` // EC2-Classic's; always empty in a VPC
	Instances items[instanceXML] `xml:"instancesSet"`
}

func (w *world) reservationXML(id string) reservationXML {
	r := reservationXML{ID: id, OwnerID: w.account()}
	for _, i := range w.Instances {
		if i.ReservationID == id {
			r.Instances.Items = append(r.Instances.Items, w.instanceXML(i))
		}
	}
	slices.SortFunc(r.Instances.Items, func(a, b instanceXML) int { return cmp.Compare(a.ID, b.ID) })
	return r
}

type instanceStateXML struct {
	Code int    `xml:"code"`
	Name string `xml:"name"`
}

func newInstanceStateXML(i *instance) instanceStateXML {
	return instanceStateXML{stateCodes[i.State], i.State}
}

type instanceXML struct {
	ID              string                        `xml:"instanceId"`
	ImageID         string                        `xml:"imageId"`
	State           instanceStateXML              `xml:"instanceState"`
	PrivateDNSName  string                        `xml:"privateDnsName"`
	PublicDNSName   string                        `xml:"dnsName"`
	Reason          string                        `xml:"stateReason>code,omitempty"`
	KeyName         string                        `xml:"keyName,omitempty"`
	LaunchIndex     int                           `xml:"amiLaunchIndex"`
	Type            string                        `xml:"instanceType"`
	Launched        time.Time                     `xml:"launchTime"`
	Placement       placementXML                  `xml:"placement"`
	Monitoring      string                        `xml:"monitoring>state"`
	SubnetID        string                        `xml:"subnetId,omitempty"`
	VPCID           string                        `xml:"vpcId,omitempty"`
	PrivateIP       string                        `xml:"privateIpAddress,omitempty"`
	PublicIP        string                        `xml:"ipAddress,omitempty"`
	SourceDestCheck bool                          `xml:"sourceDestCheck"`
	Groups          items[groupXML]               `xml:"groupSet"`
	Architecture    string                        `xml:"architecture"`
	RootDeviceType  string                        `xml:"rootDeviceType"`
	RootDevice      string                        `xml:"rootDeviceName"`
	BlockDevices    items[instanceBlockDeviceXML] `xml:"blockDeviceMapping"`
	Virtualization  string                        `xml:"virtualizationType"`
	Hypervisor      string                        `xml:"hypervisor"`
	Lifecycle       string                        `xml:"instanceLifecycle,omitempty"`
	ClientToken     string                        `xml:"clientToken"`
	Interfaces      items[networkInterfaceXML]    `xml:"networkInterfaceSet"`
	Profile         *profileXML                   `xml:"iamInstanceProfile"`
	EBSOptimized    bool                          `xml:"ebsOptimized"`
	ENASupport      bool                          `xml:"enaSupport"`
	Metadata        *metadataOptions              `xml:"metadataOptions"`
	Tags            items[tag]                    `xml:"tagSet"`
}

type placementXML struct {
	Zone      string `xml:"availabilityZone"`
	ZoneID    string `xml:"availabilityZoneId"`
	GroupName string `xml:"groupName"`
	Tenancy   string `xml:"tenancy"`
}

type profileXML struct {
	ARN string `xml:"arn"`
	ID  string `xml:"id"`
}

type instanceBlockDeviceXML struct {
	Device              string    `xml:"deviceName"`
	VolumeID            string    `xml:"ebs>volumeId"`
	State               string    `xml:"ebs>status"`
	At                  time.Time `xml:"ebs>attachTime"`
	DeleteOnTermination bool      `xml:"ebs>deleteOnTermination"`
}

func newInstanceBlockDeviceXML(v *volume) instanceBlockDeviceXML {
	a := v.Attachment
	return instanceBlockDeviceXML{a.Device, v.ID, a.State, a.At, a.DeleteOnTermination}
}

func (w *world) instanceXML(i *instance) instanceXML {
	x := instanceXML{
		ID:             i.ID,
		ImageID:        i.Image.ID,
		State:          newInstanceStateXML(i),
		Reason:         i.transition(),
		KeyName:        i.Data.KeyName,
		Type:           i.Type,
		Launched:       i.Launched,
		Placement:      placementXML{Zone: i.Zone, ZoneID: w.zoneID(i.Zone), Tenancy: "default"},
		Monitoring:     "disabled",
		Architecture:   i.Image.Architecture,
		RootDeviceType: "ebs",
		RootDevice:     i.Image.RootDevice,
		BlockDevices:   itemsOf(w.volumesOf(i.ID), newInstanceBlockDeviceXML),
		Virtualization: "hvm",
		Hypervisor:     "xen",
		ClientToken:    i.ClientToken,
		EBSOptimized:   i.Data.EBSOptimized != nil && *i.Data.EBSOptimized,
		ENASupport:     true,
		Metadata:       i.Data.MetadataOptions,
		Tags:           w.tagSet(i.ID),
	}
	if m := i.Data.Monitoring; m != nil && m.Enabled {
		x.Monitoring = "enabled"
	}
	if p := i.Data.Placement; p != nil && p.Tenancy != "" {
		x.Placement.Tenancy = p.Tenancy
	}
	if m := i.Data.MarketOptions; m != nil && m.MarketType == "spot" {
		x.Lifecycle = "spot"
	}
	if i.Profile != "" {
		x.Profile = &profileXML{ARN: i.Profile, ID: "AIPASIMULATED"}
	}
	w.addNetwork(&x, i)
	return x
}

// addNetwork adds what a terminated instance no longer shows.
func (w *world) addNetwork(x *instanceXML, i *instance) {
	n := w.interfaceOf(i.ID)
	if n == nil {
		return
	}
	nic := w.networkInterfaceXML(n)
	x.Interfaces.Items = []networkInterfaceXML{nic}
	x.PrivateDNSName, x.SubnetID, x.VPCID, x.SourceDestCheck = i.DNSName, i.SubnetID, i.VPCID, true
	x.PrivateIP, x.Groups = nic.PrivateIP, nic.Groups
	if nic.Association != nil {
		x.PublicIP = nic.Association.PublicIP
	}
}

// describeInstanceStatus has filters of its own.
var instanceStatusFilters = filterTable[*instance]{
	"availability-zone":            instanceFilters["availability-zone"],
	"instance-state-name":          instanceFilters["instance-state-name"],
	"instance-state-code":          instanceFilters["instance-state-code"],
	"instance-status.status":       func(_ *world, i *instance) []string { return one(i.check()) },
	"system-status.status":         func(_ *world, i *instance) []string { return one(i.check()) },
	"instance-status.reachability": func(_ *world, i *instance) []string { return one(i.reachability()) },
	"system-status.reachability":   func(_ *world, i *instance) []string { return one(i.reachability()) },
}

// check is the outcome of AWS's status checks.
func (i *instance) check() string {
	switch {
	case i.State == "pending":
		return "initializing"
	case i.State != "running":
		return "not-applicable"
	case i.Impaired:
		return "impaired"
	}
	return "ok"
}

func (i *instance) reachability() string {
	return map[string]string{"ok": "passed", "impaired": "failed", "initializing": "initializing"}[i.check()]
}

type describeInstanceStatusInput struct {
	InstanceIDs         []string `wire:"InstanceId"`
	IncludeAllInstances bool
	query
}

type describeInstanceStatusOutput struct {
	Statuses  items[instanceStatusXML] `xml:"instanceStatusSet"`
	NextToken string                   `xml:"nextToken,omitempty"`
}

type instanceStatusXML struct {
	ID             string           `xml:"instanceId"`
	Zone           string           `xml:"availabilityZone"`
	State          instanceStateXML `xml:"instanceState"`
	InstanceStatus statusXML        `xml:"instanceStatus"`
	SystemStatus   statusXML        `xml:"systemStatus"`
}

type statusXML struct {
	Status  string              `xml:"status"`
	Details items[statusDetail] `xml:"details"`
}

type statusDetail struct {
	Name   string `xml:"name"`
	Status string `xml:"status"`
}

// describeInstanceStatus shows running instances only, unless told to include all.
func (w *world) describeInstanceStatus(in describeInstanceStatusInput) (describeInstanceStatusOutput, error) {
	for _, id := range in.InstanceIDs {
		if _, err := w.instance(id); err != nil {
			return describeInstanceStatusOutput{}, err
		}
	}
	rows := map[string]*instance{}
	for id, i := range w.Instances {
		if in.IncludeAllInstances || i.State == "running" {
			rows[id] = i
		}
	}
	ids := slices.DeleteFunc(in.InstanceIDs, func(id string) bool { return rows[id] == nil })
	if len(in.InstanceIDs) > 0 && len(ids) == 0 {
		return describeInstanceStatusOutput{}, nil
	}
	list, next, err := describe(w, rows, ids, in.query, instanceStatusFilters, "InvalidInstanceID.NotFound")
	return describeInstanceStatusOutput{itemsOf(list, newInstanceStatusXML), next}, err
}

func newInstanceStatusXML(i *instance) instanceStatusXML {
	check := statusXML{Status: i.check()}
	if i.reachability() != "" {
		check.Details.Items = []statusDetail{{"reachability", i.reachability()}}
	}
	return instanceStatusXML{i.ID, i.Zone, newInstanceStateXML(i), check, check}
}
