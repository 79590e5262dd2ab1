package desired

import (
	"strings"
	"testing"
)

func TestADriftPolicyGivesEachClassItsMode(t *testing.T) {
	for policy, want := range map[DriftPolicy]string{
		"":                                     "fix,fix,fix,fix,fix",
		"report":                               "report,report,report,report,report",
		"fix, rolling=ask, destructive=report": "fix,fix,ask,fix,report",
		"ask,in place = fix":                   "ask,fix,ask,ask,ask",
		"quorum-affecting=ask":                 "fix,fix,fix,ask,fix",
	} {
		var modes []string
		for _, class := range DriftClasses {
			modes = append(modes, string(policy.Mode(class)))
		}
		if got := strings.Join(modes, ","); got != want {
			t.Errorf("%q: %s, want %s", policy, got, want)
		}
	}
}

func TestABadDriftPolicyIsRefusedWithWhatToWrite(t *testing.T) {
	for value, want := range map[string]string{
		"":                         "it says nothing; write fix, ask or report",
		"fixed":                    `"fixed" is no way to treat drift; did you mean fix?`,
		"fix, roling=ask":          `"roling" is no class of changes; did you mean rolling?`,
		"fix, rolling=":            `"" is no way to treat drift; they are fix, ask, report`,
		"fix, =ask":                `"" is no class of changes; they are metadata, in place`,
		"rolling=ask, rolling=fix": `"rolling" is there twice`,
		"fix, report":              "two words are for all classes",
	} {
		if got := isDriftPolicy(manifest{}, value); !strings.HasPrefix(got, want) {
			t.Errorf("%q: %s", value, got)
		}
	}
}

func TestADriftScheduleIsACronLineThatComes(t *testing.T) {
	for value, want := range map[string]string{
		"*/5 * * * *": "",
		"@hourly":     "",
		"@every 90s":  "",
		"CRON_TZ=Europe/Berlin 0 6-20 * * MON-FRI": "",
		"CRON_TZ=Europe/Berlin":                    "has a time zone and no time",
		"TZ=":                                      "has a time zone and no time",
		"CRON_TZ=Mars/Olympus 0 6 * * *":           "is no cron line",
		"every ten minutes":                        "is no cron line",
		"0 0 31 2 *":                               "names a day that never comes",
		"@every 10s":                               "is more often than once in a minute",
		"":                                         "is no cron line",
	} {
		if got := isDriftSchedule(manifest{}, value); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%q: %s", value, got)
		}
	}
}
