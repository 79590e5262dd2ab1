// Package render answers: how do people and programs read a plan?
//
// A [Plan] is the changes in the order they will happen, with the reason each stands
// where it stands. [JSON] is for programs, [Text] for a terminal and [Markdown] for a
// pull request. All three print the same facts, and nothing that is not a field of
// the diff tables.
package render
