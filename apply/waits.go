package apply

import (
	"github.com/quorate/quorate/apply/quorum"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/internal/awsapi"
)

// WaitClass is what sort of thing is waited for, in one word.
type WaitClass string

// The classes, the one that a wait belongs to being the first that fits.
const (
	WaitPaused     WaitClass = "paused"     // people paused the cluster
	WaitHalted     WaitClass = "halted"     // a roll halted until people change the manifests
	WaitQuorum     WaitClass = "quorum"     // the gate said not now, or no
	WaitWorkload   WaitClass = "workload"   // what runs in the cluster does not let go of a machine
	WaitThrottled  WaitClass = "throttled"  // AWS refused because there were too many calls
	WaitUnanswered WaitClass = "unanswered" // no answer came to a creating call; the next pass looks
	WaitRepair     WaitClass = "repair"     // something is wrong with a group
	WaitSettling   WaitClass = "settling"   // what is made is not working yet
	WaitAWS        WaitClass = "aws"        // AWS must finish something else first
)

// WaitClasses lists them all.
func WaitClasses() []WaitClass {
	return []WaitClass{WaitPaused, WaitHalted, WaitQuorum, WaitWorkload, WaitThrottled, WaitUnanswered, WaitRepair, WaitSettling, WaitAWS}
}

// Waits counts what the run waits for by class. What only stands behind another step is not counted.
func (r Report) Waits() map[WaitClass]int {
	counts := map[WaitClass]int{}
	for _, o := range r.Outcomes {
		if o.State == Waiting && o.Behind.IsZero() {
			counts[r.classOf(o)]++
		}
	}
	if len(r.Repairs) > 0 {
		counts[WaitRepair] += len(r.Repairs)
	}
	if len(r.Settling) > 0 {
		counts[WaitSettling] += len(r.Settling)
	}
	return counts
}

func (r Report) classOf(o Outcome) WaitClass {
	switch {
	case r.Paused != "":
		return WaitPaused
	case r.Halted && o.Effect == diff.Roll:
		return WaitHalted
	case o.Verdict != nil && o.Verdict.Answer != quorum.Proceed:
		return WaitQuorum
	case o.Who != "":
		return WaitWorkload
	case o.Err != nil && awsapi.Throttled(o.Err):
		return WaitThrottled
	case awsapi.LostAnswer(o.Err):
		return WaitUnanswered
	}
	return WaitAWS
}

// stands asks whether each etcd cluster stands as it was seen first.
func (r *run) stands() []quorum.Verdict {
	if r.seen == nil {
		return nil
	}
	var verdicts []quorum.Verdict
	for _, report := range r.seen.reports {
		verdicts = append(verdicts, quorum.Decide(report.Cluster, func(quorum.Member) bool { return false }))
	}
	return verdicts
}
