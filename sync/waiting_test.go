package sync

import (
	"testing"
	"time"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

func TestAStatusBeginsWithWhatMatters(t *testing.T) {
	master := topology.Ref{Kind: topology.KindAutoScalingGroup, Name: "master-us-east-1b.masters.ha.example.com"}
	volume := topology.Ref{Kind: topology.KindVolume, Name: "b.etcd-main.ha.example.com"}
	done := apply.Outcome{Ref: volume, State: apply.Done}
	for _, tt := range []struct {
		name     string
		outcomes []apply.Outcome
		waited   time.Duration
		want     string
	}{
		{"a zone is under way", []apply.Outcome{{Ref: master, Zone: "us-east-1b", State: apply.Waiting, Reason: "control plane 1/3: etcd main in us-east-1b is to catch up"}}, 48 * time.Second,
			"waiting 40 s: control plane 1/3: etcd main in us-east-1b is to catch up"},
		{"something is being made", []apply.Outcome{done, {Ref: volume, Effect: diff.Create, State: apply.Waiting, Reason: "AWS makes it"}}, 3 * time.Second,
			"1 of 2 done, waiting: volume/b.etcd-main.ha.example.com: AWS makes it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, got := statusOf(Result{Report: apply.Report{Outcomes: tt.outcomes}}, tt.waited); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestALengthOfTimeIsToldRoughly(t *testing.T) {
	for d, want := range map[time.Duration]string{
		48 * time.Second: "40 s", 119 * time.Second: "110 s", 5*time.Minute + 50*time.Second: "5 min", 2*time.Hour + 19*time.Minute: "2 h 10 min",
	} {
		if got := inTens(d); got != want {
			t.Errorf("%s is %q, want %q", d, got, want)
		}
	}
}
