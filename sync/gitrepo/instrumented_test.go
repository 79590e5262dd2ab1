//go:build !race

package gitrepo

// instrumented is how much more than usual is allocated.
const instrumented = 1
