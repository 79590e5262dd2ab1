package apply

import (
	"errors"
	"testing"

	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/apply/quorum"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

func TestEveryWaitHasAClass(t *testing.T) {
	waits := func(o Outcome) Outcome { o.State = Waiting; return o }
	no := &quorum.Verdict{Answer: quorum.Wait}
	yes := &quorum.Verdict{Answer: quorum.Proceed}
	for name, c := range map[string]struct {
		report Report
		want   map[WaitClass]int
	}{
		"the gate":           {Report{Outcomes: []Outcome{waits(Outcome{Verdict: no, Who: "Deployment/web"})}}, map[WaitClass]int{WaitQuorum: 1}},
		"a budget":           {Report{Outcomes: []Outcome{waits(Outcome{Verdict: yes, Who: "Deployment/web"})}}, map[WaitClass]int{WaitWorkload: 1}},
		"throttling":         {Report{Outcomes: []Outcome{waits(Outcome{Err: &smithy.GenericAPIError{Code: "RequestLimitExceeded"}})}}, map[WaitClass]int{WaitThrottled: 1}},
		"a lost answer":      {Report{Outcomes: []Outcome{waits(Outcome{Err: &awsapi.LostAnswerError{Err: errors.New("EOF")}})}}, map[WaitClass]int{WaitUnanswered: 1}},
		"AWS":                {Report{Outcomes: []Outcome{waits(Outcome{Err: &WaitError{}}), waits(Outcome{})}}, map[WaitClass]int{WaitAWS: 2}},
		"a pause":            {Report{Paused: "holidays", Outcomes: []Outcome{waits(Outcome{Verdict: no})}}, map[WaitClass]int{WaitPaused: 1}},
		"a halt":             {Report{Halted: true, Outcomes: []Outcome{waits(Outcome{Effect: diff.Roll}), waits(Outcome{Effect: diff.Create})}}, map[WaitClass]int{WaitHalted: 1, WaitAWS: 1}},
		"machines that boot": {Report{Settling: []string{"one", "two"}, Repairs: make([]Repair, 1)}, map[WaitClass]int{WaitSettling: 2, WaitRepair: 1}},
		"nothing": {Report{Outcomes: []Outcome{{State: Done}, {State: Failed}, waits(Outcome{Behind: topology.Ref{Kind: topology.KindVPC, Name: "a"}})}},
			map[WaitClass]int{}},
	} {
		if d := cmp.Diff(c.want, c.report.Waits()); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}
