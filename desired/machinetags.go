package desired

import (
	"cmp"
	"strings"

	"github.com/quorate/quorate/desired/kopsspec"
	"github.com/quorate/quorate/topology"
)

// Prefixes of the tags by which the cluster autoscaler learns what a node of an empty group would be like.
const (
	tagNodeLabel = "k8s.io/cluster-autoscaler/node-template/label/"
	tagNodeTaint = "k8s.io/cluster-autoscaler/node-template/taint/"
)

// tagNTH marks the groups that the node termination handler looks after.
const tagNTH = "aws-node-termination-handler/managed"

// roleLabels are the labels that kops gives to the nodes of a role.
var roleLabels = map[kopsspec.Role][]string{
	kopsspec.ControlPlane: {
		"node-role.kubernetes.io/control-plane",
		"kops.k8s.io/kops-controller-pki",
		"node.kubernetes.io/exclude-from-external-load-balancers",
	},
	kopsspec.APIServer: {"node-role.kubernetes.io/api-server"},
	kopsspec.Node:      {"node-role.kubernetes.io/node"},
}

// machineTags are the tags of a group, of its launch template and of all that is made from it. Labels of
// the group win over those of the cluster, and kops's own over both.
func (m manifest) machineTags(g kopsspec.InstanceGroup) topology.Tags {
	tags := topology.Tags(m.Spec.CloudLabels).With(g.Spec.CloudLabels)
	for _, label := range roleLabels[g.Role()] {
		tags[tagNodeLabel+label] = ""
	}
	for label, value := range g.Spec.NodeLabels {
		tags[tagNodeLabel+label] = value
	}
	for _, taint := range g.Spec.Taints {
		key, rest := splitTaint(taint)
		tags[tagNodeTaint+key] = rest
	}
	tags = tags.With(topology.BaseTags(m.Name(), m.groupName(g))).With(topology.RoleTags(topologyRoles[g.Role()]))
	tags[topology.TagGroup] = g.Name()
	if key, ok := m.nthTag(); ok {
		tags[key] = cmp.Or(tags[key], "") // a key that is in use for something else keeps its value
	}
	return tags
}

// splitTaint cuts KEY=VALUE:EFFECT, or KEY:EFFECT, into its key and VALUE:EFFECT.
func splitTaint(taint string) (key, rest string) {
	if key, rest, ok := strings.Cut(taint, "="); ok {
		return key, rest
	}
	key, effect, _ := strings.Cut(taint, ":")
	return key, ":" + effect
}

// nthTag is the tag for the node termination handler, if it looks for one.
func (m manifest) nthTag() (string, bool) {
	tag := tagNTH
	if given := m.Spec.NodeTerminationHandler.ManagedASGTag; given != nil {
		tag = *given
	}
	return tag, m.nthQueue() && tag != ""
}
