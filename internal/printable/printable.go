// Package printable answers: what of a text that others wrote may be shown to people?
//
// Names in a repository, commits, tags of AWS and answers of hosts can hold newlines that forge a line of a log,
// escape sequences that write elsewhere on a terminal, and characters that turn the direction of writing or are not
// seen at all. Whatever is shown, in a log, a status, a comment, a page, a notification, a record or on a terminal,
// goes through here. It imports the standard library.
package printable

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Rune reports whether a character can be seen and stays in its place; the space is the only white space that does.
func Rune(c rune) bool { return unicode.IsPrint(c) && c != utf8.RuneError }

// Line makes one line: each run of white space becomes one space, and what is not printable is left out.
func Line(text string) string { return Keep(strings.Join(strings.Fields(text), " ")) }

// Keep leaves out what is not printable, newlines among it, and leaves spaces as they are.
func Keep(text string) string {
	return strings.Map(func(c rune) rune {
		if Rune(c) {
			return c
		}
		return -1
	}, text)
}

// Shorten makes one line of at most limit characters, cutting at a word and showing the cut as …
func Shorten(text string, limit int) string {
	text = Line(text)
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	kept := string([]rune(text)[:limit-1])
	// A text without a space in its second half is cut in the word rather than to almost nothing.
	if space := strings.LastIndexByte(kept, ' '); space > len(kept)/2 {
		kept = kept[:space]
	}
	return strings.TrimRight(kept, " ,;:–-") + "…"
}
