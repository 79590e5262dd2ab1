// Package checkup answers one question: is this cluster healthy, and what is to be done if it is not?
//
// [Sources.Gather] collects [Facts] from AWS, etcd, Kubernetes, the state store and the API servers, side by
// side, changing nothing. [Judge] is a pure function from facts to [Finding]s: what `kops validate cluster`
// checks, and what it does not. What could not be learned is a finding too: unknown is never ok. Start with
// the table in judge.go; each check has a file.
//
// The package imports the stages' words and asks through functions that are handed in.
package checkup
