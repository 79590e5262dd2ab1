package diff

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

func workers() topology.AutoScalingGroup {
	return with(group(topology.Worker, template("t3.medium")), func(g *topology.AutoScalingGroup) { g.Min, g.Max = 2, 8 })
}

func marked(g topology.AutoScalingGroup) topology.AutoScalingGroup {
	g.Tags = g.Tags.With(topology.Tags{topology.TagScaling: "true"})
	return g
}

func sized(low, high int) topology.AutoScalingGroup {
	return marked(with(workers(), func(g *topology.AutoScalingGroup) { g.Min, g.Max = low, high }))
}

func at(recurrence string, low, high int) topology.ScheduledAction {
	return topology.ScheduledAction{
		Name: topology.ScheduledActionName(recurrence, ""), Group: workers().Ref(), Recurrence: recurrence,
		Min: low, Max: high, Desired: topology.KeepDesired, Ownership: topology.Owned,
	}
}

func cpu(target float64) topology.ScalingPolicy {
	return topology.ScalingPolicy{Name: topology.CPUPolicyName, Group: workers().Ref(), Type: topology.TargetTracking,
		Metric: topology.AverageCPU, Target: target, ScaleIn: true, Enabled: true, Ownership: topology.Owned}
}

// changes are the effects of a plan by reference, with the fields.
func changes(p Plan) map[string][]string {
	all := map[string][]string{}
	for _, c := range p.Changes {
		list := []string{c.Effect.String()}
		for _, f := range c.Fields {
			list = append(list, f.Path)
		}
		all[c.Ref.String()] = list
	}
	return all
}

func TestBoundsThatAScheduleHoldsAreNoDrift(t *testing.T) {
	const g = "autoscaling-group/a.masters.ha.example.com"
	morning, evening := at("0 6 * * *", 3, 12), at("0 20 * * *", 1, 2)
	both := []topology.Resource{morning, evening}
	for name, c := range map[string]struct {
		want, have []topology.Resource
		group      topology.AutoScalingGroup
		drift      []string
	}{
		"the manifest's own":                            {both, both, sized(2, 8), nil},
		"those of one action":                           {both, both, sized(3, 12), nil},
		"those of the other":                            {both, both, sized(1, 2), nil},
		"one of each":                                   {both, both, sized(1, 12), []string{"in-place", "min", "max"}},
		"one of an action and one of the manifest":      {both, both, sized(1, 8), []string{"in-place", "min"}},
		"somebody's":                                    {both, both, sized(4, 5), []string{"in-place", "min", "max"}},
		"those of an action before its numbers change":  {[]topology.Resource{at("0 6 * * *", 4, 16), evening}, both, sized(3, 12), nil},
		"those of an action that somebody deleted":      {both, []topology.Resource{evening}, sized(3, 12), nil},
		"those of an action that nobody wants any more": {[]topology.Resource{evening}, both, sized(3, 12), []string{"in-place", "min", "max"}},
		"those of an action that people made":           {nil, nil, sized(3, 12), []string{"in-place", "min", "max"}},
	} {
		want := made(t, append([]topology.Resource{template("t3.medium"), sized(2, 8)}, c.want...)...)
		have := made(t, append([]topology.Resource{template("t3.medium"), c.group}, c.have...)...)
		if diff := cmp.Diff(c.drift, changes(Between(want, have, nil))[g]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestAnActionOfOneGroupHoldsNoOther(t *testing.T) {
	other := with(sized(2, 8), func(g *topology.AutoScalingGroup) { g.Name = "others." + cluster })
	action := at("0 6 * * *", 3, 12)
	drifted := with(other, func(g *topology.AutoScalingGroup) { g.Min, g.Max = 3, 12 })
	plan := Between(made(t, template("t3.medium"), sized(2, 8), other, action), made(t, template("t3.medium"), sized(2, 8), drifted, action), nil)
	if diff := cmp.Diff(map[string][]string{other.Ref().String(): {"in-place", "min", "max"}}, changes(plan)); diff != "" {
		t.Error(diff)
	}
}

// A group that rolls keeps the bounds that a schedule gave it.
func TestOtherDifferencesOfAHeldGroupStay(t *testing.T) {
	action := at("0 6 * * *", 3, 12)
	held := with(sized(3, 12), func(g *topology.AutoScalingGroup) { g.CapacityRebalance = true })
	plan := Between(made(t, template("t3.medium"), sized(2, 8), action), made(t, template("t3.medium"), held, action), nil)
	if diff := cmp.Diff(map[string][]string{held.Ref().String(): {"in-place", "capacityRebalance"}}, changes(plan)); diff != "" {
		t.Error(diff)
	}
}

// The mark is how the policies are found again: it goes when they have gone.
func TestTheMarkOutlivesWhatItMarks(t *testing.T) {
	want := made(t, template("t3.medium"), workers())
	plan := Between(want, made(t, template("t3.medium"), marked(workers()), cpu(60), at("0 6 * * *", 2, 8)), nil)
	first := map[string][]string{
		"scaling-policy/a.masters.ha.example.com/quorate-cpu-target":  {"delete"},
		"scheduled-action/a.masters.ha.example.com/quorate-0_6_*_*_*": {"delete"},
	}
	if diff := cmp.Diff(first, changes(plan)); diff != "" {
		t.Error(diff)
	}
	plan = Between(want, made(t, template("t3.medium"), marked(workers())), nil)
	if diff := cmp.Diff(map[string][]string{workers().Ref().String(): {"in-place", "tags[quorate.dev/scaling]"}}, changes(plan)); diff != "" {
		t.Error(diff)
	}
	plan = Between(made(t, template("t3.medium"), marked(workers()), cpu(60)), made(t, template("t3.medium"), workers(), cpu(60)), nil)
	if diff := cmp.Diff(map[string][]string{workers().Ref().String(): {"in-place", "tags[quorate.dev/scaling]"}}, changes(plan)); diff != "" {
		t.Errorf("a mark that somebody took away comes back: %s", diff)
	}
}

func TestWhatADifferenceOfScalingMeans(t *testing.T) {
	for name, c := range map[string]struct {
		want, have topology.Resource
		effect     Effect
	}{
		"another target":        {cpu(60), cpu(70), InPlace},
		"somebody disabled it":  {cpu(60), with(cpu(60), func(p *topology.ScalingPolicy) { p.Enabled = false }), InPlace},
		"another type":          {cpu(60), with(cpu(60), func(p *topology.ScalingPolicy) { p.Type = "StepScaling" }), Replace},
		"other sizes":           {at("0 6 * * *", 1, 2), at("0 6 * * *", 1, 3), InPlace},
		"a capacity more":       {with(at("0 6 * * *", 1, 2), func(a *topology.ScheduledAction) { a.Desired = 1 }), at("0 6 * * *", 1, 2), InPlace},
		"a capacity less":       {at("0 6 * * *", 1, 2), with(at("0 6 * * *", 1, 2), func(a *topology.ScheduledAction) { a.Desired = 1 }), Replace},
		"somebody's end":        {at("0 6 * * *", 1, 2), with(at("0 6 * * *", 1, 2), func(a *topology.ScheduledAction) { a.End = "2026-12-31T00:00:00Z" }), Replace},
		"another time by hand":  {at("0 6 * * *", 1, 2), with(at("0 6 * * *", 1, 2), func(a *topology.ScheduledAction) { a.Recurrence = "0 7 * * *" }), InPlace},
		"a time zone by hand":   {at("0 6 * * *", 1, 2), with(at("0 6 * * *", 1, 2), func(a *topology.ScheduledAction) { a.TimeZone = "Europe/Berlin" }), Replace},
		"nothing, so no change": {cpu(60), cpu(60), None},
	} {
		plan := Between(made(t, template("t3.medium"), marked(workers()), c.want), made(t, template("t3.medium"), marked(workers()), c.have), nil)
		got := None
		for _, change := range plan.Changes {
			got = change.Effect
		}
		if got != c.effect {
			t.Errorf("%s is %s, want %s", name, got, c.effect)
		}
	}
}

func alarm() topology.Alarm {
	return topology.Alarm{Name: topology.AlarmPrefix(cluster) + "machines-lost/a", Watches: workers().Ref(), Threshold: 1, Enabled: true, Ownership: topology.Owned}
}

func TestTheMarkOfAlarmsOutlivesThem(t *testing.T) {
	watched := with(workers(), func(g *topology.AutoScalingGroup) { g.Tags = topology.Tags{topology.TagAlarms: "true"} })
	want := made(t, template("t3.medium"), workers())
	plan := Between(want, made(t, template("t3.medium"), watched, alarm()), nil)
	if diff := cmp.Diff(map[string][]string{alarm().Ref().String(): {"delete"}}, changes(plan)); diff != "" {
		t.Error(diff)
	}
	plan = Between(want, made(t, template("t3.medium"), watched), nil)
	if diff := cmp.Diff(map[string][]string{workers().Ref().String(): {"in-place", "tags[quorate.dev/alarms]"}}, changes(plan)); diff != "" {
		t.Error(diff)
	}
}

func TestAnAlarmThatSomebodySilencedIsDrift(t *testing.T) {
	silent := with(alarm(), func(a *topology.Alarm) { a.Enabled = false })
	plan := Between(made(t, template("t3.medium"), workers(), alarm()), made(t, template("t3.medium"), workers(), silent), nil)
	if diff := cmp.Diff(map[string][]string{alarm().Ref().String(): {"in-place", "enabled"}}, changes(plan)); diff != "" {
		t.Error(diff)
	}
}
