//go:build !race

package sync_test

import "math"

// deaths is at how many calls of a story the crash tests kill: at every one.
const deaths = math.MaxInt
