package pathpattern

import (
	"strings"
	"testing"
)

func TestPatternsCoverPathsFromTheRoot(t *testing.T) {
	for _, c := range []struct {
		pattern, path string
		want          bool
	}{
		{"**", "a/b.yaml", true}, {"clusters/**", "clusters/a/b.yaml", true}, {"clusters/*", "clusters/a/b.yaml", false},
		{"clusters/{dev,test}/**", "clusters/test/a.yaml", true}, {"clusters/{dev,test}/**", "clusters/prod/a.yaml", false},
		{"{a,b}/{c,d}", "b/d", true}, {"clusters/**", "other/clusters/a", false}, {"a?c", "abc", true},
	} {
		if got := Match(c.pattern, c.path); got != c.want {
			t.Errorf("%s covers %s: %t", c.pattern, c.path, got)
		}
	}
}

func TestAPatternThatCannotBeOneCoversNothing(t *testing.T) {
	for pattern, want := range map[string]string{
		"": "is no pattern", "/clusters/**": "is no pattern", "a[": "is no pattern", "{a": "is no pattern",
		strings.Repeat("a", 501):           "is too long",
		strings.Repeat("{a,a}", 40) + "**": "more than two groups", // would be asked about for weeks
	} {
		if err := Check(pattern); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", pattern, err)
		}
		if Match(pattern, strings.Repeat("a", 41)) {
			t.Errorf("%q covers something", pattern)
		}
	}
}
