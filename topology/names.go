package topology

import (
	"encoding/base32"
	"encoding/binary"
	"hash/fnv"
	"strings"
)

const (
	maxIAMName  = 64 // characters of a role or instance profile, an AWS limit
	nameHashLen = 6  // characters, kops's choice
)

// MaxLoadBalancerName is what AWS allows for load balancers and target groups, in
// characters.
const MaxLoadBalancerName = 32

// IAMName is the name that kops gives to a role or instance profile: the text
// itself, or its beginning and a hash where IAM has no room for all of it.
func IAMName(text string) string { return fitting(text, maxIAMName) }

// AccountRoleName is the name that kops gives to the role of a service account. A
// wildcard, which IAM takes in no name, is written out.
func AccountRoleName(account, namespace, cluster string) string {
	return IAMName(strings.ReplaceAll(account+"."+namespace+".sa."+cluster, "*", "wildcard"))
}

// IsCutName tells whether a role's name may be one that [IAMName] cut short.
func IsCutName(name string) bool { return len(name) == maxIAMName }

// LoadBalancerName is what AWS calls a load balancer or target group. kops always adds
// the hash, even to a name that is short enough.
func LoadBalancerName(prefix, cluster string) string {
	return HashedName(prefix+"-"+strings.ReplaceAll(cluster, ".", "-"), MaxLoadBalancerName)
}

// HashedName shortens a text so that it fits the limit together with a dash and a
// hash of the whole text, by kops's rule.
func HashedName(text string, limit int) string {
	keep := min(len(text), limit-1-nameHashLen)
	return text[:keep] + "-" + nameHash(text)
}

// nameHash is FNV-1a in lower-case base32 with the extended-hex alphabet.
func nameHash(text string) string {
	h := fnv.New32a()
	h.Write([]byte(text))
	sum := binary.BigEndian.AppendUint32(nil, h.Sum32())
	return strings.ToLower(base32.HexEncoding.EncodeToString(sum))[:nameHashLen]
}

// Rooms that kops gives to the cluster's name in front of the ends that it adds.
const (
	queueRoom     = 75 // characters; SQS allows 80 in all
	eventRuleRoom = 40 // characters; EventBridge allows 64 in all
)

// TerminationQueueName is the name that kops gives to the queue of a cluster's node
// termination handler.
func TerminationQueueName(cluster string) string {
	return fitting(strings.ReplaceAll(cluster, ".", "-"), queueRoom) + "-nth"
}

// EventRuleName is the name that kops gives to a cluster's rule for a kind of event;
// with no event it is what the names of all the cluster's rules begin with.
func EventRuleName(cluster, event string) string {
	return fitting(cluster, eventRuleRoom) + "-" + event
}

// fitting is the text itself if there is room for it, and else hashed.
func fitting(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	return HashedName(text, limit)
}
