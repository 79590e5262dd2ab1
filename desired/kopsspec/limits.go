package kopsspec

// Limits on one file. A manifest comes from whoever may push to the repository, so a hostile one must
// cost a bounded amount of time and memory. The largest manifests of kops's own test suite have about
// 60 kB, 20 documents and a nesting of 12.
const (
	MaxBytes     = 1 << 20
	MaxDepth     = 64
	MaxDocuments = 500
	MaxValues    = 100_000 // values of one document, counted after aliases are expanded
)
