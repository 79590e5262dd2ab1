// Package kopsmade answers one question: what does AWS hold once a cluster was made by kops, and not by us?
//
// [Make] reads a cluster in Terraform's JSON syntax (what kops update cluster --target=terraform
// writes, and quorate topology --output terraform) and makes its resources by raw calls of the SDK, as
// Terraform's AWS provider does, with what kops itself does on top: groups that follow $Latest, and
// user data of kops's own. It is a judge for tests and knows nothing of the product: what it makes,
// the product has to find and to call right.
//
// Start at make.go; resources.go has one row for each Terraform type. It imports awsapi, and nothing
// else of this module.
package kopsmade
