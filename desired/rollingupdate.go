package desired

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/quorate/quorate/desired/kopsspec"
	"github.com/quorate/quorate/topology"
)

// rollingUpdates are the paces of all groups. Those of masters have no surge and nothing missing: masters
// go one zone at a time.
func (m manifest) rollingUpdates() map[topology.Ref]topology.RollingUpdate {
	paces := map[topology.Ref]topology.RollingUpdate{}
	for _, g := range m.groups {
		pace := m.rollingUpdate(g)
		if g.Role() == kopsspec.ControlPlane {
			pace.MaxSurge, pace.MaxUnavailable, pace.SurgeOnly = topology.Count{}, topology.Count{}, false
		}
		paces[topology.Ref{Kind: topology.KindAutoScalingGroup, Name: m.groupName(g)}] = pace
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
	return topology.RollingUpdate{
		MaxSurge: surge, MaxUnavailable: missing, SurgeOnly: !isTrue(ends, true),
		Unmanaged:  g.Metadata.Annotations[annotationPrefix+drainUnmanaged] == "true",
		ForceAfter: duration(g.Metadata.Annotations, drainForceAfter),
		RollAt:     m.rollTimes(g),
		MaxAge:     cmp.Or(duration(g.Metadata.Annotations, maxMachineAge), duration(m.Metadata.Annotations, maxMachineAge)),
		BackWithin: cmp.Or(duration(g.Metadata.Annotations, backWithin), duration(m.Metadata.Annotations, backWithin), topology.DefaultBackWithin),

		AllowDowntime:  g.Role() == kopsspec.ControlPlane && (m.Metadata.Annotations[annotationPrefix+allowDowntime] == "true" || g.Metadata.Annotations[annotationPrefix+allowDowntime] == "true"),
		SnapshotMaxAge: m.snapshotMaxAge(g),
	}
}

// duration reads an annotation that the rules have found to be well-formed; zero if there is none.
func duration(annotations map[string]string, name string) time.Duration {
	d, _ := time.ParseDuration(annotations[annotationPrefix+name])
	return d
}

// rollTimes are those of the group and of the cluster. Neither stands for the other: a time that is left
// over on a group must not keep it out of what its cluster asks for.
func (m manifest) rollTimes(g kopsspec.InstanceGroup) []time.Time {
	var times []time.Time
	for _, annotations := range []map[string]string{g.Metadata.Annotations, m.Metadata.Annotations} {
		if at, err := time.Parse(time.RFC3339, annotations[annotationPrefix+rollAt]); err == nil {
			times = append(times, at)
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	return times
}

// Annotations of Cluster and InstanceGroup about which machines are replaced, and how long that may take.
const (
	rollAt        = "roll-at"
	maxMachineAge = "max-machine-age"
	backWithin    = "back-within"
)

// leastAge keeps machines from being replaced for most of their time: a large group takes hours.
const leastAge = 24 * time.Hour

func isMoment(_ manifest, value string) string {
	if _, err := time.Parse(time.RFC3339, value); err != nil {
		return strconv.Quote(value) + ` is no moment; write one with its zone, such as "2026-11-21T22:00:00Z" or "2026-11-21T23:00:00+01:00"`
	}
	return ""
}

func isAge(_ manifest, value string) string {
	if d, err := time.ParseDuration(value); err != nil || d < leastAge {
		return strconv.Quote(value) + ` is no time of at least 24 hours; write hours, such as "720h" for 30 days`
	}
	return ""
}

func isBackTime(_ manifest, value string) string {
	if d, err := time.ParseDuration(value); err != nil || d < leastBack {
		return strconv.Quote(value) + ` is no time of at least 5 minutes; write one such as "20m", or remove the annotation for kops's 15 minutes`
	}
	return ""
}

// leastBack is about what a machine takes that boots well; a limit below it would halt every roll.
const leastBack = 5 * time.Minute

// Annotations about replacing masters.
const (
	allowDowntime  = "allow-downtime"
	snapshotMaxAge = "snapshot-max-age"
)

func (m manifest) snapshotMaxAge(g kopsspec.InstanceGroup) time.Duration {
	if g.Role() != kopsspec.ControlPlane {
		return 0
	}
	return duration(m.Metadata.Annotations, snapshotMaxAge)
}

// The bounds of snapshot-max-age: below the least, a snapshot would be old before it is completed; a day is
// what a backup that somebody makes every night can be old.
const (
	leastSnapshotAge = 5 * time.Minute
	mostSnapshotAge  = 24 * time.Hour
)

func isSnapshotAge(_ manifest, value string) string {
	if d, err := time.ParseDuration(value); err != nil || d < leastSnapshotAge || d > mostSnapshotAge {
		return strconv.Quote(value) + ` is no time from 5 minutes to 24 hours; write one such as "1h", or remove the annotation for 30 minutes`
	}
	return ""
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
