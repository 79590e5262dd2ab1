// Package examples answers: what does a manifest look like?
//
// Each folder is a cluster as it stands in a repository. The program carries the HA
// example with it, so that the demo needs no checkout.
package examples

import _ "embed"

// HA is a highly available cluster: three masters in three zones, and three workers.
//
//go:embed ha.example.com/cluster.yaml
var HA []byte
