// Package repositories answers: which repositories does one service watch, and what of each?
//
// Start reading at [Read], which decodes the file that an operator hands to the service, and says everything
// that is wrong with it at once. The file names secrets and never holds them. The package imports desired for
// what a problem is, gitrepo and host for what can be said of a repository and its host.
package repositories

import (
	"slices"

	"github.com/quorate/quorate/sync/gitrepo"
	"github.com/quorate/quorate/sync/host"
)

// Repository is one that is watched.
type Repository struct {
	// Name tells it from the others: it is a folder of the state folder, and where its webhooks arrive.
	Name string
	Git  gitrepo.Config // without a folder
	// TokenFile holds the token that Git's own requests are made with; empty for that of the host.
	TokenFile string
	// Path of the folder that holds the clusters; empty for all of it.
	Path string
	Host host.Config
	// WebhookSecretFile holds what webhooks are signed with; empty if none are heard.
	WebhookSecretFile string
	// TrustedCommit is the one from which on commits must be signed; empty for the first that is seen.
	TrustedCommit string
	Pins          []Pin
}

// Pin is what some clusters of a repository follow rather than what the repository does.
type Pin struct {
	// Branch, Tag and Commit are as in a gitrepo.Config.
	Branch, Tag, Commit string
	Clusters            []string // sorted
}

// Holds reports whether it is about the cluster.
func (p Pin) Holds(cluster string) bool { return slices.Contains(p.Clusters, cluster) }

// At is the repository as the pin follows it.
func (p Pin) At(git gitrepo.Config) gitrepo.Config {
	git.Branch, git.Tag, git.Commit = p.Branch, p.Tag, p.Commit
	return git
}
