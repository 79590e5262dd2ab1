// Package apply answers: how do the changes of a plan get done, safely?
//
// [Applier.Run] takes a plan's steps (apply/order), runs the ones that may run side
// by side, asks the gate (apply/quorum, fed by apply/health) before anything that
// takes a control-plane machine out, and returns an [Outcome] for every step: done,
// waiting or failed. It remembers nothing: the next pass looks and plans again.
//
// Each kind has a file with the three verbs of [handler]; start there for what a
// single change does, and with run.go for how they hang together.
package apply
