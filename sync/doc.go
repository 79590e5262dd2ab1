// Package sync answers: what happens to a cluster after somebody pushed a commit?
//
// A [Planner] looks and plans, without being able to change anything. A [Pass] plans
// and applies once, and remembers nothing. A [Service] is the loop around passes: it
// watches a repository, runs the clusters that changed, waited, failed or are due a
// look for drift, and posts how each of them fares. Start with pass.go.
package sync
