// Package instancetype answers one question: what is an EC2 instance type of this name like?
//
// Start at [Find]. The answers are AWS's own (types.csv, whose first lines say from when and where),
// carried along so that manifests can be judged without AWS; `make instance-types` renews them. AWS
// adds types every few weeks, so that a name that is missing here need not be wrong: [Plausible] tells
// what may be younger than the list from what is nonsense.
//
// Everything here is a pure function. The package imports the standard library only.
package instancetype
