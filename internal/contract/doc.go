// Package contract asks one question of two worlds: does a cluster's whole life go the
// same way in our simulated region and in moto, which other people wrote?
//
// It holds tests only. The story (story_test.go) is told once and run against both:
// create, an empty second plan, drift and its correction, a change, an empty plan,
// delete. What moto lacks or answers differently stands in a table in
// differences_test.go, each with what the story does about it.
package contract
