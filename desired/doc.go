// Package desired answers one question: what do these manifests want on AWS, and what is wrong with them?
//
// Start at [Build]: it decodes the files (kopsspec), checks the rules (rules.go and the rules_*.go
// beside it) and, for every cluster without an error, makes the resources of each kind (kinds.go and one
// file per kind). Names, tags and defaults are those of kops 1.37, so that a cluster made by kops is
// found and matched.
//
// Everything here is a pure function: no context, no clock, no client. The package imports kopsspec
// and topology.
package desired
