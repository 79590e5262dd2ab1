package rules

import (
	"strings"
	"testing"

	"github.com/quorate/quorate/desired"
)

const good = `apiVersion: quorate.dev/v1
kind: Rules
environments:
- name: dev
  paths: [clusters/dev/**]
- name: prod
  paths: [clusters/prod/**]
  after: [dev]
  soak: 2h
  timeZone: Europe/Berlin
  windows:
  - {days: "Mon-Thu, Sat", from: "09:00", to: "16:00"}
  overrun: finish
  freezes:
  - {from: 2026-12-20, to: 2027-01-06, reason: holidays}
  approvals:
  - {risks: [quorum-affecting, in place], count: 2, from: [codeowners]}
  destroy: 10%
  atOnce: 1
atOnce: 3
quorumAtOnce: 1
override: {by: [ann]}
signatures: {whatever: stands here}
`

func TestEveryProblemOfTheRulesIsToldWithItsPlace(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"kind: Rules", "kind: Rulez", `quorate.yaml:2:7: kind: "Rulez" is not read`},
		{"quorate.dev/v1", "v9", `quorate.yaml:1:13: apiVersion: "v9" is not read`},
		{"name: dev", "name: prod", `quorate.yaml:6:9: environments[1].name: "prod" is no name of its own`},
		{"paths: [clusters/dev/**]", "paths: []", `environments[0].paths: no manifest belongs to it`},
		{"clusters/dev/**", "/dev/**", `quorate.yaml:5:11: environments[0].paths[0]: "/dev/**" is no pattern`},
		{"clusters/dev/**", `"a[b"`, `environments[0].paths[0]: "a[b" is no pattern`},
		{"after: [dev]", "after: [stage]", `quorate.yaml:8:11: environments[1].after[0]: no environment above is named "stage"`},
		{"after: [dev]", "after: [prod]", `environments[1].after[0]: no environment above is named "prod"`},
		{"  after: [dev]\n", "", `environments[1].soak: it soaks in the environments that it comes after`},
		{"soak: 2h", "soak: long", `quorate.yaml:9:9: environments[1].soak: "long" is no time`},
		{"soak: 2h", "soak: -2h", `environments[1].soak: "-2h" is no time`},
		{"Europe/Berlin", "Berlin", `environments[1].timeZone: "Berlin" is no time zone`},
		{"  timeZone: Europe/Berlin\n", "", `quorate.yaml:6:3: environments[1].timeZone: "" is no time zone`},
		{"Europe/Berlin", "Local", `environments[1].timeZone: "Local" is no time zone`},
		{"Mon-Thu", "Mon-Thur", `quorate.yaml:12:12: environments[1].windows[0].days: "Mon-Thur, Sat" are no days`},
		{`"09:00"`, `"9 am"`, `environments[1].windows[0].from: "9 am" is no time of day`},
		{"overrun: finish", "overrun: go", `environments[1].overrun: "go" is neither stop nor finish`},
		{"to: 2027-01-06", "to: 2026-01-06", `environments[1].freezes[0].to: it ends before it begins`},
		{"from: 2026-12-20", "from: christmas", `environments[1].freezes[0].from: "christmas" is no moment`},
		{"quorum-affecting", "dangerous", `environments[1].approvals[0].risks[0]: no risk is named "dangerous"`},
		{"count: 2", "count: 0", `environments[1].approvals[0].count: 0 people need not be asked`},
		{"risks: [quorum-affecting, in place]", "risks: []", `environments[1].approvals[0].risks: it applies to nothing`},
		{"destroy: 10%", "destroy: 10", `environments[1].destroy: "10" is no share`},
		{"quorumAtOnce: 1", "quorumAtOnce: -1", `quorate.yaml:21:15: quorumAtOnce: -1 is no number of clusters`},
		{"overrun: finish", "overruns: finish", `quorate.yaml:13:`},
		{"atOnce: 3", "atOnce: three", `quorate.yaml:20:`},
		{"atOnce: 3", "atOnce: 3\natOnce: 4", `atOnce`},
		{"kind: Rules", "kind: [", `it cannot be read as YAML`},
	} {
		rules, problems := Read([]byte(strings.Replace(good, c.old, c.new, 1)))
		var told []string
		for _, p := range problems {
			told = append(told, p.String())
		}
		if all := strings.Join(told, "\n"); !strings.Contains(all, c.want) || len(problems) > 2 {
			t.Errorf("%s: told\n%s\nand not %s", c.new, all, c.want)
		}
		if len(rules.Environments) > 0 {
			t.Errorf("%s: the rules count all the same", c.new)
		}
	}
	if _, problems := Read([]byte(good)); len(problems) > 0 {
		t.Error(problems)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(good)
	f.Add("a: &a [*a]\n")
	f.Fuzz(func(t *testing.T, text string) {
		rules, problems := Read([]byte(text))
		for _, p := range problems {
			if p.Severity != desired.Error || p.Message == "" {
				t.Errorf("problem %v", p)
			}
		}
		if len(problems) > 0 && len(rules.Environments) > 0 {
			t.Error("rules with problems count")
		}
	})
}
