package kopsspec

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/quorate/quorate/internal/printable"
)

// Severity says whether a manifest can be used in spite of a problem.
type Severity string

// The severities.
const (
	Error   Severity = "error"   // the manifest is refused
	Warning Severity = "warning" // the manifest is used; its author should know
)

// Problem is something a manifest's author can fix. Line and Column count from 1; 0 means that the
// problem belongs to the file as a whole. Path is the YAML path inside the document, such as
// spec.etcdClusters[0].etcdMembers[1].name. Message is a sentence that says what to do.
type Problem struct {
	File     string   `json:"file"`
	Line     int      `json:"line"`
	Column   int      `json:"column"`
	Path     string   `json:"path,omitempty"`
	Severity Severity `json:"severity"`
	Message  string   `json:"message"`
}

// String prints the problem as compilers do, so that editors can jump to it, on one line.
func (p Problem) String() string {
	text := fmt.Sprintf("%s:%d:%d: ", p.File, p.Line, p.Column)
	if p.Severity == Warning {
		text += "warning: "
	}
	if p.Path != "" {
		text += p.Path + ": "
	}
	return printable.Line(text + p.Message)
}

// SortProblems orders problems by position, so that a report reads like the file.
func SortProblems(ps []Problem) {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(
			cmp.Compare(a.File, b.File),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Path, b.Path),
			cmp.Compare(a.Message, b.Message),
		)
	})
}
