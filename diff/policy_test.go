package diff

import (
	"slices"
	"testing"

	"github.com/quorate/quorate/topology"
)

func TestWithoutPruningWhatNobodyWantsIsToldAndStays(t *testing.T) {
	lt := template("t3.medium")
	have := made(t, vpc(), lt, group(topology.Worker, lt))
	plan := Policy{KeepUnwanted: true}.Between(made(t, vpc()), have, nil)
	if !plan.Empty() || len(plan.Kept) != 2 {
		t.Errorf("changes %+v, kept %+v", plan.Changes, plan.Kept)
	}
	if plan := Between(made(t, vpc()), have, nil); plan.Counts()[Delete] != 2 || len(plan.Kept) != 0 {
		t.Errorf("by default: changes %+v, kept %+v", plan.Changes, plan.Kept)
	}
}

func TestWithoutPruningAnAccessListIsNarrowedAllTheSame(t *testing.T) {
	sg := topology.SecurityGroup{Name: "masters.ha.example.com", VPC: vpc().Ref(), Ownership: topology.Owned}
	rule := topology.SecurityGroupRule{Group: sg.Ref(), Protocol: "tcp", FromPort: 443, ToPort: 443, Ownership: topology.Owned}
	plan := Policy{KeepUnwanted: true}.Between(made(t, vpc(), sg), made(t, vpc(), sg, rule), nil)
	if plan.Counts()[Delete] != 1 {
		t.Errorf("the rule stays open: changes %+v, kept %+v", plan.Changes, plan.Kept)
	}
	plan = Policy{KeepUnwanted: true}.Between(made(t, vpc()), made(t, vpc(), sg, rule), nil)
	if kept := slices.ContainsFunc(plan.Kept, func(k Kept) bool { return k.Ref == rule.Ref() }); !kept {
		t.Errorf("the rule of a group that stays is gone: %+v", plan.Changes)
	}
}

func TestWithoutPruningAControlPlaneGroupIsStillRefused(t *testing.T) {
	lt := template("t3.medium")
	plan := Policy{KeepUnwanted: true}.Between(made(t), made(t, lt, group(topology.ControlPlane, lt)), nil)
	if len(plan.Forbidden()) != 1 {
		t.Errorf("changes %+v", plan.Changes)
	}
}
