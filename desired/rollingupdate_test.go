package desired

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

func TestHowTheMachinesOfEachGroupAreReplaced(t *testing.T) {
	c := buildOne(t,
		edit{"  name: k.example.com\n", "  name: k.example.com\n  annotations: {quorate.dev/roll-at: \"2026-11-21T22:00:00Z\", quorate.dev/max-machine-age: 720h, quorate.dev/back-within: 20m}\n"},
		edit{"  name: nodes\n", "  name: nodes\n  annotations: {quorate.dev/roll-at: \"2026-11-01T02:00:00+01:00\", quorate.dev/max-machine-age: 48h, quorate.dev/drain-force-after: 2h}\n"},
	)
	night, earlier := time.Date(2026, 11, 21, 22, 0, 0, 0, time.UTC), time.Date(2026, 11, 1, 1, 0, 0, 0, time.UTC)
	one := topology.Count{N: 1}
	want := map[string]topology.RollingUpdate{
		"master-a.masters.k.example.com": {RollAt: []time.Time{night}, MaxAge: 720 * time.Hour, BackWithin: 20 * time.Minute},
		"nodes.k.example.com": {
			MaxSurge: one, ForceAfter: 2 * time.Hour,
			RollAt: []time.Time{earlier, night}, MaxAge: 48 * time.Hour, BackWithin: 20 * time.Minute,
		},
	}
	got := map[string]topology.RollingUpdate{}
	for ref, pace := range c.Rolling {
		if _, asked := want[ref.Name]; asked {
			got[ref.Name] = pace
		}
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(time.Time.Equal)); diff != "" {
		t.Error(diff)
	}
}

func TestMachinesAreGivenTheTimeThatKopsGivesThem(t *testing.T) {
	for ref, pace := range buildOne(t).Rolling {
		if pace.BackWithin != 15*time.Minute || pace.MaxAge != 0 || pace.RollAt != nil {
			t.Errorf("%s: %+v", ref, pace)
		}
	}
}

func TestHowMastersAreReplaced(t *testing.T) {
	for name, c := range map[string]struct {
		edit     edit
		downtime bool
		age      time.Duration
	}{
		"unasked, without downtime": {edit{}, false, 0},
		"downtime for the cluster":  {edit{"  name: k.example.com\n", "  name: k.example.com\n  annotations: {quorate.dev/allow-downtime: \"true\", quorate.dev/snapshot-max-age: 1h}\n"}, true, time.Hour},
		"downtime for the group":    {edit{"  name: master-a\n", "  name: master-a\n  annotations: {quorate.dev/allow-downtime: \"true\"}\n"}, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var edits []edit
			if c.edit != (edit{}) {
				edits = append(edits, c.edit)
			}
			for ref, pace := range buildOne(t, edits...).Rolling {
				switch ref.Name {
				case "master-a.masters.k.example.com":
					if pace.AllowDowntime != c.downtime || pace.SnapshotMaxAge != c.age {
						t.Errorf("%s: %+v", ref, pace)
					}
				case "nodes.k.example.com":
					if pace.AllowDowntime || pace.SnapshotMaxAge != 0 {
						t.Errorf("%s is no master: %+v", ref, pace)
					}
				}
			}
		})
	}
}
