// Package promotion answers one question: how far has a change come through the clusters of a repository, and may it
// go on to the next one now?
//
// Start at [Promotion.Leave], which gathers what a rule needs to know and asks sync/rules to decide: who agreed to the
// change, from the branch and the Git host (origin.go), and how the other clusters bear it, from the ends of their
// passes (health.go), which survive a restart (record.go). The rules stand in quorate.yaml (rulebook.go).
//
// It knows no pass and no AWS: what a plan would do and how a pass ended are told to it in its own words.
package promotion
