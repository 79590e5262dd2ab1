package drift

import (
	"slices"
	"time"

	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

// A Finding is one field that is not as it was applied, or a resource that is missing or too many.
type Finding struct {
	Ref topology.Ref
	// Path is the field; empty for the whole resource.
	Path       string
	Have, Want string
	// Risk is the class of its correction.
	Risk diff.Risk
	// Mode is what is done about it: that of its class, or to ask because correcting it does not last.
	Mode desired.DriftMode
	// Since is when it was first seen.
	Since time.Time
	// Fought reports that it was corrected and came back too often.
	Fought bool
	// Released reports that people answered that it is to be put back, whatever is done with its class.
	Released bool
	// Deed is what made it; nil as long as that is not known.
	Deed *Deed
}

// key is what a finding is remembered by.
func (f Finding) key() string { return f.Ref.String() + " " + f.Path }

// Held reports that the finding waits for people.
func (f Finding) Held() bool { return f.Mode != desired.FixDrift }

// missing is what a finding has that is a whole resource which is not there.
const missing = "missing"

// A Report is what became of a plan.
type Report struct {
	// Known is set if the manifests had been applied to their end before. Otherwise there is no drift,
	// and nothing else is set.
	Known    bool
	Findings []Finding
	// Held are the changes that are not made.
	Held []diff.Change
	// Refused reports that drift stands in the way of everything, because it must not be corrected.
	Refused bool
	// Doubt says what of it could not be noted; empty if all could.
	Doubt string
}

// Fixing counts the findings that are corrected.
func (r Report) Fixing() int {
	n := 0
	for _, f := range r.Findings {
		if !f.Held() && !r.Refused {
			n++
		}
	}
	return n
}

// Judge parts a plan that was made although the commit had been applied to its end: what is left of it is to
// be carried out, and the report tells the rest. The memory is as the last look left it.
func Judge(plan diff.Plan, policy desired.DriftPolicy, memory Memory, now time.Time) (diff.Plan, Report) {
	report := Report{Known: true, Refused: len(plan.Forbidden()) > 0}
	held := map[topology.Ref]bool{}
	for _, c := range plan.Changes {
		risk := riskOf(plan, c)
		mode := policy.Mode(risk.String())
		if c.Effect == diff.Forbid {
			mode = desired.AskDrift
		}
		found := findings(c)
		for i := range found {
			f := &found[i]
			f.Risk, f.Mode = risk, mode
			f.Since, f.Fought = memory.about(f.key(), now)
			if f.Fought && f.Mode == desired.FixDrift {
				f.Mode = desired.AskDrift
			}
			if f.Released = c.Effect != diff.Forbid && memory.released(*f); f.Released {
				f.Mode = desired.FixDrift
			}
			held[c.Ref] = held[c.Ref] || f.Held() && c.Effect != diff.Forbid
		}
		report.Findings = append(report.Findings, found...)
	}
	plan, report.Held = without(plan, held)
	for i := range report.Findings {
		if f := &report.Findings[i]; held[f.Ref] && !f.Held() {
			f.Mode = desired.AskDrift // it goes with another one that is not made
		}
	}
	return plan, report
}

// riskOf is the risk of a change with that of what it is made for: a launch template is corrected for the
// machines of its groups, and what belongs to something goes when that goes. A master's group that is gone is
// made anew in place, for its member comes back on its volumes; but not if a volume of etcd is gone, too: the
// member that was on it leaves etcd, and another one joins.
func riskOf(plan diff.Plan, c diff.Change) diff.Risk {
	risk := plan.RiskOf(c)
	if c.Effect == diff.Create && etcd(c.Want) && slices.ContainsFunc(plan.Changes, losesMember) {
		risk = max(risk, diff.RiskQuorum)
	}
	for _, other := range plan.Changes {
		group, isGroup := other.Want.(topology.AutoScalingGroup)
		switch {
		case isGroup && group.LaunchTemplate == c.Ref && other.Effect == diff.Roll,
			c.Effect == diff.Delete && other.Effect == diff.Delete && slices.Contains(c.Have.Needs(), other.Ref):
			risk = max(risk, plan.RiskOf(other))
		}
	}
	return risk
}

// losesMember reports that a volume is made for a member whose own is gone.
func losesMember(c diff.Change) bool {
	volume, ok := c.Want.(topology.Volume)
	return ok && c.Effect == diff.Create && volume.EtcdCluster != ""
}

// etcd reports whether a resource carries a member.
func etcd(r topology.Resource) bool {
	switch r := r.(type) {
	case topology.AutoScalingGroup:
		return r.Role == topology.ControlPlane
	case topology.Volume:
		return r.EtcdCluster != ""
	}
	return false
}

// findings are what is drift of a change. A group whose machines are due, because a time has come or somebody
// marked them, has not drifted: its manifest asks for that.
func findings(c diff.Change) []Finding {
	switch {
	case c.Effect == diff.Create:
		return []Finding{{Ref: c.Ref, Have: missing, Want: "there"}}
	case c.Effect == diff.Delete || c.Effect == diff.Forbid && len(c.Fields) == 0:
		return []Finding{{Ref: c.Ref, Have: "there", Want: "gone"}}
	}
	var found []Finding
	for _, f := range c.Fields {
		if f.Path == diff.MachinesField && !slices.ContainsFunc(c.Old, diff.OldMachine.Outdated) || f.Path == "follows" {
			continue
		}
		found = append(found, Finding{Ref: c.Ref, Path: f.Path, Have: f.Have, Want: f.Want})
	}
	return found
}

// without takes changes out of a plan, and those that make no sense without them: what needs something that
// is not made, and the end of what something else that is left alone still needs.
func without(plan diff.Plan, held map[topology.Ref]bool) (diff.Plan, []diff.Change) {
	for more := true; more; {
		more = false
		for _, c := range plan.Changes {
			if !held[c.Ref] && c.Effect != diff.Forbid && leans(c, plan.Changes, held) {
				held[c.Ref], more = true, true
			}
		}
	}
	var out []diff.Change
	for _, c := range plan.Changes {
		if held[c.Ref] {
			out = append(out, c)
		}
	}
	plan.Changes = slices.DeleteFunc(slices.Clone(plan.Changes), func(c diff.Change) bool { return held[c.Ref] })
	return plan, out
}

// leans reports whether a change cannot be made as long as one of those that are held is not.
func leans(c diff.Change, all []diff.Change, held map[topology.Ref]bool) bool {
	return slices.ContainsFunc(all, func(other diff.Change) bool {
		switch {
		case !held[other.Ref]:
			return false
		case other.Effect == diff.Create:
			return c.Want != nil && slices.Contains(c.Want.Needs(), other.Ref)
		case c.Effect == diff.Delete || c.Effect == diff.Replace:
			return other.Have != nil && slices.Contains(other.Have.Needs(), c.Ref)
		}
		return false
	})
}
