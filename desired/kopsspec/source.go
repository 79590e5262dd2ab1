package kopsspec

import "strings"

// Position is a place in a file; lines and columns count from 1.
type Position struct {
	File         string
	Line, Column int
}

// Source remembers where each value of a document stands. It lives beside the decoded structs, so
// that rules written later can point at the line they complain about.
type Source struct {
	file  string
	start Position
	at    map[string]Position
}

// At finds the position of the value at a YAML path. A path that the document does not have, such as
// that of a missing field, is answered with the nearest enclosing value.
func (s Source) At(path string) Position {
	for path != "" {
		if p, ok := s.at[path]; ok {
			return p
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return s.start
}

// Has tells whether the document writes a value at the path.
func (s Source) Has(path string) bool {
	_, ok := s.at[path]
	return ok
}

// Problem points a sentence at a path of the document.
func (s Source) Problem(severity Severity, path, message string) Problem {
	at := s.At(path)
	return Problem{File: s.file, Line: at.Line, Column: at.Column, Path: path, Severity: severity, Message: message}
}
