//go:build race

package sync_test

// stride is wider under the race detector, which is there for the code and not for
// the points: the test without it tries them all.
const stride = 13
