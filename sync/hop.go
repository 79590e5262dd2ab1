package sync

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/desired/kopsspec"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

// hopText is how statuses begin while a hop is under way; empty without one.
func (p Planned) hopText() string {
	if p.Plan.Hop == nil {
		return ""
	}
	return fmt.Sprintf("hop %d of %d, to %s: ", p.Plan.Hop.Number, p.Plan.Hop.Of, p.Plan.Hop.Version)
}

// kubeletLag is how many minor versions a kubelet may be older than the API servers (Kubernetes
// documentation, "Version Skew Policy"; it was two before 1.28). It may never be younger.
const kubeletLag = 3

// climb is the way of a cluster's versions, as seen in one moment.
type climb struct {
	want     desired.Cluster
	have     topology.Topology
	machines []topology.Machine
	wanted   int
	// least and most are the oldest and the youngest minor version of the API servers; a group that has no
	// machine counts as what its next one will run.
	least, most int
	// next is the youngest minor version that every group may go to.
	next int
	// running are the versions of API servers, and of groups that have none.
	running []string
}

// nextHop finds the version that a cluster goes to now, which is the manifest's own as long as that is one minor
// version away. It returns the cluster at that version, the hop if the whole way has more than one, and
// why which groups stay as they are meanwhile. Where nobody can tell the way the manifest's own version is
// returned: the plan refuses what is not possible.
func nextHop(want desired.Cluster, have topology.Topology, machines []topology.Machine) (desired.Cluster, *diff.Hop, map[topology.Ref]string) {
	c := climb{want: want, have: have, machines: machines, least: math.MaxInt, next: math.MaxInt}
	var known bool
	if c.wanted, known = kopsspec.KubernetesMinor(want.KubernetesVersion); !known || c.keepsUserData() {
		return want, nil, nil
	}
	c.survey()
	if c.least >= c.wanted {
		return want, nil, nil // nobody knows where it is, or it is there
	}
	to := min(max(c.next, c.most), c.wanted)
	if c.laggard(to) {
		to = max(c.least, c.most)
	}
	if to == c.wanted {
		return want, c.hop(to), c.held(to)
	}
	at, problems := want.At(c.version(to))
	if len(problems) > 0 {
		return want, nil, nil
	}
	want.KubernetesVersion, want.Topology = at.KubernetesVersion, at.Topology // all else is as the manifest has it
	return want, c.hop(to), c.held(to)
}

// keepsUserData reports whether somebody else writes what API servers boot from.
func (c climb) keepsUserData() bool {
	return slices.ContainsFunc(topology.Of[topology.AutoScalingGroup](c.want.Topology), func(g topology.AutoScalingGroup) bool {
		lt, _ := topology.Find[topology.LaunchTemplate](c.want.Topology, g.LaunchTemplate)
		return servesAPI(g) && lt.UserDataKept
	})
}

func servesAPI(g topology.AutoScalingGroup) bool {
	return g.Role == topology.ControlPlane || g.Role == topology.APIServer
}

// survey looks at the API servers. A group without a machine goes nowhere before it has one again: its
// machine would be of the version after next, and no API server ever of the next.
func (c *climb) survey() {
	for _, group := range topology.Of[topology.AutoScalingGroup](c.have) {
		if !servesAPI(group) {
			continue
		}
		members := c.of(group.Ref())
		for _, m := range members {
			if minor, known := kopsspec.KubernetesMinor(m.KubernetesVersion); known {
				c.least, c.most, c.next = min(c.least, minor), max(c.most, minor), min(c.next, minor+1)
				c.running = append(c.running, m.KubernetesVersion)
			}
		}
		if minor, known := kopsspec.KubernetesMinor(group.KubernetesVersion); known && len(members) == 0 {
			c.least, c.next = min(c.least, minor), min(c.next, minor)
			c.running = append(c.running, group.KubernetesVersion)
		}
	}
}

// of lists the machines of a group that are not on their way out.
func (c climb) of(group topology.Ref) []topology.Machine {
	return slices.DeleteFunc(slices.Clone(c.machines), func(m topology.Machine) bool {
		return m.Group != group && m.Detached != group || m.Gone() || m.Warm()
	})
}

// laggard reports whether some kubelet would be too old for API servers of that minor version.
func (c climb) laggard(minor int) bool {
	return slices.ContainsFunc(topology.Of[topology.AutoScalingGroup](c.have), func(g topology.AutoScalingGroup) bool {
		return g.Role == topology.Worker && c.lags(g.Ref(), minor)
	})
}

// lags reports whether a machine of the group is too old for API servers of that minor version; one whose
// version nobody knows counts as such.
func (c climb) lags(group topology.Ref, minor int) bool {
	return slices.ContainsFunc(c.of(group), func(m topology.Machine) bool {
		is, _ := kopsspec.KubernetesMinor(m.KubernetesVersion)
		return minor-is > kubeletLag
	})
}

// version is the version of a hop. One that all API servers are at already is no reason to replace them for
// a patch.
func (c climb) version(minor int) string {
	if minor == c.wanted {
		return c.want.KubernetesVersion
	}
	if minor > c.least {
		return c.want.Hops[minor]
	}
	there := slices.DeleteFunc(slices.Clone(c.running), func(v string) bool {
		is, _ := kopsspec.KubernetesMinor(v)
		return is != minor
	})
	return slices.MaxFunc(there, func(a, b string) int { return cmp.Compare(patch(a), patch(b)) })
}

// patch reads the 2 of v1.34.2; 0 if there is none.
func patch(version string) int {
	parts := strings.SplitN(version, ".", 3)
	digits, _, _ := strings.Cut(parts[len(parts)-1], "-")
	n, _ := strconv.Atoi(digits)
	return n
}

// hop counts from where the oldest machines are; workers are often left behind on the way. It is nil for a
// way of one step.
func (c climb) hop(to int) *diff.Hop {
	from := c.least
	for _, group := range topology.Of[topology.AutoScalingGroup](c.have) {
		for _, m := range c.of(group.Ref()) {
			if minor, known := kopsspec.KubernetesMinor(m.KubernetesVersion); known && group.Role == topology.Worker {
				from = min(from, minor)
			}
		}
	}
	if c.wanted-from < 2 && to == c.wanted {
		return nil
	}
	h := &diff.Hop{Number: max(1, to-from), Of: c.wanted - from, Version: withV(c.version(to))}
	for minor := to + 1; minor < c.wanted; minor++ {
		h.Next = append(h.Next, withV(cmp.Or(c.want.Hops[minor], fmt.Sprintf("1.%d", minor))))
	}
	if to < c.wanted {
		h.Next = append(h.Next, withV(c.want.KubernetesVersion))
	}
	return h
}

// withV is a version as Kubernetes writes it.
func withV(version string) string { return "v" + strings.TrimPrefix(version, "v") }

// held are the groups of workers that a hop leaves alone.
func (c climb) held(to int) map[topology.Ref]string {
	held := map[topology.Ref]string{}
	for _, group := range topology.Of[topology.AutoScalingGroup](c.want.Topology) {
		if group.Role != topology.Worker {
			continue
		}
		_, there := c.have.Get(group.Ref())
		switch {
		case !there:
			held[group.Ref()] = "it is made when all API servers run " + withV(c.want.KubernetesVersion) + ", for no kubelet may be younger than they"
		case to < c.wanted && !c.lags(group.Ref(), to+1):
			held[group.Ref()] = fmt.Sprintf("its machines stay as they are in this hop, and follow in a later one: kubelets may be %d minor versions older than the API servers", kubeletLag)
		}
	}
	return held
}
