//go:build race

package gitrepo

// instrumented is how much more the race detector allocates, who keeps pools from being used again.
const instrumented = 3
