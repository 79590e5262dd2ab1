// Package preflight answers one question: would AWS let this plan happen?
//
// Start at [Check]. Before a plan is called applicable it asks what a plan cannot tell by itself: are
// the zones there, are the machine types offered in them, are images found and of the right
// architecture, do the subnets have addresses left, do the quotas have room, and may we make the calls?
// Each check asks only about what the plan would create or change, so that a plan without changes costs
// no call.
//
// Permissions are asked with EC2's dry runs, which change nothing: every input of a mutating call that
// this package writes says DryRun, a test looks that it does, and clients without a guard send no other.
// The package imports its parent, internal/awsapi, the list of instance types, and topology.
package preflight
