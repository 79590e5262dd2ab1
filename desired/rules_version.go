package desired

import (
	"strconv"
	"strings"
)

// The minor versions of Kubernetes 1 that kops 1.37 runs: it supports its own minor version and the five
// before it (kops documentation, "Compatibility"), and knows the flags of no other.
const (
	oldestKubernetes = 32
	newestKubernetes = 37
)

// supportedVersionRule leaves what is no version at all to [versionRule].
func supportedVersionRule(m manifest, r *report) {
	const path = "spec.kubernetesVersion"
	if !version.MatchString(m.Spec.KubernetesVersion) {
		return
	}
	_, rest, _ := strings.Cut(m.Spec.KubernetesVersion, ".")
	text, _, _ := strings.Cut(rest, ".")
	minor, err := strconv.Atoi(text)
	switch {
	case err != nil || minor > newestKubernetes:
		r.errorf(m.Source, path, "Kubernetes 1.%s is younger than this version knows; use 1.%d to 1.%d", text, oldestKubernetes, newestKubernetes)
	case minor < oldestKubernetes:
		r.errorf(m.Source, path, "Kubernetes 1.%d is no longer supported; use 1.%d to 1.%d, and from an older cluster go one minor version at a time", minor, oldestKubernetes, newestKubernetes)
	}
}
