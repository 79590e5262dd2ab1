// Package giteatest answers: where is a real Git host to test against?
//
// [Start] runs a real Gitea on loopback, with its database in a file of the test. People of it are made
// with [Server.Person], and do what people do through its API and through git.
//
// The program comes from the module in server, built by `make gitea`. Tests of this sort are called
// TestGitea…, are skipped where it is missing, and fail there under CI.
package giteatest
