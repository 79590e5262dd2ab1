// Package diff answers: what would have to change, and what would each change do?
//
// [Between] compares what is wanted with what AWS has and returns a [Plan]. The
// file of a kind is a table of its fields with the [Effect] of a difference in
// each; that table is the policy for the kind, so start with subnet.go or volume.go.
//
// Everything here is a function from values to values: no context, no clock, no
// client. The package imports topology and go-cmp.
package diff
