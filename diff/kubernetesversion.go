package diff

import (
	"fmt"
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
	to, toKnown := minor(w.KubernetesVersion)
	from, fromKnown := minor(h.KubernetesVersion)
	switch {
	case !toKnown || !fromKnown:
		return ""
	case to < from:
		return fmt.Sprintf("Kubernetes cannot go back from %s to %s, as the older API server cannot read what the younger one wrote; put 1.%d back", h.KubernetesVersion, w.KubernetesVersion, from)
	case to > from+1:
		return fmt.Sprintf("Kubernetes goes one minor version at a time, and from %s to %s are %d; write a version 1.%d first, and go on when all machines have it", h.KubernetesVersion, w.KubernetesVersion, to-from, from+1)
	}
	return ""
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
