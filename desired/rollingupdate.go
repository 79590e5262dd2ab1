package desired

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/quorate/quorate/desired/kopsspec"
	"github.com/quorate/quorate/topology"
)

// rollingUpdates are the paces of all groups whose machines can be surged; masters have none, they go
// one zone at a time.
func (m manifest) rollingUpdates() map[topology.Ref]topology.RollingUpdate {
	paces := map[topology.Ref]topology.RollingUpdate{}
	for _, g := range m.groups {
		if g.Role() != kopsspec.ControlPlane {
			paces[topology.Ref{Kind: topology.KindAutoScalingGroup, Name: m.groupName(g)}] = m.rollingUpdate(g)
		}
	}
	return paces
}

// rollingUpdate resolves a field as kops does: the group's, then the cluster's, then a surge of one, or
// one machine missing where no surge is wanted.
func (m manifest) rollingUpdate(g kopsspec.InstanceGroup) topology.RollingUpdate {
	own, all := g.Spec.RollingUpdate, m.Spec.RollingUpdate
	surge, written := count(first(own.MaxSurge, all.MaxSurge))
	if !written {
		surge = topology.Count{N: 1}
	}
	missing, written := count(first(own.MaxUnavailable, all.MaxUnavailable))
	if !written && surge.N == 0 {
		missing = topology.Count{N: 1}
	}
	ends := own.DrainAndTerminate
	if ends == nil {
		ends = all.DrainAndTerminate
	}
	forceAfter, _ := time.ParseDuration(g.Metadata.Annotations[annotationPrefix+drainForceAfter])
	return topology.RollingUpdate{
		MaxSurge: surge, MaxUnavailable: missing, SurgeOnly: !isTrue(ends, true),
		Unmanaged: g.Metadata.Annotations[annotationPrefix+drainUnmanaged] == "true", ForceAfter: forceAfter,
	}
}

// Annotations of an InstanceGroup for what kops decides alone: it deletes pods that nothing would make
// again, and gives up after 15 minutes.
const (
	drainUnmanaged  = "drain-unmanaged"
	drainForceAfter = "drain-force-after"
)

// leastForce is the least time that a budget gets: shorter than that, pods that merely start slowly would
// be taken for blocked.
const leastForce = 5 * time.Minute

func isDrainTime(_ manifest, value string) string {
	d, err := time.ParseDuration(value)
	if err != nil || d < leastForce {
		return strconv.Quote(value) + ` is no time of at least 5 minutes; write one such as "2h", or remove the annotation to wait for ever`
	}
	return ""
}

func first(values ...any) any {
	for _, v := range values {
		if v != nil {
			return v
		}
	}
	return nil
}

// count reads 3 or "25%".
func count(value any) (c topology.Count, ok bool) {
	if value == nil {
		return topology.Count{}, false
	}
	text, percent := strings.CutSuffix(fmt.Sprint(value), "%")
	n, err := strconv.Atoi(text)
	return topology.Count{N: n, Percent: percent}, err == nil && n >= 0
}

func paceRule(m manifest, r *report) {
	checkPace(m.Source, m.Spec.RollingUpdate, r)
	for _, g := range m.groups {
		checkPace(g.Source, g.Spec.RollingUpdate, r)
	}
}

func checkPace(s kopsspec.Source, u kopsspec.RollingUpdate, r *report) {
	for _, field := range []struct {
		path  string
		value any
	}{{"maxSurge", u.MaxSurge}, {"maxUnavailable", u.MaxUnavailable}} {
		if _, ok := count(field.value); field.value != nil && !ok {
			r.errorf(s, "spec.rollingUpdate."+field.path, "%v is neither a number of machines nor a share of them; write 1 or 25%%", field.value)
		}
	}
}
