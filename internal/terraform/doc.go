// Package terraform answers one question: what would this topology be in Terraform's words?
//
// [JSON] writes Terraform's JSON syntax, so that a topology can be reviewed, or handed over, with tools
// that people have. Labels follow kops's Terraform target. Start at document.go; kinds.go has one row for
// each kind, and each kind its file.
//
// The package is pure and imports topology and the standard library.
package terraform
