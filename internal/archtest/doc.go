// Package archtest answers one question: which package may import which? The answer is the
// table in table_test.go, and it is the architecture diagram that cannot go stale: an import
// that is not in it fails the build with the reason, and so does a package without a row.
package archtest
