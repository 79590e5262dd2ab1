// Package drift answers: AWS is not what an applied commit made it; who may have done that, and what is to
// be done about it?
//
// Drift is a difference that a pass finds although the same manifests had been applied to their end before;
// a tag on the control-plane groups tells that ([Applied]). [Judge] parts a plan into what is to be corrected
// now and what waits for people, by the cluster's policy and by what is remembered of earlier corrections
// ([Memory]). A [Keeper] does so for the service. Start with judge.go.
//
// It imports desired, diff and topology. Judging is a function from values to values; only the Keeper touches
// a folder.
package drift
