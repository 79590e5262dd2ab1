package sync_test

import (
	"fmt"
	"strings"
	"testing"

	"time"
)

// awsLatency is what a call to AWS takes from inside the region, roughly.
const awsLatency = 30 * time.Millisecond

// threeGroups is the example with its workers in three groups instead of one.
func threeGroups() string {
	documents := strings.Split(small, "\n---\n")
	var all []string
	for _, d := range documents {
		if !strings.Contains(d, "role: Node") {
			all = append(all, d)
			continue
		}
		for i := range 3 {
			all = append(all, strings.Replace(d, "name: nodes", fmt.Sprintf("name: nodes-%d", i), 1))
		}
	}
	return strings.Join(all, "\n---\n")
}

// TestAPlanWithNothingToChangeCostsFewCalls counts them for three masters and three worker
// groups, so that fifty clusters looked at each minute stay far below AWS's limits.
func TestAPlanWithNothingToChangeCostsFewCalls(t *testing.T) {
	without := strings.Replace(threeGroups(), "  cloudProvider: aws\n", "  cloudProvider: aws\n  nodeTerminationHandler: {enabled: false}\n", 1)
	for name, c := range map[string]struct {
		manifest string
		most     int
	}{"with the termination queue": {threeGroups(), 60}, "without it": {without, 45}} {
		t.Run(name, func(t *testing.T) {
			ground := newGround(t)
			never.commit(t, ground, c.manifest, "calls")
			looking := &life{region: ground.region}
			planned, err := looking.planner(t, clusterOf(t, c.manifest)).Plan(t.Context(), clusterOf(t, c.manifest))
			if err != nil || !planned.Plan.Empty() {
				t.Fatalf("plan: %v, %v", planned.Plan.Changes, err)
			}
			if n := looking.calls.Total(); n > c.most {
				t.Errorf("it cost %d calls, more than %d: %v", n, c.most, looking.calls.ByOperation())
			} else {
				t.Logf("%d calls", n)
			}
		})
	}
}

// BenchmarkPlanWithNothingToChange looks at a converged cluster of three masters and
// three worker groups.
func BenchmarkPlanWithNothingToChange(b *testing.B) {
	ground := newGround(b)
	never.commit(b, ground, threeGroups(), "bench")
	c := clusterOf(b, threeGroups())
	looking := &life{region: ground.region, latency: awsLatency}
	planner := looking.planner(b, c)
	b.ResetTimer()
	for b.Loop() {
		planned, err := planner.Plan(b.Context(), c)
		if err != nil || !planned.Plan.Empty() {
			b.Fatalf("plan: %v, %v", planned.Plan.Changes, err)
		}
	}
	b.ReportMetric(float64(looking.calls.Total())/float64(b.N), "calls/op")
}

// BenchmarkCreation builds the same cluster from nothing, up to and with the pass
// that finds nothing left to do. Simulated AWS takes its own time beside the calls.
func BenchmarkCreation(b *testing.B) {
	c := clusterOf(b, threeGroups())
	calls, mutations := 0, 0
	for b.Loop() {
		b.StopTimer()
		ground := newGround(b)
		builder := &life{region: ground.region, latency: awsLatency}
		b.StartTimer()
		if !builder.converge(b, ground, c, "bench") {
			b.Fatal("it did not converge")
		}
		b.StopTimer()
		calls, mutations = builder.calls.Total(), builder.calls.Mutations()
		ground.close()
		b.StartTimer()
	}
	b.ReportMetric(float64(calls), "calls/op")
	b.ReportMetric(float64(mutations), "mutations/op")
}
