// Package kopsspec answers one question: what does this file say, in the kops v1alpha2 format, and
// what is wrong with it?
//
// Start at [Decode]. It is stricter than kops on purpose: kops drops a field it does not know without
// a word, and a dropped field is a cluster that differs from what its author reviewed. fields.txt
// lists every field kops knows, unsupported.go those that would shape AWS but are not built yet.
// [Complete] then fills in the defaults of kops.
//
// The package knows the format and nothing of AWS. It imports the standard library and the YAML parser.
package kopsspec
