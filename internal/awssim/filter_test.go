package awssim

import "testing"

func TestFilterPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern, value string
		want           bool
	}{
		{"a", "a", true},
		{"a", "A", false},
		{"a", "ab", false},
		{"a*", "ab", true},
		{"*", "", true},
		{"a?c", "abc", true},
		{"a?c", "ac", false},
		{"ubuntu/*/server", "ubuntu/images/hvm/server", true},
		{"[ab]", "a", false},
		{"[ab]*", "[ab]c", true},
		{`a\*`, "a*", true},
		{`a\*`, "ab", false},
	} {
		if got := like(c.pattern, c.value); got != c.want {
			t.Errorf("like(%q, %q) = %v", c.pattern, c.value, got)
		}
	}
}
