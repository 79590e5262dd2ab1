// Package review answers: what would become of the clusters if this pull request were merged?
//
// A [Service] follows the open pull requests of a repository: it reads the manifests that they touch
// (touch.go), plans each cluster against AWS (plan.go), and says what it found as statuses (status.go) and
// in one comment (comment.go). What people order in comments is in command.go and obey.go. Start with
// service.go.
//
// A pull request is data from a stranger. Nothing of it is run, no address in it is asked for anything, and
// of its text nothing is printed but as text. Looking at AWS is handed in and can change nothing; it imports
// sync for what a plan is, and the packages of the Git side.
package review
