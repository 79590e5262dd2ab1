package kopsspec

// InstanceGroup is an InstanceGroup document: machines of one role, kept at a number.
type InstanceGroup struct {
	Metadata Metadata          `json:"metadata"`
	Spec     InstanceGroupSpec `json:"spec"`

	// Raw is the whole checked spec, including the fields that shape no AWS resource.
	Raw    map[string]any `json:"-"`
	Source Source         `json:"-"`
}

// ClusterLabel names the cluster that a group or a credential belongs to.
const ClusterLabel = "kops.k8s.io/cluster"

// Name is the group's name inside its cluster.
func (g InstanceGroup) Name() string { return g.Metadata.Name }

// Cluster is the name of the cluster the group says it belongs to.
func (g InstanceGroup) Cluster() string { return g.Metadata.Labels[ClusterLabel] }

// Role is the group's role; empty if what was written is no role.
func (g InstanceGroup) Role() Role { return roleSpellings[g.Spec.Role] }

// InstanceGroupSpec is the part of spec that shapes AWS. Sizes of volumes are in GiB.
type InstanceGroupSpec struct {
	AdditionalSecurityGroups   []string               `json:"additionalSecurityGroups"`
	AdditionalUserData         []UserDataPart         `json:"additionalUserData"`
	AssociatePublicIP          *bool                  `json:"associatePublicIp"`
	CapacityRebalance          *bool                  `json:"capacityRebalance"`
	CloudLabels                map[string]string      `json:"cloudLabels"`
	Containerd                 Containerd             `json:"containerd"`
	CPUCredits                 string                 `json:"cpuCredits"`
	DetailedInstanceMonitoring bool                   `json:"detailedInstanceMonitoring"`
	ExternalLoadBalancers      []ExternalLoadBalancer `json:"externalLoadBalancers"`
	IAM                        GroupIAM               `json:"iam"`
	Image                      string                 `json:"image"`
	InstanceInterruption       string                 `json:"instanceInterruptionBehavior"`
	InstanceMetadata           InstanceMetadata       `json:"instanceMetadata"`
	InstanceProtection         bool                   `json:"instanceProtection"`
	MachineType                string                 `json:"machineType"`
	Manager                    string                 `json:"manager"`
	MaxInstanceLifetime        string                 `json:"maxInstanceLifetime"`
	MaxPrice                   string                 `json:"maxPrice"`
	MaxSize                    *int                   `json:"maxSize"`
	MinSize                    *int                   `json:"minSize"`
	MixedInstancesPolicy       *MixedInstancesPolicy  `json:"mixedInstancesPolicy"`
	NodeLabels                 map[string]string      `json:"nodeLabels"`
	Role                       string                 `json:"role"`
	RollingUpdate              RollingUpdate          `json:"rollingUpdate"`
	RootVolumeEncryption       *bool                  `json:"rootVolumeEncryption"`
	RootVolumeEncryptionKey    string                 `json:"rootVolumeEncryptionKey"`
	RootVolumeIOPS             int                    `json:"rootVolumeIops"`
	RootVolumeOptimization     bool                   `json:"rootVolumeOptimization"`
	RootVolumeSize             int                    `json:"rootVolumeSize"`
	RootVolumeThroughput       int                    `json:"rootVolumeThroughput"`
	RootVolumeType             string                 `json:"rootVolumeType"`
	SecurityGroupOverride      string                 `json:"securityGroupOverride"`
	SpotDurationInMinutes      int                    `json:"spotDurationInMinutes"`
	Subnets                    []string               `json:"subnets"`
	SuspendProcesses           []string               `json:"suspendProcesses"`
	Taints                     []string               `json:"taints"`
	Tenancy                    string                 `json:"tenancy"`
	VolumeMounts               []VolumeMount          `json:"volumeMounts"`
	Volumes                    []Volume               `json:"volumes"`
	WarmPool                   *WarmPool              `json:"warmPool"`
	Zones                      []string               `json:"zones"`
}

// UserDataPart is an extra part of the machine's user data, with its MIME type.
type UserDataPart struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Content string `json:"content"`
}

// ExternalLoadBalancer is a Classic load balancer or a target group, made elsewhere, that the machines join.
type ExternalLoadBalancer struct {
	LoadBalancerName string `json:"loadBalancerName"`
	TargetGroupARN   string `json:"targetGroupArn"`
}

// GroupIAM gives the machines an instance profile made elsewhere, by ARN.
type GroupIAM struct {
	Profile string `json:"profile"`
}

// InstanceMetadata says how machines may reach the EC2 instance metadata service.
type InstanceMetadata struct {
	HTTPTokens              string `json:"httpTokens"` // optional or required
	HTTPPutResponseHopLimit int    `json:"httpPutResponseHopLimit"`
}

// RollingUpdate is the pace of replacing machines; a number or a percentage.
type RollingUpdate struct {
	DrainAndTerminate *bool `json:"drainAndTerminate"`
	MaxSurge          any   `json:"maxSurge"`
	MaxUnavailable    any   `json:"maxUnavailable"`
}

// VolumeMount is a disk that a machine formats and mounts when it boots.
type VolumeMount struct {
	Device     string `json:"device"`
	Filesystem string `json:"filesystem"`
	Path       string `json:"path"`
}

// Volume is an extra block device.
type Volume struct {
	Device              string `json:"device"`
	Type                string `json:"type"`
	Size                int    `json:"size"`
	IOPS                int    `json:"iops"`
	Throughput          int    `json:"throughput"`
	Encrypted           *bool  `json:"encrypted"`
	Key                 string `json:"key"`
	DeleteOnTermination *bool  `json:"deleteOnTermination"`
}
