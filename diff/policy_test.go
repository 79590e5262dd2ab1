package diff

import (
	"reflect"
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

// untagged are the kinds without tags that are things of their own, and no settings of another.
var untagged = []topology.Kind{topology.KindVPCCIDR, topology.KindDNSRecord, topology.KindZoneAssociation}

// TestAKindWithoutTagsIsASettingOrSaysNot: what has no tags has no owner of its own in AWS, and is most
// likely a setting of what it hangs on, which must not outlive the manifest under any policy.
func TestAKindWithoutTagsIsASettingOrSaysNot(t *testing.T) {
	parent := topology.SecurityGroup{Name: "parent"}
	for _, r := range everyStruct {
		if _, tagged := reflect.TypeOf(r).FieldByName("Tags"); tagged {
			continue
		}
		setting := reflect.New(reflect.TypeOf(r)).Elem()
		for _, field := range setting.Fields() {
			if field.Type() == reflect.TypeFor[topology.Ref]() {
				field.Set(reflect.ValueOf(parent.Ref()))
			}
		}
		is := isSetting(made(t, parent), setting.Interface().(topology.Resource))
		if kind := r.Ref().Kind; is == slices.Contains(untagged, kind) {
			t.Errorf("%s has no tags: give it a case in isSetting (policy.go), or a row in untagged if it is a thing of its own", kind)
		}
	}
}
