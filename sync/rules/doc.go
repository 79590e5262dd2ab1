// Package rules answers one question: may this change of this cluster be carried out
// now, as far as people have a say in it?
//
// Start at [Rules.Decide], a function from a [Question] to a [Verdict]; the objections it
// asks, in their order, are the table in objections.go. The rules stand in quorate.yaml at
// the root of the repository: [Read] decodes it, with every problem at once. When machines
// may go is no matter of these rules but of apply/quorum, which nobody overrules.
//
// It imports diff for the risk of a plan, and desired for the form of problems; it does no
// I/O and has no clock.
package rules
