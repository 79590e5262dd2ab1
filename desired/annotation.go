package desired

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/quorate/quorate/desired/kopsspec"
)

// annotationPrefix marks the annotations that are meant for Quorate. Those of other tools are theirs.
const annotationPrefix = "quorate.dev/"

// An annotation is checked by a function of its value, which answers with a sentence that says what is
// wrong and what to write, or with nothing.
type annotation func(m manifest, value string) string

// clusterAnnotations and groupAnnotations are all annotations that Cluster and InstanceGroup documents
// may have, without the prefix. What each of them does stands where it is read.
var (
	clusterAnnotations = map[string]annotation{
		"bootstrap": isBootstrap,
		"deletion":  isOwnName,
		"paused":    isSentence,
		"prune":     isBool,
		"resume":    isSentence,
		alarmsTopic: isTopic,

		driftModes:    isDriftPolicy,
		driftSchedule: isDriftSchedule,
		correctDrift:  isSentence,

		rollAt:        isMoment,
		maxMachineAge: isAge,
		backWithin:    isBackTime,
		hopVersions:   isHopVersions,

		allowDowntime:  isBool,
		snapshotMaxAge: isSnapshotAge,
	}
	groupAnnotations = map[string]annotation{
		cpuTarget:       isCPUTarget,
		drainForceAfter: isDrainTime,
		drainUnmanaged:  isBool,
		scalingSchedule: isScalingSchedule,
		rollAt:          isMoment,
		maxMachineAge:   isAge,
		backWithin:      isBackTime,
		allowDowntime:   isBool,
	}
)

// Policy is how a cluster is to be looked after, as the annotations of its Cluster document say.
type Policy struct {
	// Deletion orders the end of the cluster: quorate.dev/deletion, whose value must be the
	// cluster's name.
	Deletion bool
	// Prune removes what is the cluster's own and no longer wanted: quorate.dev/prune, true unless it
	// is written "false".
	Prune bool
	// Paused is why nothing more is to be begun: quorate.dev/paused. What is under way comes to its
	// next safe point.
	Paused string
	// Resume lets a roll that halted go on: quorate.dev/resume, any text that was not there when it
	// halted.
	Resume string
	// Drift is what is done about differences that appear after the commit was applied:
	// quorate.dev/drift.
	Drift DriftPolicy
	// DriftSchedule is a cron line that says when they are looked for, after CRON_TZ=… if it has a time
	// zone: quorate.dev/drift-schedule. Empty means the service's own.
	DriftSchedule string
	// Answer is the number of the drift that is to be put back: quorate.dev/correct-drift, where it is one.
	Answer string
}

// policy reads annotations that the rules have found to be well-formed.
func (m manifest) policy() Policy {
	_, deletion := m.Metadata.Annotations[annotationPrefix+"deletion"]
	return Policy{
		Deletion: deletion,
		Prune:    m.Metadata.Annotations[annotationPrefix+"prune"] != "false",
		Paused:   strings.TrimSpace(m.Metadata.Annotations[annotationPrefix+"paused"]),
		Resume:   m.Metadata.Annotations[annotationPrefix+"resume"],

		Drift:         DriftPolicy(m.Metadata.Annotations[annotationPrefix+driftModes]),
		DriftSchedule: m.Metadata.Annotations[annotationPrefix+driftSchedule],
		Answer:        answer(m.Cluster),
	}
}

// isOwnName asks for the whole name: what ends a cluster must not be copied along with a manifest.
func isOwnName(m manifest, value string) string {
	if value == m.Name() {
		return ""
	}
	return strconv.Quote(value) + " is not the name of this cluster; to delete the cluster and all that it owns write " + strconv.Quote(m.Name()) + ", to keep it remove the annotation"
}

func isBool(_ manifest, value string) string {
	if value == "true" || value == "false" {
		return ""
	}
	return strconv.Quote(value) + ` is neither "true" nor "false"`
}

// isSentence asks for words: who finds the annotation a week later wants to know why.
func isSentence(_ manifest, value string) string {
	if strings.TrimSpace(value) == "" {
		return "it says nothing; write why, or remove the annotation"
	}
	return ""
}

var annotationRules = []rule{
	{"annotations for Quorate are known and well-formed", annotationRule},
}

func annotationRule(m manifest, r *report) {
	checkAnnotations(m, m.Source, m.Metadata.Annotations, clusterAnnotations, r)
	for _, g := range m.groups {
		checkAnnotations(m, g.Source, g.Metadata.Annotations, groupAnnotations, r)
	}
}

func checkAnnotations(m manifest, s kopsspec.Source, written map[string]string, known map[string]annotation, r *report) {
	for _, name := range slices.Sorted(maps.Keys(written)) {
		ours, isOurs := strings.CutPrefix(name, annotationPrefix)
		if !isOurs {
			continue
		}
		path := `metadata.annotations["` + name + `"]`
		check, found := known[ours]
		if !found {
			r.errorf(s, path, "%s", unknownAnnotation(ours, known))
		} else if complaint := check(m, written[name]); complaint != "" {
			r.errorf(s, path, "%s", complaint)
		}
	}
}

// unknownAnnotation refuses rather than ignores: a policy that was misspelt is a policy that is missing.
func unknownAnnotation(name string, known map[string]annotation) string {
	if meant, ok := kopsspec.Nearest(name, maps.Keys(known)); ok {
		return "there is no such annotation; did you mean " + annotationPrefix + meant + "?"
	}
	if len(known) == 0 {
		return "there is no such annotation on this kind of document; remove it"
	}
	names := slices.Sorted(maps.Keys(known))
	return "there is no such annotation; write one of " + annotationPrefix + strings.Join(names, ", "+annotationPrefix)
}
