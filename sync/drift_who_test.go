package sync_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/quorate/quorate/actual/history"
	"github.com/quorate/quorate/internal/awssim"
	"github.com/quorate/quorate/sync/drift"
)

// untold are the kinds of drift of which nobody learns who made them, for their calls name nothing that is known
// when they are found: calls that add something have its id in the answer, those that take a listener away have
// only its own, and those about queues an URL.
var untold = []string{
	"queue/ha-example-com-nth retention",
	"queue/ha-example-com-nth policy",
	"listener/api.ha.example.com:443",
	"subnet/strange.ha.example.com",
	"security-group/strange.ha.example.com",
}

func TestWhoeverMadeDriftIsNamed(t *testing.T) {
	n := newWatch(t, guarded("report"))
	n.hears(t)
	n.ground.region.SetPrincipal("AKIDALICE", "arn:aws:iam::123456789012:user/alice")
	us := n.operator
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDALICE")
	n.operator = newOperator(t, n.ground)
	var fields []string
	for _, m := range meddlings {
		if slices.Contains([]string{"workers are gone with their group", "a master is gone with its group", "an etcd volume is gone", "a lifecycle hook is removed"}, m.name) {
			continue // or what was done to them besides would be gone, too
		}
		m.do(n)
		fields = append(fields, m.field)
	}
	n.operator = us
	for range 60 {
		n.pass()
		n.minute()
	}
	named := map[string]string{}
	for _, f := range n.last.Planned.Drift.Findings {
		if f.Deed != nil {
			named[strings.TrimSpace(f.Ref.String()+" "+f.Path)] = f.Deed.By
		}
	}
	for _, field := range fields {
		if got := named[field]; (got == "user/alice") == slices.Contains(untold, field) || got != "" && got != "user/alice" {
			t.Errorf("%s: by %q", field, got)
		}
	}
	if _, text := n.last.Planned.Drift.Say(its, n.clock.Now()); !strings.Contains(text, " by user/alice (answer ") {
		t.Error(text)
	}
}

// hears lets the keeper read CloudTrail, as the command wires it.
func (n *night) hears(t *testing.T) {
	t.Helper()
	past := history.FromClients(n.life.clients(t, n.want.Region, nil))
	n.keeper.Deeds = func(ctx context.Context, id string, since time.Time) ([]drift.Deed, error) {
		changes, err := past.Changes(ctx, id, since)
		var deeds []drift.Deed
		for _, c := range changes {
			deeds = append(deeds, drift.Deed(c))
		}
		return deeds, err
	}
}

// A correction is made before CloudTrail tells of what it corrects, and whether it may be read or not.
func TestACloudTrailThatIsClosedHoldsNoCorrectionUp(t *testing.T) {
	n := newWatch(t, small)
	n.hears(t)
	n.ground.region.SetIntercept(awssim.OnOperation("cloudtrail", "LookupEvents", awssim.Deny))
	before := n.life.calls.ByOperation()
	for range 3 {
		n.pass()
	}
	if asked := n.life.calls.ByOperation()["LookupEvents"] - before["LookupEvents"]; asked > 0 {
		t.Errorf("without drift CloudTrail was asked %d times", asked)
	}
	n.allow(mastersG, 22, "0.0.0.0/0")
	n.pass()
	if asked := n.life.calls.ByOperation()["LookupEvents"]; asked == 0 || n.last.Planned.Drift.Doubt != "" {
		t.Errorf("CloudTrail was asked %d times; %s", asked, n.last.Planned.Drift.Doubt)
	}
	n.until("it is corrected", time.Hour, n.well)
}
