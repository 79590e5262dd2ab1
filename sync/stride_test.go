//go:build !race

package sync_test

// stride is the distance between the calls at which the crash test kills: every one.
const stride = 1
