// Package kube answers: what does Kubernetes say of this machine, and may it be emptied?
//
// [Cluster.Nodes] tells which node each machine is, and how it is. [Cluster.Empty] takes one step in
// emptying a node and returns at once with what still runs there and why: it cordons, takes the node out
// of load balancers, and evicts through the eviction API, which keeps every PodDisruptionBudget. It never
// waits; how far a node is stands in the node and its pods, so whoever comes next goes on there.
// [Cluster.Rehearse] finds, before anything starts, the pods that could never be evicted.
//
// Eviction and the choice of pods are kubectl's drain library. The package imports client-go,
// that and topology; it knows no AWS.
package kube
