package awssim

// launchTemplateData is what a launch template version says about instances. The one struct is its
// form on the wire in both directions and in the state: pointers tell what the template leaves
// open. RunInstances uses it too, since its parameters have the same names.
type launchTemplateData struct {
	ImageID             string                     `wire:"ImageId" xml:"imageId,omitempty"`
	InstanceType        string                     `xml:"instanceType,omitempty"`
	KeyName             string                     `xml:"keyName,omitempty"`
	UserData            string                     `xml:"userData,omitempty"` // base64
	EBSOptimized        *bool                      `wire:"EbsOptimized" xml:"ebsOptimized"`
	IAMInstanceProfile  *profileReference          `wire:"IamInstanceProfile" xml:"iamInstanceProfile"`
	BlockDevices        []blockDevice              `wire:"BlockDeviceMapping" xml:"blockDeviceMappingSet>item"`
	NetworkInterfaces   []interfaceSpecification   `wire:"NetworkInterface" xml:"networkInterfaceSet>item"`
	SecurityGroupIDs    []string                   `wire:"SecurityGroupId" xml:"securityGroupIdSet>item"`
	Monitoring          *monitoring                `xml:"monitoring"`
	Placement           *placement                 `xml:"placement"`
	MarketOptions       *marketOptions             `wire:"InstanceMarketOptions" xml:"instanceMarketOptions"`
	CreditSpecification *creditSpecification       `xml:"creditSpecification"`
	CPUOptions          *cpuOptions                `wire:"CpuOptions" xml:"cpuOptions"`
	MetadataOptions     *metadataOptions           `xml:"metadataOptions"`
	DisableTermination  *bool                      `wire:"DisableApiTermination" xml:"disableApiTermination"`
	ShutdownBehavior    string                     `wire:"InstanceInitiatedShutdownBehavior" xml:"instanceInitiatedShutdownBehavior,omitempty"`
	Maintenance         *maintenanceOptions        `wire:"MaintenanceOptions" xml:"maintenanceOptions"`
	PrivateDNSName      *privateDNSNameOptions     `wire:"PrivateDnsNameOptions" xml:"privateDnsNameOptions"`
	TagSpecifications   []templateTagSpecification `wire:"TagSpecification" xml:"tagSpecificationSet>item"`
}

type profileReference struct {
	ARN  string `wire:"Arn" xml:"arn,omitempty"`
	Name string `xml:"name,omitempty"`
}

type blockDevice struct {
	DeviceName  string          `xml:"deviceName"`
	VirtualName string          `xml:"virtualName,omitempty"`
	NoDevice    *string         `xml:"noDevice"`
	EBS         *ebsBlockDevice `wire:"Ebs" xml:"ebs"`
}

type ebsBlockDevice struct {
	DeleteOnTermination *bool  `xml:"deleteOnTermination"`
	Encrypted           *bool  `xml:"encrypted"`
	IOPS                *int   `wire:"Iops" xml:"iops"`
	KMSKeyID            string `wire:"KmsKeyId" xml:"kmsKeyId,omitempty"`
	SnapshotID          string `wire:"SnapshotId" xml:"snapshotId,omitempty"`
	Throughput          *int   `xml:"throughput"`
	VolumeSize          *int   `xml:"volumeSize"`
	VolumeType          string `xml:"volumeType,omitempty"`
}

type interfaceSpecification struct {
	AssociatePublicIP   *bool    `wire:"AssociatePublicIpAddress" xml:"associatePublicIpAddress"`
	DeleteOnTermination *bool    `xml:"deleteOnTermination"`
	Description         string   `xml:"description,omitempty"`
	DeviceIndex         *int     `xml:"deviceIndex"`
	Groups              []string `wire:"SecurityGroupId" xml:"groupSet>groupId"`
	InterfaceType       string   `xml:"interfaceType,omitempty"`
	IPv6AddressCount    *int     `wire:"Ipv6AddressCount" xml:"ipv6AddressCount"`
	NetworkCardIndex    *int     `xml:"networkCardIndex"`
	PrivateIPAddress    string   `wire:"PrivateIpAddress" xml:"privateIpAddress,omitempty"`
	SubnetID            string   `wire:"SubnetId" xml:"subnetId,omitempty"`
}

type monitoring struct {
	Enabled bool `xml:"enabled"`
}

type placement struct {
	AvailabilityZone string `xml:"availabilityZone,omitempty"`
	GroupName        string `xml:"groupName,omitempty"`
	HostID           string `wire:"HostId" xml:"hostId,omitempty"`
	Tenancy          string `xml:"tenancy,omitempty"`
}

type marketOptions struct {
	MarketType  string       `xml:"marketType,omitempty"`
	SpotOptions *spotOptions `xml:"spotOptions"`
}

type spotOptions struct {
	BlockDurationMinutes *int   `xml:"blockDurationMinutes"`
	InterruptionBehavior string `wire:"InstanceInterruptionBehavior" xml:"instanceInterruptionBehavior,omitempty"`
	MaxPrice             string `xml:"maxPrice,omitempty"`
	SpotInstanceType     string `xml:"spotInstanceType,omitempty"`
}

type creditSpecification struct {
	CPUCredits string `wire:"CpuCredits" xml:"cpuCredits"`
}

type cpuOptions struct {
	CoreCount      *int `xml:"coreCount"`
	ThreadsPerCore *int `xml:"threadsPerCore"`
}

type metadataOptions struct {
	HTTPEndpoint     string `wire:"HttpEndpoint" xml:"httpEndpoint,omitempty"`
	HTTPProtocolIPv6 string `wire:"HttpProtocolIpv6" xml:"httpProtocolIpv6,omitempty"`
	HopLimit         *int   `wire:"HttpPutResponseHopLimit" xml:"httpPutResponseHopLimit"`
	HTTPTokens       string `wire:"HttpTokens" xml:"httpTokens,omitempty"`
	InstanceTags     string `wire:"InstanceMetadataTags" xml:"instanceMetadataTags,omitempty"`
}

type maintenanceOptions struct {
	AutoRecovery string `xml:"autoRecovery,omitempty"`
}

type privateDNSNameOptions struct {
	HostnameType   string `xml:"hostnameType,omitempty"`
	ResourceNameA  *bool  `wire:"EnableResourceNameDnsARecord" xml:"enableResourceNameDnsARecord"`
	ResourceName6A *bool  `wire:"EnableResourceNameDnsAAAARecord" xml:"enableResourceNameDnsAAAARecord"`
}

type templateTagSpecification struct {
	ResourceType string `xml:"resourceType"`
	Tags         []tag  `wire:"Tag" xml:"tagSet>item"`
}

// over lays one template's data over another's, as CreateLaunchTemplateVersion with a source
// version and RunInstances with a template do: what is said above hides what is said below.
func (d launchTemplateData) over(below launchTemplateData) launchTemplateData {
	overlay(&below.ImageID, d.ImageID)
	overlay(&below.InstanceType, d.InstanceType)
	overlay(&below.KeyName, d.KeyName)
	overlay(&below.UserData, d.UserData)
	overlay(&below.EBSOptimized, d.EBSOptimized)
	overlay(&below.IAMInstanceProfile, d.IAMInstanceProfile)
	overlayList(&below.BlockDevices, d.BlockDevices)
	overlayList(&below.NetworkInterfaces, d.NetworkInterfaces)
	overlayList(&below.SecurityGroupIDs, d.SecurityGroupIDs)
	overlay(&below.Monitoring, d.Monitoring)
	overlay(&below.Placement, d.Placement)
	overlay(&below.MarketOptions, d.MarketOptions)
	overlay(&below.CreditSpecification, d.CreditSpecification)
	overlay(&below.CPUOptions, d.CPUOptions)
	overlay(&below.MetadataOptions, d.MetadataOptions)
	overlay(&below.DisableTermination, d.DisableTermination)
	overlay(&below.ShutdownBehavior, d.ShutdownBehavior)
	overlay(&below.Maintenance, d.Maintenance)
	overlay(&below.PrivateDNSName, d.PrivateDNSName)
	overlayList(&below.TagSpecifications, d.TagSpecifications)
	return below
}

func overlay[T comparable](below *T, above T) {
	var unset T
	if above != unset {
		*below = above
	}
}

func overlayList[T any](below *[]T, above []T) {
	if len(above) > 0 {
		*below = above
	}
}
