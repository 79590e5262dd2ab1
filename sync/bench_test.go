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
