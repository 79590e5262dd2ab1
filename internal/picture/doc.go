// Package picture answers: what does a cluster, or a plan, look like?
//
// [OfCluster] arranges a topology as one would draw it: zones as columns, subnets in
// them, groups in the subnets, etcd volumes in the control plane, load balancers on
// top. [OfPlan] arranges the changes of a plan from left to right, in the order they
// happen. [Write] writes either as SVG, laid out here, or as the source of a Mermaid or
// Graphviz diagram. Start with cluster.go and graph.go; the drawing is in svgcluster.go
// and svggraph.go.
//
// Everything here is a function from values to text, the same text each time, and needs
// no other program. A kind of resource that has no place in the drawing is counted
// below it. Names come from manifests and tags, so every writer escapes them.
package picture
