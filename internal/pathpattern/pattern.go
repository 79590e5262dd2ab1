// Package pathpattern answers: does a pattern, written by somebody who may push, cover a file of the repository?
//
// It bounds doublestar, whose time doubles with each group of alternatives. It imports nothing of this module.
package pathpattern

import (
	"errors"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// Bounds of a pattern: with both, matching takes milliseconds at most.
const (
	maxLength = 500
	maxGroups = 2
)

// Check says, as the end of a sentence about the pattern, why it cannot be one.
func Check(pattern string) error {
	switch {
	case pattern == "" || strings.HasPrefix(pattern, "/") || !doublestar.ValidatePattern(pattern):
		return errors.New("is no pattern of paths from the root of the repository, such as clusters/prod/**")
	case len(pattern) > maxLength:
		return errors.New("is too long for a pattern; write several")
	case strings.Count(pattern, "{") > maxGroups:
		return errors.New("has more than two groups of alternatives; write several patterns")
	}
	return nil
}

// Match reports whether the pattern covers the path; one that Check refuses covers none.
func Match(pattern, path string) bool {
	return Check(pattern) == nil && doublestar.MatchUnvalidated(pattern, path)
}
