// Package topology answers one question: what is a cluster made of?
//
// It is the model that every stage shares. desired builds a [Topology] from
// manifests, actual builds one from AWS, diff compares the two, and apply turns
// the differences into calls. Start with [Resource] and [Topology], then open the
// file of one kind (subnet.go, say).
//
// Values here are plain and canonical: sorted slices, masked prefixes, defaults
// filled in, no pointers, no AWS ids and no SDK types, so that comparing is plain
// equality. The AWS ids live in [Bindings] and nowhere else.
//
// The package imports only the standard library.
package topology
