package desired

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/quorate/quorate/desired/kopsspec"
)

// newestPatches are the newest patch versions of Kubernetes by minor version: what the Go module proxy listed
// for k8s.io/kubernetes on 2026-11-21. A control plane that goes up several minor versions stays on one of
// these only until all its machines have it; quorate.dev/hop-versions names others.
var newestPatches = map[int]string{
	32: "1.32.13",
	33: "1.33.13",
	34: "1.34.4",
	35: "1.35.4",
	36: "1.36.3",
}

// hopVersions names the versions to go through, such as "1.32.9,1.33.5".
const hopVersions = "hop-versions"

// hops are the versions below the wanted minor version.
func (m manifest) hops() map[int]string {
	hops := maps.Clone(newestPatches)
	written, _ := parseHops(m.Metadata.Annotations[annotationPrefix+hopVersions])
	maps.Copy(hops, written)
	wanted, _ := kopsspec.KubernetesMinor(m.wantedVersion())
	maps.DeleteFunc(hops, func(minor int, _ string) bool { return minor >= wanted })
	return hops
}

func isHopVersions(m manifest, value string) string {
	hops, complaint := parseHops(value)
	wanted, known := kopsspec.KubernetesMinor(m.wantedVersion())
	for _, minor := range slices.Sorted(maps.Keys(hops)) {
		if known && minor >= wanted {
			return fmt.Sprintf("%s is not on the way to %s; write versions of older minor versions only", hops[minor], m.wantedVersion())
		}
	}
	return complaint
}

// parseHops reads versions by their minor version, up to the first that is wrong.
func parseHops(value string) (hops map[int]string, complaint string) {
	hops = map[int]string{}
	for text := range strings.SplitSeq(value, ",") {
		text = strings.TrimSpace(text)
		minor, ok := kopsspec.KubernetesMinor(text)
		if !ok || !version.MatchString(text) {
			return hops, strconv.Quote(text) + ` is not a Kubernetes version; write such as "1.32.9,1.33.5"`
		}
		if other, twice := hops[minor]; twice {
			return hops, fmt.Sprintf("%s and %s are of one minor version, and a hop has one; remove one of them", other, text)
		}
		hops[minor] = text
	}
	return hops, ""
}

// wantedVersion is the version that the manifest ends at, also where it is built at another one.
func (m manifest) wantedVersion() string { return m.written.Clusters[0].Spec.KubernetesVersion }

// At is the cluster as the same manifests would want it with another Kubernetes version. If that version has
// problems there is no such cluster.
func (c Cluster) At(version string) (Cluster, []Problem) {
	own := c.written.Clusters[0]
	own.Spec.KubernetesVersion = version
	m := newManifest(own, c.written)
	m.written = c.written
	var r report
	checkRules(m, &r)
	if r.errors > 0 {
		return Cluster{}, r.problems
	}
	at, ok := m.build(&r)
	if !ok {
		return Cluster{}, r.problems
	}
	return at, nil
}
