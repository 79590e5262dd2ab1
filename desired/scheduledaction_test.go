package desired

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

func TestAScheduleIsRefusedWithASentence(t *testing.T) {
	for schedule, want := range map[string]string{
		" ; \n":                                        "there is no entry in it",
		"0 6 * * 1-5 max=2":                            "it needs both min= and max=",
		"0 6 * * 1-5 min=1":                            "it needs both min= and max=",
		"0 6 * * 1-5 min=3 max=2":                      "min 3 is above max 2",
		"0 6 * * 1-5 min=1 max=2 desired=3":            "desired 3 is not between min 1 and max 2",
		"0 6 * * 1-5 min=-1 max=2":                     "min=-1 is no number of machines",
		"0 6 * * 1-5 min=1 max=99999999999":            "max=99999999999 is no number of machines",
		"0 6 * * 1-5 min=1 max=2 mid=1":                `"mid=1" is not known`,
		"0 6 * * 1-5 min=1 max=2 tz=Mars/North":        `there is no time zone "Mars/North"`,
		"0 6 * * 1-5 min=1 max=2 tz=Local":             `there is no time zone "Local"`,
		"0 6 L * * min=1 max=2":                        "the time is wrong",
		"0 6 ? * 1 min=1 max=2":                        `"?" is no field of a time`,
		"0 6 * * 5#2 min=1 max=2":                      `"5#2" is no field of a time`,
		"60 6 * * * min=1 max=2":                       "the time is wrong",
		"0 6 * * 7 min=1 max=2":                        "the time is wrong",
		"0 0 0 6 * * min=1 max=2":                      "the time has 6 fields",
		"0 6 30 2 * min=1 max=2":                       "this time never comes",
		"0 6 * * 1 min=1 max=2; 0 6 * * 1 min=2 max=3": "another entry for the same time",
		"0 6 * * 1 min=1 max=2 tz=Etc/UTC; 0 6 * * 1 tz=UTC min=2 max=3": "another entry for the same time",
		strings.Repeat("0 6 * * 1 min=1 max=2;", 2):                      "another entry for the same time",
		manyTimes(126): "AWS takes at most 125 scheduled actions for one group, and these are 126",
	} {
		if got := isScalingSchedule(manifest{}, schedule); !strings.Contains(got, want) {
			t.Errorf("%.80q: want %q, got %q", schedule, want, got)
		}
	}
}

func manyTimes(n int) string {
	var entries []string
	for i := range n {
		entries = append(entries, fmt.Sprintf("%d %d * * * min=1 max=2", i%60, i/60))
	}
	return strings.Join(entries, ";")
}

func TestAScheduleGivesAnActionPerEntry(t *testing.T) {
	c := buildOne(t, edit{"  name: nodes\n", "  name: nodes\n  annotations:\n    quorate.dev/scaling-schedule: |\n" +
		"      0 6 * * MON-FRI  min=3 max=12 desired=6 tz=Europe/Berlin\n" +
		"      0,30 20-22/2 1 jan,feb *  max=4 min=0 tz=UTC ;\n"})
	group := topology.Ref{Kind: topology.KindAutoScalingGroup, Name: "nodes.k.example.com"}
	want := []topology.ScheduledAction{
		{Name: "quorate-0,30_20-22/2_1_jan,feb_*", Group: group, Recurrence: "0,30 20-22/2 1 jan,feb *", Min: 0, Max: 4, Desired: topology.KeepDesired, Ownership: topology.Owned},
		{Name: "quorate-0_6_*_*_MON-FRI_Europe/Berlin", Group: group, Recurrence: "0 6 * * MON-FRI", TimeZone: "Europe/Berlin", Min: 3, Max: 12, Desired: 6, Ownership: topology.Owned},
	}
	if diff := cmp.Diff(want, topology.Of[topology.ScheduledAction](c.Topology)); diff != "" {
		t.Error(diff)
	}
}

func TestOnlyGroupsThatScaleAreMarked(t *testing.T) {
	c := buildOne(t, edit{"  name: nodes\n", "  name: nodes\n  annotations: {quorate.dev/scaling-cpu-target: \"62.5\"}\n"})
	for _, g := range topology.Of[topology.AutoScalingGroup](c.Topology) {
		_, marked := g.Tags[topology.TagScaling]
		if want := g.Name == "nodes.k.example.com"; marked != want {
			t.Errorf("%s is marked: %t", g.Name, marked)
		}
		if _, marked := g.Tags[topology.TagScaling]; marked {
			template, _ := topology.Find[topology.LaunchTemplate](c.Topology, g.LaunchTemplate)
			if _, inTemplate := template.Tags[topology.TagScaling]; inTemplate {
				t.Error("the mark is in the template, so that to set it would replace machines")
			}
		}
	}
	policies := topology.Of[topology.ScalingPolicy](c.Topology)
	if len(policies) != 1 || policies[0].Target != 62.5 || policies[0].Ref().Name != "nodes.k.example.com/quorate-cpu-target" {
		t.Errorf("policies: %+v", policies)
	}
}

func TestACPUTargetIsAPercentage(t *testing.T) {
	for value, good := range map[string]bool{"60": true, "0.5": true, "100": true, "0": false, "-1": false, "100.1": false, "60%": false, "": false, "NaN": false} {
		if got := isCPUTarget(manifest{}, value) == ""; got != good {
			t.Errorf("%q is taken: %t", value, got)
		}
	}
}
