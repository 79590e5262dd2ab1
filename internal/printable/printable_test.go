package printable

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestWhatIsNotSeenIsLeftOut(t *testing.T) {
	for text, want := range map[string]string{
		"clusters/ha.yaml":            "clusters/ha.yaml",
		"Größe – 東京 ✓ €":              "Größe – 東京 ✓ €",
		" a\n\n\tb\r\n":               "a b",
		"\x1b[2J\x1b]0;title\x07gone": "[2J]0;titlegone",
		"a\u202egnp.yaml\u2066":       "agnp.yaml",
		"prod\u200b\u00ad\ufeff":      "prod",
		"a\u2028b\u00a0c":             "a b c",
		"a\xff\x00\u009bb\U000e0041c": "abc",
		"\ufffd":                      "",
	} {
		if got := Line(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	if got := Keep("  two  spaces\n"); got != "  two  spaces" {
		t.Errorf("%q", got)
	}
}

func TestATextIsCutAtAWordOfItsLimit(t *testing.T) {
	for _, c := range []struct {
		text  string
		limit int
		want  string
	}{
		{"short", 5, "short"}, {"one two three", 10, "one two…"}, {"oneword", 4, "one…"}, {"ééééé", 3, "éé…"},
		{"a, b and more", 10, "a, b and…"}, {"x\ny", 3, "x y"},
	} {
		if got := Shorten(c.text, c.limit); got != c.want {
			t.Errorf("%q in %d: %q, want %q", c.text, c.limit, got, c.want)
		}
	}
}

func FuzzLine(f *testing.F) {
	f.Add("a\u202e\nb\x1b[2J\xff", 3)
	f.Fuzz(func(t *testing.T, text string, limit int) {
		limit = 1 + max(limit, -limit, 0)%200
		for _, got := range []string{Line(text), Keep(text), Shorten(text, limit)} {
			if !utf8.ValidString(got) || strings.ContainsFunc(got, func(c rune) bool { return !unicode.IsPrint(c) }) {
				t.Errorf("%q becomes %q", text, got)
			}
			if Keep(got) != got {
				t.Errorf("%q is not what it becomes", got)
			}
		}
		if got := Shorten(text, limit); utf8.RuneCountInString(got) > limit {
			t.Errorf("%q is longer than %d", got, limit)
		}
	})
}
