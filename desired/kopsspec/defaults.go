package kopsspec

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Complete fills in what kops 1.37 assumes where a manifest says nothing. It returns copies; the
// arguments stay as they were written. What kops would have to ask AWS for stays empty.
func Complete(c Cluster, groups []InstanceGroup) (Cluster, []InstanceGroup) {
	groups = slices.Clone(groups)
	for i := range groups {
		groups[i].Spec = completeGroup(groups[i].Spec, groups[i].Role(), c.Spec)
	}
	s := &c.Spec
	completeNetwork(s)
	completeAPI(s, groups)
	s.MasterPublicName = cmp.Or(s.MasterPublicName, "api."+c.Name())
	s.ClusterDNSDomain = cmp.Or(s.ClusterDNSDomain, "cluster.local")
	s.KubeAPIServer.ServiceNodePortRange = cmp.Or(s.KubeAPIServer.ServiceNodePortRange, "30000-32767")
	s.EtcdClusters = slices.Clone(s.EtcdClusters)
	for i := range s.EtcdClusters {
		completeEtcd(&s.EtcdClusters[i], *s)
	}
	return c, groups
}

func completeNetwork(s *ClusterSpec) {
	if s.NetworkID == "" {
		s.NetworkCIDR = cmp.Or(s.NetworkCIDR, "172.20.0.0/16")
	}
	if s.NonMasqueradeCIDR == "" && s.Networking.Plugin() == "amazonvpc" {
		s.NonMasqueradeCIDR = s.NetworkCIDR
	}
	s.NonMasqueradeCIDR = cmp.Or(s.NonMasqueradeCIDR, "100.64.0.0/10")
	s.Topology.DNS.Type = cmp.Or(s.Topology.DNS.Type, "Public")
	s.Topology.Bastion.LoadBalancer.Type = cmp.Or(s.Topology.Bastion.LoadBalancer.Type, "Public")
}

// completeAPI chooses how the API servers are reached when the manifest does not: by load balancer as
// soon as one of them is in a private subnet.
func completeAPI(s *ClusterSpec, groups []InstanceGroup) {
	if s.API == nil || s.API.DNS == nil && s.API.LoadBalancer == nil {
		s.API = impliedAPI(*s, groups)
	}
	if s.API.LoadBalancer == nil {
		return
	}
	lb := *s.API.LoadBalancer
	lb.Type = cmp.Or(lb.Type, "Public")
	if lb.CrossZone == nil {
		none := s.Topology.DNS.Type == "None"
		lb.CrossZone = &none
	}
	s.API = &API{DNS: s.API.DNS, LoadBalancer: &lb}
}

func impliedAPI(s ClusterSpec, groups []InstanceGroup) *API {
	role := ControlPlane
	if slices.ContainsFunc(groups, func(g InstanceGroup) bool { return g.Role() == APIServer }) {
		role = APIServer
	}
	for _, g := range groups {
		for _, subnet := range s.Subnets {
			if g.Role() == role && subnet.Type == "Private" && slices.Contains(g.Spec.Subnets, subnet.Name) {
				return &API{LoadBalancer: &APILoadBalancer{}}
			}
		}
	}
	return &API{DNS: &struct{}{}}
}

func completeEtcd(e *EtcdCluster, s ClusterSpec) {
	e.Version = strings.TrimPrefix(cmp.Or(e.Version, etcdVersion(s.KubernetesVersion)), "v")
	e.Backups.Store = cmp.Or(e.Backups.Store, strings.TrimSuffix(s.ConfigBase, "/")+"/backups/etcd/"+e.Name)
	e.Members = slices.Clone(e.Members)
	for i := range e.Members {
		m := &e.Members[i]
		m.VolumeType = cmp.Or(m.VolumeType, "gp3")
		m.VolumeSize = cmp.Or(m.VolumeSize, 20)
		m.VolumeIOPS, m.VolumeThroughput = volumePerformance(m.VolumeType, m.VolumeIOPS, m.VolumeThroughput)
	}
}

// etcdVersion is the version that kops 1.37 runs under a Kubernetes version.
func etcdVersion(kubernetes string) string {
	switch minor, ok := KubernetesMinor(kubernetes); {
	case !ok:
		return ""
	case minor < 34:
		return "3.5.31"
	case minor < 37:
		return "3.6.12"
	}
	return "3.7.0"
}

// KubernetesMinor reads the 32 of v1.32.0.
func KubernetesMinor(version string) (int, bool) {
	rest, ok := strings.CutPrefix(strings.TrimPrefix(version, "v"), "1.")
	if !ok {
		return 0, false
	}
	digits, _, _ := strings.Cut(rest, ".")
	minor, err := strconv.Atoi(digits)
	return minor, err == nil
}

// volumePerformance gives the IOPS and throughput (MiB/s) of a volume, zero where its type has none to
// set. The floors are those of AWS for gp3, and kops's for provisioned IOPS.
func volumePerformance(typ string, iops, throughput int) (int, int) {
	switch typ {
	case "gp3":
		return max(iops, 3000), max(throughput, 125)
	case "io1", "io2":
		return max(iops, 100), 0
	}
	return 0, 0
}

func completeGroup(g InstanceGroupSpec, role Role, c ClusterSpec) InstanceGroupSpec {
	g.Manager = cmp.Or(g.Manager, "CloudGroup")
	g.MachineType, _, _ = strings.Cut(cmp.Or(g.MachineType, machineTypes[role]), ",")
	size := groupSizes[role]
	g.MinSize = cmp.Or(g.MinSize, &size)
	g.MaxSize = cmp.Or(g.MaxSize, &size)
	g.RootVolumeSize = cmp.Or(g.RootVolumeSize, rootVolumeSizes[role])
	g.RootVolumeType = cmp.Or(g.RootVolumeType, "gp3")
	g.RootVolumeIOPS, g.RootVolumeThroughput = volumePerformance(g.RootVolumeType, g.RootVolumeIOPS, g.RootVolumeThroughput)
	g.InstanceMetadata.HTTPTokens = cmp.Or(g.InstanceMetadata.HTTPTokens, "required")
	g.InstanceMetadata.HTTPPutResponseHopLimit = cmp.Or(g.InstanceMetadata.HTTPPutResponseHopLimit, 1)
	if len(g.Subnets) == 0 && role != ControlPlane {
		g.Subnets = defaultSubnets(role, c)
	}
	g.Volumes = slices.Clone(g.Volumes)
	for i := range g.Volumes {
		v := &g.Volumes[i]
		v.Type = cmp.Or(v.Type, "gp3")
		v.IOPS, v.Throughput = volumePerformance(v.Type, v.IOPS, v.Throughput)
	}
	return g
}

// What kops 1.37 chooses for a role on AWS.
var (
	machineTypes    = map[Role]string{ControlPlane: "t3.medium", Node: "t3.medium", APIServer: "t3.medium", Bastion: "t3.micro"}
	groupSizes      = map[Role]int{ControlPlane: 1, Bastion: 1, Node: 2, APIServer: 2}
	rootVolumeSizes = map[Role]int{ControlPlane: 64, Node: 128, APIServer: 128, Bastion: 32}
)

// defaultSubnets are all subnets meant for machines of the role.
func defaultSubnets(role Role, c ClusterSpec) []string {
	without := func(types ...string) (names []string) {
		for _, s := range c.Subnets {
			if !slices.Contains(types, s.Type) {
				names = append(names, s.Name)
			}
		}
		return names
	}
	if role == APIServer && c.NonMasqueradeCIDR == "::/0" {
		return without("Private", "Utility")
	}
	if names := without("DualStack", "Utility"); len(names) > 0 {
		return names
	}
	return without("Utility")
}
