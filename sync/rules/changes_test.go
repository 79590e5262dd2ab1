package rules

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const oldRules = `
apiVersion: quorate.dev/v1
kind: Rules
environments:
- {name: dev, paths: [dev/**]}
- name: prod
  paths: [prod/**]
  after: [dev]
  soak: 2h
  timeZone: Europe/Berlin
  windows: [{days: "Mon-Tue", from: "09:00", to: "16:00"}]
  freezes: [{from: 2026-12-20, to: 2027-01-06, reason: nobody is there}]
  approvals: [{risks: [destructive], count: 2, from: [codeowners]}]
  destroy: 10%
  atOnce: 1
atOnce: 4
`

func TestAChangeOfTheRulesIsToldOfTheClustersThatItMeans(t *testing.T) {
	manifests := map[string]string{"d": "dev/d.yaml", "p1": "prod/1.yaml", "p2": "prod/2.yaml", "x": "x.yaml"}
	for name, c := range map[string]struct {
		after string
		want  []Change
	}{
		"nothing but a comment": {oldRules + "# said twice\n", nil},
		"all of prod": {`
apiVersion: quorate.dev/v1
kind: Rules
environments:
- {name: dev, paths: [dev/**]}
- name: prod
  paths: [prod/**]
  soak: 30m
  after: [dev]
  timeZone: UTC
  windows: [{days: Mon, from: "22:00", to: "02:30"}]
  overrun: finish
quorumAtOnce: 1
override: {by: [ann]}
`, []Change{
			{Says: []string{"clusters at once: 4 → any number", "quorum-affecting changes at once: any number → 1", "who may override: whoever may push → ann"}},
			{Clusters: []string{"p1", "p2"}, Says: []string{
				"soak: 2h → 30m",
				"windows: Mon Tue 09:00-16:00 Europe/Berlin → Mon 22:00-02:30 UTC",
				"overrun: stop → finish",
				"freezes: Sun 20 Dec 2026 00:00 CET to Thu 7 Jan 2027 00:00 CET: nobody is there → none",
				"approvals: 2 from codeowners for destructive → none",
				"destroy at most: 10 % → any share",
				"clusters of the environment at once: 1 → any number",
			}},
		}},
		"other paths": {`
apiVersion: quorate.dev/v1
kind: Rules
environments:
- {name: dev, paths: [dev/**, x.yaml, prod/2.yaml]}
atOnce: 4
`, []Change{
			{Clusters: []string{"p1"}, Says: []string{
				"environment: prod → none, every change proceeds at once", "after: dev → nothing", "soak: 2h → 0s",
				"windows: Mon Tue 09:00-16:00 Europe/Berlin → always open",
				"freezes: Sun 20 Dec 2026 00:00 CET to Thu 7 Jan 2027 00:00 CET: nobody is there → none",
				"approvals: 2 from codeowners for destructive → none", "destroy at most: 10 % → any share",
				"clusters of the environment at once: 1 → any number",
			}},
			{Clusters: []string{"p2"}, Says: []string{
				"environment: prod → dev", "after: dev → nothing", "soak: 2h → 0s",
				"windows: Mon Tue 09:00-16:00 Europe/Berlin → always open",
				"freezes: Sun 20 Dec 2026 00:00 CET to Thu 7 Jan 2027 00:00 CET: nobody is there → none",
				"approvals: 2 from codeowners for destructive → none", "destroy at most: 10 % → any share",
				"clusters of the environment at once: 1 → any number",
			}},
			{Clusters: []string{"x"}, Says: []string{"environment: none, every change proceeds at once → dev"}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			before, wrong := Read([]byte(oldRules))
			after, wronger := Read([]byte(c.after))
			if len(wrong)+len(wronger) > 0 {
				t.Fatal(wrong, wronger)
			}
			if d := cmp.Diff(c.want, Changes(before, after, manifests)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// Paths and names are no rules of a cluster: it is told by them which rules are.
func TestEveryRuleHasItsLine(t *testing.T) {
	if n, lines := reflect.TypeFor[Environment]().NumField(), len(Environment{}.lines()); n != lines+1 {
		t.Errorf("an environment has %d fields, and %d lines tell of all but its paths", n, lines)
	}
	if n, lines := reflect.TypeFor[Rules]().NumField(), len(Rules{}.whole()); n != lines+1 {
		t.Errorf("rules have %d fields, and %d lines tell of all but the environments", n, lines)
	}
}
