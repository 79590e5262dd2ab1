package render

import (
	"regexp"
	"strings"
	"testing"
)

func TestForeignTextStaysTextInMarkdown(t *testing.T) {
	for _, foreign := range []string{
		"a | b", `a \| b`, `a \\| b`, "<img src=x>", "[x](https://evil.example)", `\[x](https://evil.example)`,
		"@ada", "&#64;ada", "&lt;b>", "acme/clusters#1", "https://evil.example", "``` \n# Title\n", "\r\n> quote",
	} {
		got := cell(foreign)
		if strings.ContainsAny(got, "\r\n<`") || regexp.MustCompile(`@\w|#\w|://|&#|&lt;b>`).MatchString(got) {
			t.Errorf("cell(%q) = %q", foreign, got)
		}
		for _, text := range []string{got, code(foreign)} {
			if strings.ContainsAny(text, "\n`") || unescaped(text, '|') {
				t.Errorf("%q becomes %q", foreign, text)
			}
		}
		if unescaped(got, '[') {
			t.Errorf("cell(%q) = %q: it may begin a link", foreign, got)
		}
	}
}

// unescaped reads as CommonMark's table cells do: a backslash takes the character behind it along.
func unescaped(text string, mark byte) bool {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case mark:
			return true
		}
	}
	return false
}
