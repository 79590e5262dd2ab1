package checkup

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/quorate/quorate/apply/kube"
	"github.com/quorate/quorate/topology"
)

// kubernetes asks the cluster itself: is every machine a ready node, do the pods that carry it work, and do
// the versions of kubelets and API server go together.
func kubernetes(f Facts) []Finding {
	if !f.Kubernetes.Known() {
		return []Finding{unknown("", "nodes, pods and versions are unknown: "+f.Kubernetes.Unknown, "give access (--kubeconfig, --kubernetes-from-state), or leave the check out (--without kubernetes)")}
	}
	k := f.Kubernetes.Value
	found := slices.Concat(f.nodes(k), f.static(k), pods(k.System), skew(k))
	if slices.ContainsFunc(found, func(x Finding) bool { return x.Severity != Warning }) {
		return found
	}
	return append(found, ok(fmt.Sprintf("%s of version %s and %s of the system are ready", count(len(k.Nodes), "node"), k.System.Version, count(k.System.Critical, "pod")))...)
}

// nodes judges the node of every machine that should have one.
func (f Facts) nodes(k Kubernetes) []Finding {
	var found []Finding
	for _, m := range f.State.Machines {
		if m.Role == topology.Bastion || m.Gone() || m.Warm() {
			continue
		}
		node, joined := k.Nodes[m.ID]
		group := m.Group.Name
		switch {
		case !joined:
			found = append(found, failure(m.ID, fmt.Sprintf("the machine of %s has not joined as a node, %s after its launch", group, span(f.At.Sub(m.Launched))), "look at its boot log: aws ec2 get-console-output --latest --instance-id "+m.ID))
		case !node.Ready:
			found = append(found, failure(node.Name, "the node is not ready: "+node.Reason, "kubectl describe node "+node.Name))
		case !node.Emptying.IsZero():
			found = append(found, warning(node.Name, fmt.Sprintf("the node is being emptied since %s", span(f.At.Sub(node.Emptying))), "quorate explain says what blocks it, if anything does"))
		case !node.Schedulable:
			found = append(found, warning(node.Name, "the node was cordoned by somebody else", "kubectl uncordon "+node.Name+", when the reason is gone"))
		}
	}
	return found
}

// static asks for the static pods of each master that has joined.
func (f Facts) static(k Kubernetes) []Finding {
	var found []Finding
	for _, m := range f.State.Machines {
		node, joined := k.Nodes[m.ID]
		if m.Role != topology.ControlPlane || !joined || m.Gone() {
			continue
		}
		for _, component := range kube.Components {
			if !slices.Contains(k.System.Static[node.Name], component) {
				found = append(found, failure(node.Name, "the master has no pod of "+component, "look at the kubelet's log on machine "+m.ID))
			}
		}
	}
	return found
}

func pods(s kube.System) []Finding {
	var found []Finding
	for _, p := range s.Sick {
		namespace, pod, _ := strings.Cut(p.Pod, "/")
		found = append(found, failure(p.Pod, p.Reason, "kubectl -n "+namespace+" describe pod "+pod))
	}
	return found
}

// oldest is how many minor versions a kubelet may be older than the API server, since Kubernetes 1.28
// (https://kubernetes.io/releases/version-skew-policy/). It may not be newer.
const oldest = 3

func skew(k Kubernetes) []Finding {
	server, known := minor(k.System.Version)
	if !known {
		return []Finding{unknown("", "the API server's version reads "+strconv.Quote(k.System.Version), "")}
	}
	var found []Finding
	for _, id := range slices.Sorted(maps.Keys(k.Nodes)) {
		node := k.Nodes[id]
		kubelet, known := minor(node.Version)
		switch {
		case !known:
			found = append(found, unknown(node.Name, "the kubelet's version reads "+strconv.Quote(node.Version), ""))
		case kubelet > server:
			found = append(found, failure(node.Name, fmt.Sprintf("the kubelet is of version %s, newer than the API server's %s", node.Version, k.System.Version), "masters go first: see quorate plan"))
		case server-kubelet > oldest:
			found = append(found, failure(node.Name, fmt.Sprintf("the kubelet is of version %s, more than %d minor versions older than the API server's %s", node.Version, oldest, k.System.Version), "replace the machine: see quorate plan"))
		}
	}
	return found
}

// minor reads the 36 of v1.36.3.
func minor(version string) (int, bool) {
	parts := strings.Split(strings.TrimPrefix(version, "v"), ".")
	if len(parts) < 2 {
		return 0, false
	}
	n, err := strconv.Atoi(strings.TrimRight(parts[1], "+"))
	return n, err == nil
}
