package prices

import (
	"math"
	"testing"

	"github.com/quorate/quorate/topology"
)

func TestAComparisonHasNowAfterAndTheRange(t *testing.T) {
	have := made(t, group(unchanged)...)
	want := made(t, group(func(g *topology.AutoScalingGroup, t *topology.LaunchTemplate) {
		g.Min, g.Max, t.InstanceType = 2, 5, "m5.xlarge"
	})...)
	ref := topology.Ref{Kind: topology.KindAutoScalingGroup, Name: "nodes"}
	var machines []topology.Machine
	for range 3 {
		machines = append(machines, topology.Machine{Group: ref, InstanceType: "m5.large", State: "running"})
	}
	c := round.Compare("us-test-1", want, have, nil, machines)
	for name, pair := range map[string]struct{ got, want float64 }{
		"now":   {c.Now.Total(), 3 * 730 * 0.10},
		"after": {c.After.Total(), 3 * 730 * 0.20},
		"least": {c.Least.Total(), 2 * 730 * 0.20},
		"most":  {c.Most.Total(), 5 * 730 * 0.20},
	} {
		if math.Abs(pair.got-pair.want) > 1e-9 {
			t.Errorf("%s is %v, want %v", name, pair.got, pair.want)
		}
	}
	rows := c.Rows()
	if len(rows) != 2 || rows[0].After != nil || rows[1].Now != nil {
		t.Errorf("the old machines and the new ones are a row each: %+v", rows)
	}
}

func TestWhatIsKeptIsPaidOn(t *testing.T) {
	volume := etcdVolume("gp2", 20, 0, 0)
	c := round.Compare("us-test-1", made(t), made(t, volume), []topology.Ref{volume.Ref()}, nil)
	if c.Now.Total() != 2 || c.After.Total() != 2 {
		t.Errorf("now %v and after %v, want 20 × 0.10 in both", c.Now.Total(), c.After.Total())
	}
}

func TestAComparisonTellsTheAgeOfItsPrices(t *testing.T) {
	regions := round.Regions
	whole := regions["us-test-1"]
	for name, c := range map[string]struct {
		region Region
		want   string
	}{
		"of two days":      {whole, "r list prices, instances of 2026-01-02 and the rest of 2026-01-03"},
		"of one day":       {Region{Instances: whole.Rates, Rates: whole.Rates}, "r list prices of 2026-01-03"},
		"of machines only": {Region{Instances: whole.Instances}, "r list prices of instances of 2026-01-02; no others are known"},
		"of all but these": {Region{Rates: whole.Rates}, "r list prices of 2026-01-03; none of instances are known"},
		"none":             {Region{}, "no prices of r are known; quorate prices refresh --region r fetches them"},
	} {
		t.Run(name, func(t *testing.T) {
			got := Table{map[string]Region{"r": c.region}}.Compare("r", made(t), made(t), nil, nil).Priced
			if got != c.want {
				t.Errorf("priced %q, want %q", got, c.want)
			}
		})
	}
}
