package diff

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/quorate/quorate/topology"
)

// versionStep says why a control plane cannot go from one Kubernetes version to another, with the way
// out; empty if it can. The API server skips no minor version, and what a younger one has written into
// etcd an older one cannot read (Kubernetes documentation, "Version Skew Policy"). Workers follow their
// masters, and patch versions go either way. The versions are those in our own user data; what other
// tools wrote does not tell.
func versionStep(want, have topology.LaunchTemplate) string {
	w, wantOurs := nodeConfig(want)
	h, haveOurs := nodeConfig(have)
	if !wantOurs || !haveOurs || w.Role != topology.ControlPlane && w.Role != topology.APIServer {
		return ""
	}
	return stepReason(w.KubernetesVersion, h.KubernetesVersion)
}

func stepReason(want, have string) string {
	to, toKnown := minor(want)
	from, fromKnown := minor(have)
	switch {
	case !toKnown || !fromKnown:
		return ""
	case to < from:
		return fmt.Sprintf("Kubernetes cannot go back from %s to %s, as the older API server cannot read what the younger one wrote; put 1.%d back", have, want, from)
	case to > from+1:
		return fmt.Sprintf("Kubernetes goes one minor version at a time, and from %s to %s are %d; write a version 1.%d first, and go on when all machines have it", have, want, to-from, from+1)
	}
	return ""
}

// refuseSkips refuses to roll a group of API servers whose machines are more than a step behind: the template may
// have taken each step while the machines took none. What the change of the template says already is not
// said twice.
func (c *Change) refuseSkips(want, have topology.Topology, machines []topology.Machine) {
	group, ok := c.Want.(topology.AutoScalingGroup)
	i := slices.IndexFunc(c.Fields, func(f FieldChange) bool { return f.Path == MachinesField })
	wanted, found := topology.Find[topology.LaunchTemplate](want, group.LaunchTemplate)
	if !ok || i < 0 || !found || group.Role != topology.ControlPlane && group.Role != topology.APIServer {
		return
	}
	config, ours := nodeConfig(wanted)
	if newest, there := topology.Find[topology.LaunchTemplate](have, group.LaunchTemplate); !ours || there && versionStep(wanted, newest) != "" {
		return
	}
	for _, m := range machines {
		if m.Gone() || m.Group != group.Ref() && m.Detached != group.Ref() {
			continue
		}
		if reason := stepReason(config.KubernetesVersion, m.KubernetesVersion); reason != "" {
			c.Fields[i].Effect, c.Fields[i].Reason = Forbid, "machine "+m.ID+" still runs "+m.KubernetesVersion+": "+reason
			c.settle()
			return
		}
	}
}

func nodeConfig(t topology.LaunchTemplate) (topology.NodeConfig, bool) {
	c, err := topology.ParseUserData(t.UserData)
	return c, err == nil
}

// minor is the second number of a version such as v1.34.2.
func minor(version string) (int, bool) {
	parts := strings.Split(version, ".")
	if len(parts) < 2 {
		return 0, false
	}
	n, err := strconv.Atoi(parts[1])
	return n, err == nil
}
