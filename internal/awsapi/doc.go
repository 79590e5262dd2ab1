// Package awsapi answers: how do we talk to AWS, and what does an error of AWS mean?
//
// [Load] makes the clients of one region and account: the SDK's default credential
// chain, an assumed role per cluster, careful retries, a count of every call, and a
// guard that every mutating call must pass. errors.go is the only place that looks
// at AWS error codes. The package knows no kind of resource.
package awsapi
