package kopsspec

// refusal says when a field is refused and what its author can do instead.
type refusal struct {
	when   func(value any) bool
	advice string
}

// unsupported is the whole list of fields that would change what is made on AWS and that are not built
// yet. Ignoring one would give another cluster than the one that was reviewed, so each is refused by
// name. A field leaves this list in the commit that builds it.
var unsupported = map[string]refusal{
	"Cluster.spec.dnsControllerGossipConfig": {written, "kops removed gossip; use topology.dns.type None"},
	"Cluster.spec.docker":                    {written, "kops removed Docker; configure spec.containerd"},
	"Cluster.spec.gossipConfig":              {written, "kops removed gossip; use topology.dns.type None"},
	"Cluster.spec.karpenter.enabled":         {isTrue, "set it to false and use groups with manager CloudGroup"},
	"InstanceGroup.spec.manager":             {is("Karpenter"), "use CloudGroup"},
}

func written(any) bool { return true }

func isTrue(value any) bool { return value == true }

func is(word string) func(any) bool {
	return func(value any) bool { return value == word }
}
