package topology

import (
	"cmp"
	"slices"
	"strings"
)

// A Kind names a kind of resource in lower-case words joined by dashes; it is the
// first half of a [Ref] and the word that people read in plans and logs.
type Kind string

// The kinds of resource a topology holds.
const (
	KindDHCPOptions       Kind = "dhcp-options"
	KindVPC               Kind = "vpc"
	KindVPCCIDR           Kind = "vpc-cidr"
	KindInternetGateway   Kind = "internet-gateway"
	KindEgressOnlyGateway Kind = "egress-only-internet-gateway"
	KindSubnet            Kind = "subnet"
	KindElasticIP         Kind = "elastic-ip"
	KindNATGateway        Kind = "nat-gateway"
	KindRouteTable        Kind = "route-table"
	KindSecurityGroup     Kind = "security-group"
	KindSecurityGroupRule Kind = "security-group-rule"
	KindOIDCProvider      Kind = "oidc-provider"
	KindIAMRole           Kind = "iam-role"
	KindInstanceProfile   Kind = "instance-profile"
	KindKeyPair           Kind = "key-pair"
	KindVolume            Kind = "volume"
	KindQueue             Kind = "queue"
	KindEventRule         Kind = "event-rule"
	KindTargetGroup       Kind = "target-group"
	KindLoadBalancer      Kind = "load-balancer"
	KindListener          Kind = "listener"
	KindClassicELB        Kind = "classic-elb"
	KindDNSRecord         Kind = "dns-record"
	KindZoneAssociation   Kind = "zone-association"
	KindLaunchTemplate    Kind = "launch-template"
	KindAutoScalingGroup  Kind = "autoscaling-group"
	KindLifecycleHook     Kind = "lifecycle-hook"
	KindScalingPolicy     Kind = "scaling-policy"
	KindScheduledAction   Kind = "scheduled-action"
	KindAlarm             Kind = "alarm"
)

// Facts that a [Bindings] holds besides the ids of resources. They are references
// without a [Resource] behind them: nothing of these kinds is ever made or removed.
const (
	// KindGiven is an AWS id written in the manifest, or met in AWS and not ours.
	KindGiven Kind = "given"
	// KindImage binds an image name of the manifest to its AMI id.
	KindImage Kind = "image"
	// KindRootDevice binds an image name of the manifest to the AMI's root device name.
	KindRootDevice Kind = "root-device"
	// KindTemplateVersion binds a launch template's name to the number of its newest version.
	KindTemplateVersion Kind = "launch-template-version"
	// KindHostedZone binds a cluster's name to the id of its hosted zone.
	KindHostedZone Kind = "hosted-zone"
)

// Kinds lists every kind, parents before children: a resource only ever needs
// resources of kinds that stand earlier, or of its own kind.
func Kinds() []Kind {
	return []Kind{
		KindDHCPOptions,
		KindVPC,
		KindVPCCIDR,
		KindInternetGateway,
		KindEgressOnlyGateway,
		KindSubnet,
		KindElasticIP,
		KindNATGateway,
		KindRouteTable,
		KindSecurityGroup,
		KindSecurityGroupRule,
		KindOIDCProvider,
		KindIAMRole,
		KindInstanceProfile,
		KindKeyPair,
		KindVolume,
		KindQueue,
		KindEventRule,
		KindTargetGroup,
		KindLoadBalancer,
		KindListener,
		KindClassicELB,
		KindDNSRecord,
		KindZoneAssociation,
		KindLaunchTemplate,
		KindAutoScalingGroup,
		KindLifecycleHook,
		KindScalingPolicy,
		KindScheduledAction,
		KindAlarm,
	}
}

// rank is the place of a kind in [Kinds]; kinds of facts come first.
var rank = func() map[Kind]int {
	ranks := map[Kind]int{}
	for i, k := range Kinds() {
		ranks[k] = i + 1
	}
	return ranks
}()

// A Ref names one resource of a cluster. It is comparable, and prints as
// "subnet/us-east-1a.ha.example.com".
type Ref struct {
	Kind Kind
	Name string
}

// Given refers to something by its AWS id. It needs no resource in the topology.
func Given(id string) Ref { return Ref{KindGiven, id} }

// String is empty for the zero reference.
func (r Ref) String() string {
	if r.IsZero() {
		return ""
	}
	return string(r.Kind) + "/" + r.Name
}

// IsZero reports whether the reference names nothing.
func (r Ref) IsZero() bool { return r == Ref{} }

// MarshalText writes the printed form; the zero reference is empty.
func (r Ref) MarshalText() ([]byte, error) {
	if r.IsZero() {
		return nil, nil
	}
	return []byte(r.String()), nil
}

// UnmarshalText reads the printed form.
func (r *Ref) UnmarshalText(text []byte) error {
	kind, name, _ := strings.Cut(string(text), "/")
	*r = Ref{Kind(kind), name}
	return nil
}

// CompareRefs orders references by the place of their kind in [Kinds], then by name.
func CompareRefs(a, b Ref) int {
	return cmp.Or(cmp.Compare(rank[a.Kind], rank[b.Kind]), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
}

// SortRefs returns a sorted copy without repetitions.
func SortRefs(refs []Ref) []Ref {
	sorted := slices.Clone(refs)
	slices.SortFunc(sorted, CompareRefs)
	return slices.Compact(sorted)
}
