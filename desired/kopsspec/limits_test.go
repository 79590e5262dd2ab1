package kopsspec

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestHostileManifestsAreRefusedQuickly feeds what would exhaust a naive decoder. Each is refused with a
// sentence, and within a time that no honest machine needs.
func TestHostileManifestsAreRefusedQuickly(t *testing.T) {
	for name, c := range map[string]struct {
		data string
		want string
	}{
		"alias bomb":           {aliasBomb(), "more than 100000 values after its aliases are expanded"},
		"alias to itself":      {string(spec("topology: &t", "  dns: *t")), "nested more than 64 deep"},
		"merge of itself":      {string(spec("topology: &t", "  <<: *t")), "nested more than 64 deep"},
		"alias bomb of itself": {string(spec("addons: &a [*a, *a, *a]")), "values"},
		"deep flow nesting":    {string(spec("addons: " + strings.Repeat("[", 5000))), "exceeded max depth of 64"},
		"deep block nesting":   {string(spec("addons:", strings.Repeat("- ", 5000)+"a")), "exceeded max depth of 64"},
		"too large":            {strings.Repeat("#", MaxBytes+1), "may have at most 1048576"},
		"too many documents":   {strings.Repeat("a: b\n---\n", MaxDocuments+1), "more than 500 documents"},
		"too many values":      {string(spec("addons: [" + strings.Repeat("1,", MaxValues) + "]")), "more than 100000 values"},
		"not UTF-8":            {"a: b\nc: \xff", "byte 0xff is not UTF-8"},
		"a huge unknown key":   {string(spec(strings.Repeat("k", 1<<19) + ": 1")), "kops would ignore it"},
		"a huge wrong value":   {string(spec("networkCIDR: [" + strings.Repeat("a", 1<<19) + "]")), "expected a string, found a list"},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, problems := Decode("a.yaml", []byte(c.data))
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("took %v", took)
			}
			if text := report(problems); !strings.Contains(text, c.want) || len(text) > 1<<20 {
				t.Errorf("want a report with %q, got %d bytes: %.500s", c.want, len(text), text)
			}
		})
	}
}

// aliasBomb has 4^18 values in 18 lines.
func aliasBomb() string {
	var b strings.Builder
	b.WriteString("a0: &a0 x\n")
	for i := range 18 {
		fmt.Fprintf(&b, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d]\n", i+1, i+1, i, i, i, i)
	}
	return b.String()
}

func TestManyUnknownFieldsAreAllReported(t *testing.T) {
	var lines []string
	for i := range 40_000 {
		lines = append(lines, fmt.Sprintf("networkCIDR%d: 1", i))
	}
	_, problems := Decode("a.yaml", spec(lines...))
	if len(problems) != 40_000 {
		t.Errorf("%d problems, want one for each field", len(problems))
	}
}

func TestHonestLimitsAreNotHit(t *testing.T) {
	nested := strings.Repeat("{requiredDuringSchedulingIgnoredDuringExecution: ", 20) + "[]" + strings.Repeat("}", 20)
	c := decodeSpec(t, "kubeDNS:", "  affinity: "+nested)
	if c.Raw["kubeDNS"] == nil {
		t.Error("a nested affinity was lost")
	}
}
