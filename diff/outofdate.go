package diff

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/quorate/quorate/topology"
)

// An OldMachine is a machine that is to be replaced.
type OldMachine struct {
	topology.Machine
	// Why goes on after "it was": "made from an older template".
	Why string
}

// Outdated reports that the machine is not what its group makes, as opposed to one whose time has come or
// that is on its way out already.
func (m OldMachine) Outdated() bool { return m.Why == madeFromOlder }

// MachinesField stands for the machines of a group, which are no field of it.
const MachinesField = "machines"

// madeFromOlder is why a machine is old whose template's content is another one. The number of the
// version does not count: a new version of equal content replaces nothing.
const madeFromOlder = "made from an older template"

// outOfDate lists the machines of a group that are to be replaced, although the group itself may be
// pinned right already.
func (p Policy) outOfDate(group topology.AutoScalingGroup, machines []topology.Machine) []OldMachine {
	var old []OldMachine
	for _, m := range machines {
		if why := p.whyOld(group, m); why != "" && !m.Gone() {
			old = append(old, OldMachine{m, why})
		}
	}
	slices.SortFunc(old, func(a, b OldMachine) int {
		return cmp.Or(a.Launched.Compare(b.Launched), cmp.Compare(a.ID, b.ID))
	})
	return old
}

// whyOld is the one rule that says which machines are to be replaced.
func (p Policy) whyOld(group topology.AutoScalingGroup, m topology.Machine) string {
	if m.Detached == group.Ref() {
		return "detached to be replaced"
	}
	if m.Group != group.Ref() {
		return ""
	}
	if m.Template != group.Template {
		return madeFromOlder
	}
	if why := p.tooOld(p.Rolling[group.Ref()], m.Launched); why != "" {
		return why
	}
	if p.Marked[m.ID] {
		return "marked on its node (kops.k8s.io/needs-update)"
	}
	return ""
}

// tooOld judges by the moment of the launch alone. It names moments and no ages: a plan that is made a
// minute later reads the same.
func (p Policy) tooOld(limits topology.RollingUpdate, launched time.Time) string {
	if p.Now.IsZero() || launched.IsZero() {
		return ""
	}
	for _, at := range limits.RollAt {
		if !at.After(p.Now) && launched.Before(at) {
			return "launched before " + moment(at) + " (quorate.dev/roll-at)"
		}
	}
	if limits.MaxAge > 0 && p.Now.Sub(launched) > limits.MaxAge {
		return fmt.Sprintf("launched on %s, more than %s ago (quorate.dev/max-machine-age)", moment(launched), hours(limits.MaxAge))
	}
	return ""
}

func moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// hours is a duration without the zeros that nobody wrote.
func hours(d time.Duration) string {
	return strings.NewReplacer("h0m0s", "h", "m0s", "m").Replace(d.String())
}

// oldField tells the machines by what makes them old.
func oldField(group topology.AutoScalingGroup, old []OldMachine) []FieldChange {
	if len(old) == 0 {
		return nil
	}
	ids := map[string][]string{}
	var whys []string
	for _, m := range old {
		if ids[m.Why] == nil {
			whys = append(whys, m.Why)
		}
		ids[m.Why] = append(ids[m.Why], m.ID)
	}
	slices.Sort(whys)
	var have []string
	for _, why := range whys {
		have = append(have, strings.Join(slices.Sorted(slices.Values(ids[why])), ", ")+" "+why)
	}
	return []FieldChange{{Path: MachinesField, Effect: Roll, Have: strings.Join(have, "; "), Want: "all made from template " + group.Template}}
}

// noteRollsToCome tells which machines a time in the future will replace.
func (p Policy) noteRollsToCome(plan *Plan, want topology.Topology, machines []topology.Machine) {
	for _, group := range topology.Of[topology.AutoScalingGroup](want) {
		for _, at := range p.Rolling[group.Ref()].RollAt {
			var ids []string
			for _, m := range machines {
				if m.Group == group.Ref() && !m.Gone() && m.Launched.Before(at) {
					ids = append(ids, m.ID)
				}
			}
			if !p.Now.IsZero() && at.After(p.Now) && len(ids) > 0 {
				slices.Sort(ids)
				plan.note(group.Ref(), "from "+moment(at)+" on its machines launched before are replaced (quorate.dev/roll-at), among them "+strings.Join(ids, ", "))
			}
		}
	}
}
