package rules

import (
	"time"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/internal/pathpattern"
)

// File is where the rules stand, at the root of the repository.
const File = "quorate.yaml"

// Rules are what people agreed on. The zero value lets everything proceed.
type Rules struct {
	// Environments in the order of the file; a cluster belongs to the first whose paths
	// match its manifest.
	Environments []Environment
	// AtOnce and QuorumAtOnce bound, over all environments, how many clusters are worked
	// on at once, and how many of those with risk for their quorum; zero is no bound.
	AtOnce, QuorumAtOnce int
	// Overriders may write the trailer [OverrideTrailer]; empty lets anybody who may push.
	Overriders []string
}

// An Environment is a set of clusters that are treated alike.
type Environment struct {
	Name string
	// Paths are patterns of manifests, from the repository's root; ** matches folders.
	Paths []string
	// After are the environments that must have the change first, all of their clusters,
	// and be healthy with it for Soak.
	After []string
	Soak  time.Duration
	// Windows are when changes may begin; none means always.
	Windows []Window
	// Overrun is what becomes of a change that is under way when a window closes.
	Overrun Overrun
	Freezes []Freeze
	// Approvals are asked for all that apply to the risk of the change.
	Approvals []Approval
	// Destroy bounds how much of a cluster's resources one change may take away, in
	// percent; zero is no bound. Deleting a whole cluster by its annotation is not bound.
	Destroy int
	AtOnce  int
}

// Overrun is what becomes of a change when its window closes.
type Overrun string

// The overruns. Whatever they say, a zone that was taken out comes back first.
const (
	// StopAtSafePoint begins nothing more until the next window.
	StopAtSafePoint Overrun = "stop"
	// Finish carries what was begun to its end.
	Finish Overrun = "finish"
)

// Approval asks for people.
type Approval struct {
	// Risks are the classes that it applies to.
	Risks []diff.Risk
	// Count is how many different people must approve, the author not among them.
	Count int
	// From are who counts: names, teams as @org/team, or [CodeOwners]; empty is anybody
	// who may review.
	From []string
}

// CodeOwners stands for those whom the CODEOWNERS file names for what the change touches.
const CodeOwners = "codeowners"

// OverrideTrailer in the message of the commit, with a reason, lets its change pass
// windows, freezes and the order of environments. It passes no approval, no bound and no
// signature.
const OverrideTrailer = "Quorate-Override"

// Of is the environment of a manifest by its path; the zero value has no rules.
func (r Rules) Of(path string) Environment {
	for _, e := range r.Environments {
		for _, pattern := range e.Paths {
			if pathpattern.Match(pattern, path) {
				return e
			}
		}
	}
	return Environment{}
}
