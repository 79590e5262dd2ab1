//go:build race

package sync_test

// deaths is how many calls of each story a crash test kills at. The race detector is there for the code and
// not for the points, and makes each story ten times as long: the tests without it try them all.
const deaths = 3
