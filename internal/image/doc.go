// Package image answers: what is in the container image of quorate? It makes one without a Docker daemon
// and without a base image: the static binary, what a program cannot do without on an empty root, and
// nothing else.
//
// Start reading at Build, which puts an image together from binaries; Compile makes those, and root.go lists
// the files around them. The same input makes the same digest. It imports nothing of the product, which it
// knows as a program to compile; the chart beside it must agree with User, State and Program, and a test
// compares them.
package image
