// Package actual answers one question: what does AWS have of this cluster?
//
// [Observe] looks and returns a [State]: a topology that is ready to be compared with
// the wanted one, the AWS ids behind it, the machines, and what carries the cluster's
// tags without being anything we know. It changes nothing: the reader interfaces of
// this package list Describe, Get and List calls only, and a test holds them to it.
//
// Start with kinds.go, the map from kind to what is asked and how the answers become
// values, then open the file of one kind (subnet.go, say). A look is at most three
// rounds of calls deep, whatever the size of the cluster; inside a round all calls run
// side by side.
//
// Values are canonical at this edge: sorted, masked, AWS's own tags dropped, policies
// rewritten, so that comparing is plain equality. A resource is the cluster's own if it
// carries the pair of tags that kops writes (see owns.go); two for one name are an
// error, never a guess.
//
// The package imports topology, internal/awsapi and the AWS SDK.
package actual
