package desired

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/quorate/quorate/desired/kopsspec"
	"github.com/quorate/quorate/topology"
)

// manifest is one cluster as its documents describe it, completed with the defaults of kops, and with
// what several kinds need worked out once.
type manifest struct {
	kopsspec.Cluster
	groups  []kopsspec.InstanceGroup // in the order of the files
	keys    []kopsspec.SSHCredential
	subnets []subnet
	region  string
	digest  string
	// unanswered is the digest without an answer to drift.
	unanswered string
	// written are the documents as they were before anything was completed.
	written kopsspec.Documents
	// broken is set when a document could not be decoded whole: rules still run, but nothing is built.
	broken bool
}

// subnet is a subnet with its addresses parsed; a CIDR that does not parse is invalid, and a rule says so.
type subnet struct {
	kopsspec.Subnet
	cidr netip.Prefix
	// assigned is set when the CIDR was chosen automatically.
	assigned bool
}

func (s subnet) shared() bool  { return s.ID != "" }
func (s subnet) managed() bool { return s.ID == "" && s.Egress != "External" }

// public tells whether machines in the subnet can have public addresses.
func (s subnet) public() bool { return s.Type == "Public" || s.Type == "Utility" }

// ipv6Only tells whether machines in the subnet have no IPv4 addresses.
func (s subnet) ipv6Only() bool { return s.IPv6CIDR != "" && !s.cidr.IsValid() }

// assemble decodes the files and puts together the documents of each cluster. Documents that belong to
// no cluster are problems.
func assemble(files []File, r *report) []manifest {
	var docs kopsspec.Documents
	broken := map[string]bool{}
	for _, f := range files {
		d, problems := kopsspec.Decode(f.Name, f.Data)
		broken[f.Name] = slices.ContainsFunc(problems, func(p Problem) bool { return p.Severity == Error })
		r.add(problems...)
		docs.Clusters = append(docs.Clusters, d.Clusters...)
		docs.InstanceGroups = append(docs.InstanceGroups, d.InstanceGroups...)
		docs.SSHCredentials = append(docs.SSHCredentials, d.SSHCredentials...)
	}
	checkOwners(docs, r)
	var manifests []manifest
	for _, c := range docs.Clusters {
		m := newManifest(c, docs)
		m.broken = broken[c.Source.At("").File] || slices.ContainsFunc(m.groups, func(g kopsspec.InstanceGroup) bool {
			return broken[g.Source.At("").File]
		})
		manifests = append(manifests, m)
	}
	return manifests
}

func newManifest(c kopsspec.Cluster, docs kopsspec.Documents) manifest {
	m := manifest{Cluster: c}
	for _, g := range docs.InstanceGroups {
		if g.Cluster() == c.Name() {
			m.groups = append(m.groups, g)
		}
	}
	for _, k := range docs.SSHCredentials {
		if k.Cluster() == c.Name() {
			m.keys = append(m.keys, k)
		}
	}
	m.written = kopsspec.Documents{Clusters: []kopsspec.Cluster{c}, InstanceGroups: m.groups, SSHCredentials: m.keys}
	m.digest = digestOf(m.Cluster, m.groups, m.keys)
	m.unanswered = digestOf(unanswered(m.Cluster), m.groups, m.keys)
	m.Cluster, m.groups = kopsspec.Complete(m.Cluster, m.groups)
	for _, s := range m.Spec.Subnets {
		cidr, _ := netip.ParsePrefix(s.CIDR)
		m.subnets = append(m.subnets, subnet{Subnet: s, cidr: cidr})
	}
	assignCIDRs(m.networkCIDR(), m.subnets)
	if len(m.subnets) > 0 {
		m.region = regionOf(m.subnets[0].Zone)
	}
	return m
}

// networkCIDR is the range of the VPC; invalid if it is unknown or does not parse.
func (m manifest) networkCIDR() netip.Prefix {
	p, _ := netip.ParsePrefix(m.Spec.NetworkCIDR)
	return p
}

// regionOf cuts the letter off a zone: us-east-1a is in us-east-1.
func regionOf(zone string) string {
	return strings.TrimRight(zone, "abcdefghijklmnopqrstuvwxyz")
}

// partitions are the AWS partitions by the prefix of their regions' names. us-test is kops's own, for
// regions that do not exist.
var partitions = []struct{ prefix, partition string }{
	{"us-gov-", "aws-us-gov"},
	{"cn-", "aws-cn"},
	{"us-isob-", "aws-iso-b"},
	{"us-isof-", "aws-iso-f"},
	{"us-iso-", "aws-iso"},
	{"eu-isoe-", "aws-iso-e"},
	{"eusc-", "aws-eusc"},
	{"us-test-", testPartition},
}

// partition is the first part of the cluster's ARNs.
func (m manifest) partition() string {
	for _, p := range partitions {
		if strings.HasPrefix(m.region, p.prefix) {
			return p.partition
		}
	}
	return "aws"
}

// dnsSuffix is what the names of AWS's services end in, where policies mention them. Only China has another.
func (m manifest) dnsSuffix() string {
	if m.partition() == "aws-cn" {
		return "amazonaws.com.cn"
	}
	return "amazonaws.com"
}

// tags are the tags of an owned resource.
func (m manifest) tags(name string) topology.Tags {
	return topology.Tags(m.Spec.CloudLabels).With(topology.BaseTags(m.Name(), name))
}

// ref names an owned resource after the cluster: PREFIX.CLUSTER.
func (m manifest) ref(kind topology.Kind, prefix string) topology.Ref {
	return topology.Ref{Kind: kind, Name: m.qualified(prefix)}
}

func (m manifest) qualified(prefix string) string { return prefix + "." + m.Name() }

// zones lists the zones of the cluster's subnets.
func (m manifest) zones() []string { return zonesOf(m.subnets) }

func zonesOf(subnets []subnet) []string {
	var zones []string
	for _, s := range subnets {
		zones = append(zones, s.Zone)
	}
	slices.Sort(zones)
	return slices.Compact(zones)
}

// subnet finds a subnet by its name in the manifest.
func (m manifest) subnet(name string) (subnet, bool) {
	i := slices.IndexFunc(m.subnets, func(s subnet) bool { return s.Name == name })
	if i < 0 {
		return subnet{}, false
	}
	return m.subnets[i], true
}

// groupSubnets are the subnets that a group names; names that mean nothing are left to a rule.
func (m manifest) groupSubnets(g kopsspec.InstanceGroup) []subnet {
	var found []subnet
	for _, name := range g.Spec.Subnets {
		if s, ok := m.subnet(name); ok {
			found = append(found, s)
		}
	}
	return found
}

// group finds an instance group by name.
func (m manifest) group(name string) (kopsspec.InstanceGroup, bool) {
	i := slices.IndexFunc(m.groups, func(g kopsspec.InstanceGroup) bool { return g.Name() == name })
	if i < 0 {
		return kopsspec.InstanceGroup{}, false
	}
	return m.groups[i], true
}

// ofRole lists the groups of a role.
func (m manifest) ofRole(role kopsspec.Role) []kopsspec.InstanceGroup {
	var found []kopsspec.InstanceGroup
	for _, g := range m.groups {
		if g.Role() == role {
			found = append(found, g)
		}
	}
	return found
}

func (m manifest) has(role kopsspec.Role) bool { return len(m.ofRole(role)) > 0 }

// apiLoadBalancer is nil when the API servers are reached by DNS alone.
func (m manifest) apiLoadBalancer() *kopsspec.APILoadBalancer { return m.Spec.API.LoadBalancer }

// classicAPI tells whether the API servers' load balancer is of the first generation.
func (m manifest) classicAPI() bool {
	lb := m.apiLoadBalancer()
	return lb != nil && lb.Class == classClassic
}

// publishesDNS tells whether the cluster keeps records in a hosted zone.
func (m manifest) publishesDNS() bool { return m.Spec.Topology.DNS.Type != "None" }

// sharedVPC tells whether the cluster moves into a VPC that exists already.
func (m manifest) sharedVPC() bool { return m.Spec.NetworkID != "" }

// topologyRoles are the roles in the words of the topology.
var topologyRoles = map[kopsspec.Role]topology.Role{
	kopsspec.ControlPlane: topology.ControlPlane,
	kopsspec.APIServer:    topology.APIServer,
	kopsspec.Node:         topology.Worker,
	kopsspec.Bastion:      topology.Bastion,
}

// digestOf stands for all that the documents say, and for nothing of how they say it.
func digestOf(c kopsspec.Cluster, groups []kopsspec.InstanceGroup, keys []kopsspec.SSHCredential) string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%#v %#v\n", c.Metadata, c.Raw) // maps are written in the order of their keys
	for _, g := range groups {
		fmt.Fprintf(sum, "%#v %#v\n", g.Metadata, g.Raw)
	}
	for _, k := range keys {
		fmt.Fprintf(sum, "%#v %#v\n", k.Metadata, k.Spec)
	}
	return hex.EncodeToString(sum.Sum(nil)[:digestLength])
}

// digestLength in bytes is enough to tell a cluster's own manifests apart, and short enough for a tag.
const digestLength = 10
