package kopsspec

// Metadata is what is read of a document's metadata.
type Metadata struct {
	Name        string            `json:"name"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

// Cluster is a Cluster document. A nil pointer means that the field was not written; [Complete] fills
// in the defaults.
type Cluster struct {
	Metadata Metadata    `json:"metadata"`
	Spec     ClusterSpec `json:"spec"`

	// Raw is the whole checked spec, including the fields that shape no AWS resource.
	Raw    map[string]any `json:"-"`
	Source Source         `json:"-"`
}

// Name is the DNS name of the cluster.
func (c Cluster) Name() string { return c.Metadata.Name }

// ClusterSpec is the part of spec that shapes AWS. CIDRs stay as written: what they mean is decided
// where they can be complained about.
type ClusterSpec struct {
	API                           *API                          `json:"api"`
	AdditionalNetworkCIDRs        []string                      `json:"additionalNetworkCIDRs"`
	AdditionalPolicies            map[string]string             `json:"additionalPolicies"`
	AdditionalSANs                []string                      `json:"additionalSans"`
	AWSLoadBalancerController     LoadBalancerController        `json:"awsLoadBalancerController"`
	CloudConfig                   CloudConfig                   `json:"cloudConfig"`
	CloudLabels                   map[string]string             `json:"cloudLabels"`
	CloudProvider                 string                        `json:"cloudProvider"`
	CertManager                   CertManager                   `json:"certManager"`
	ClusterAutoscaler             ClusterAutoscaler             `json:"clusterAutoscaler"`
	ClusterDNSDomain              string                        `json:"clusterDNSDomain"`
	ConfigBase                    string                        `json:"configBase"`
	Containerd                    Containerd                    `json:"containerd"`
	DisableSubnetTags             bool                          `json:"DisableSubnetTags"`
	DNSZone                       string                        `json:"dnsZone"`
	EncryptionConfig              bool                          `json:"encryptionConfig"`
	EtcdClusters                  []EtcdCluster                 `json:"etcdClusters"`
	ExternalDNS                   ExternalDNS                   `json:"externalDns"`
	ExternalPolicies              map[string][]string           `json:"externalPolicies"`
	IAM                           IAM                           `json:"iam"`
	KubeAPIServer                 KubeAPIServer                 `json:"kubeAPIServer"`
	KubeDNS                       KubeDNS                       `json:"kubeDNS"`
	KeyStore                      string                        `json:"keyStore"`
	KubernetesAPIAccess           []string                      `json:"kubernetesApiAccess"`
	KubernetesVersion             string                        `json:"kubernetesVersion"`
	MasterPublicName              string                        `json:"masterPublicName"`
	NetworkCIDR                   string                        `json:"networkCIDR"`
	NetworkID                     string                        `json:"networkID"`
	Networking                    Networking                    `json:"networking"`
	NodePortAccess                []string                      `json:"nodePortAccess"`
	NodeTerminationHandler        NodeTerminationHandler        `json:"nodeTerminationHandler"`
	NonMasqueradeCIDR             string                        `json:"nonMasqueradeCIDR"`
	PodCIDR                       string                        `json:"podCIDR"`
	ServiceClusterIPRange         string                        `json:"serviceClusterIPRange"`
	RollingUpdate                 RollingUpdate                 `json:"rollingUpdate"`
	ServiceAccountIssuerDiscovery ServiceAccountIssuerDiscovery `json:"serviceAccountIssuerDiscovery"`
	SecretStore                   string                        `json:"secretStore"`
	SnapshotController            Switch                        `json:"snapshotController"`
	SSHAccess                     []string                      `json:"sshAccess"`
	SSHKeyName                    *string                       `json:"sshKeyName"`
	Subnets                       []Subnet                      `json:"subnets"`
	Topology                      Topology                      `json:"topology"`
	WarmPool                      *WarmPool                     `json:"warmPool"`
}

// KubeDNS is the DNS server of the cluster. It shapes no AWS resource; its addresses are checked.
type KubeDNS struct {
	Provider     string `json:"provider"`
	ServerIP     string `json:"serverIP"`
	NodeLocalDNS struct {
		LocalIP string `json:"localIP"`
	} `json:"nodeLocalDNS"`
}

// Switch is an add-on of which only whether it runs matters, because its permissions do.
type Switch struct {
	Enabled bool `json:"enabled"`
}

// LoadBalancerController is the AWS load balancer controller, with the services that it may use.
type LoadBalancerController struct {
	Enabled      bool `json:"enabled"`
	EnableShield bool `json:"enableShield"`
	EnableWAF    bool `json:"enableWAF"`
	EnableWAFv2  bool `json:"enableWAFv2"`
}

// CertManager proves to certificate authorities that hosted zones are ours.
type CertManager struct {
	Enabled       bool     `json:"enabled"`
	HostedZoneIDs []string `json:"hostedZoneIDs"`
	Managed       *bool    `json:"managed"` // false: somebody else installs it
}

// ClusterAutoscaler sets the sizes of groups of workers.
type ClusterAutoscaler struct {
	Enabled                  bool `json:"enabled"`
	AWSUseStaticInstanceList bool `json:"awsUseStaticInstanceList"`
}

// ExternalDNS is what publishes the records of services: dns-controller, unless Provider says external-dns.
type ExternalDNS struct {
	Disable  bool   `json:"disable"`
	Provider string `json:"provider"`
}

// ServiceAccountIssuerDiscovery is where the tokens of service accounts can be verified by others.
type ServiceAccountIssuerDiscovery struct {
	AdditionalAudiences   []string `json:"additionalAudiences"`
	DiscoveryStore        string   `json:"discoveryStore"` // a bucket that everybody can read
	EnableAWSOIDCProvider bool     `json:"enableAWSOIDCProvider"`
	DiscoveryService      struct {
		URL string `json:"url"`
	} `json:"discoveryService"`
}

// API says how the API servers are reached. Exactly one of its fields is set after [Complete].
type API struct {
	DNS          *struct{}        `json:"dns"`
	LoadBalancer *APILoadBalancer `json:"loadBalancer"`
}

// APILoadBalancer is the load balancer in front of the API servers.
type APILoadBalancer struct {
	AccessLog                *AccessLog           `json:"accessLog"`
	AdditionalSecurityGroups []string             `json:"additionalSecurityGroups"`
	Class                    string               `json:"class"` // Network, or Classic for what older versions of kops made
	CrossZone                *bool                `json:"crossZoneLoadBalancing"`
	IdleTimeoutSeconds       int                  `json:"idleTimeoutSeconds"` // of a Classic one
	SecurityGroupOverride    string               `json:"securityGroupOverride"`
	SSLCertificate           string               `json:"sslCertificate"` // ACM ARN
	SSLPolicy                string               `json:"sslPolicy"`
	Subnets                  []LoadBalancerSubnet `json:"subnets"`
	Type                     string               `json:"type"` // Public or Internal
	UseForInternalAPI        bool                 `json:"useForInternalApi"`
}

// AccessLog is where a load balancer writes down who called.
type AccessLog struct {
	Bucket       string `json:"bucket"`
	BucketPrefix string `json:"bucketPrefix"`
	Interval     int    `json:"interval"` // in minutes, of a Classic one
}

// LoadBalancerSubnet places the load balancer in a subnet, at a fixed address if one is given.
type LoadBalancerSubnet struct {
	Name               string `json:"name"`
	PrivateIPv4Address string `json:"privateIPv4Address"`
	AllocationID       string `json:"allocationId"`
}

// CloudConfig is the AWS part of spec.cloudConfig.
type CloudConfig struct {
	AWSEBSCSIDriver      EBSDriver `json:"awsEBSCSIDriver"`
	NLBSecurityGroupMode string    `json:"nlbSecurityGroupMode"`
	UseIPBasedNodeNames  bool      `json:"useIPBasedNodeNames"`
}

// EBSDriver is the driver of EBS volumes. It runs, and kops installs it, unless the manifest says false.
type EBSDriver struct {
	Enabled *bool `json:"enabled"`
	Managed *bool `json:"managed"`
}

// Containerd is the part of spec.containerd that needs permissions.
type Containerd struct {
	UseECRCredentialsForMirrors bool `json:"useECRCredentialsForMirrors"`
	NvidiaGPU                   struct {
		Enabled bool `json:"enabled"`
	} `json:"nvidiaGPU"`
}

// EtcdCluster is one of the etcd clusters that share the control-plane machines: main, events, ….
type EtcdCluster struct {
	Name    string       `json:"name"`
	Members []EtcdMember `json:"etcdMembers"`
	Version string       `json:"version"`
	Backups struct {
		Store string `json:"backupStore"`
	} `json:"backups"`
	Provider string `json:"provider"`
}

// EtcdMember is a member of an etcd cluster and the volume it keeps its data on. Sizes are in GiB,
// throughput in MiB/s.
type EtcdMember struct {
	Name             string `json:"name"`
	InstanceGroup    string `json:"instanceGroup"`
	EncryptedVolume  bool   `json:"encryptedVolume"`
	KMSKeyID         string `json:"kmsKeyId"`
	VolumeType       string `json:"volumeType"`
	VolumeSize       int    `json:"volumeSize"`
	VolumeIOPS       int    `json:"volumeIops"`
	VolumeThroughput int    `json:"volumeThroughput"`
}

// IAM widens or bounds the roles of the machines.
type IAM struct {
	AllowContainerRegistry bool   `json:"allowContainerRegistry"`
	PermissionsBoundary    string `json:"permissionsBoundary"`
	// ServiceAccountExternalPermissions are roles for the author's own service accounts.
	ServiceAccountExternalPermissions []ServiceAccountPermissions `json:"serviceAccountExternalPermissions"`
	// UseServiceAccountExternalPermissions gives the add-ons of kops roles of their own.
	UseServiceAccountExternalPermissions bool `json:"useServiceAccountExternalPermissions"`
}

// ServiceAccountPermissions is what the pods of a service account may do: by the ARNs of managed policies,
// or by a JSON list of statements. A * in a name stands for anything.
type ServiceAccountPermissions struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
	AWS       struct {
		InlinePolicy string   `json:"inlinePolicy"`
		PolicyARNs   []string `json:"policyARNs"`
	} `json:"aws"`
}

// KubeAPIServer is the part of the API server's configuration that firewalls and IAM depend on.
type KubeAPIServer struct {
	ServiceAccountIssuer string `json:"serviceAccountIssuer"`
	ServiceNodePortRange string `json:"serviceNodePortRange"`
}

// NodeTerminationHandler is on by default, fed by a queue.
type NodeTerminationHandler struct {
	Enabled                      *bool   `json:"enabled"`
	EnableSQSTerminationDraining *bool   `json:"enableSQSTerminationDraining"`
	EnableRebalanceDraining      *bool   `json:"enableRebalanceDraining"`
	ManagedASGTag                *string `json:"managedASGTag"`
}

// Topology is spec.topology. Public or private is decided by subnet types and by nothing else.
type Topology struct {
	DNS struct {
		Type string `json:"type"` // Public, Private or None
	} `json:"dns"`
	Bastion BastionTopology `json:"bastion"`
}

// BastionTopology is the load balancer in front of the bastions.
type BastionTopology struct {
	PublicName   string `json:"bastionPublicName"`
	LoadBalancer struct {
		AdditionalSecurityGroups []string `json:"additionalSecurityGroups"`
		Type                     string   `json:"type"` // Public or Internal
	} `json:"loadBalancer"`
}

// Subnet is one entry of spec.subnets.
type Subnet struct {
	Name             string  `json:"name"`
	Zone             string  `json:"zone"`
	Region           string  `json:"region"`
	Type             string  `json:"type"` // Public, Private, DualStack or Utility
	CIDR             string  `json:"cidr"`
	IPv6CIDR         string  `json:"ipv6CIDR"`
	ID               string  `json:"id"` // of an existing subnet
	Egress           string  `json:"egress"`
	PublicIP         string  `json:"publicIP"`
	AdditionalRoutes []Route `json:"additionalRoutes"`
}

// Route is an extra route of a private subnet.
type Route struct {
	CIDR   string `json:"cidr"`
	Target string `json:"target"`
}
