package gitrepo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/go-git/go-git/v5"
	gitconfig "github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// maxTagChain is how many tags of tags are followed; nobody means more than one by it.
const maxTagChain = 5

// pin is the whole name of a commit, as a person copies it.
func pin(text string) (plumbing.Hash, error) {
	if text != "" && !plumbing.IsHash(text) {
		return plumbing.ZeroHash, fmt.Errorf("commit %q: write all 40 digits, so that no other commit can ever be meant", text)
	}
	return plumbing.NewHash(text), nil
}

// followed checks which one thing of the repository is followed, and says main if nothing is named.
func (cfg Config) followed() (Config, error) {
	named := 0
	for _, name := range []string{cfg.Branch, cfg.Tag, cfg.Commit} {
		if name != "" {
			named++
		}
	}
	if named > 1 {
		return cfg, errors.New("follow a branch, a tag or a commit, and one of them")
	}
	if named == 0 {
		cfg.Branch = "main"
	}
	if _, err := pin(cfg.Commit); err != nil {
		return cfg, err
	}
	if cfg.Commit == "" && cfg.remoteRef().Validate() != nil {
		return cfg, fmt.Errorf("%s: not a name Git allows", cfg.Follows())
	}
	return cfg, nil
}

// Check says what is wrong with what is followed, whatever the repository.
func (cfg Config) Check() error {
	_, err := cfg.followed()
	return err
}

// Follows says what is followed, such as: branch main.
func (cfg Config) Follows() string {
	switch {
	case cfg.Commit != "":
		return "commit " + strings.ToLower(cfg.Commit)
	case cfg.Tag != "":
		return fmt.Sprintf("tag %q", cfg.Tag)
	}
	return fmt.Sprintf("branch %q", cmp.Or(cfg.Branch, "main"))
}

// Ref is what is followed as hosts call it, such as refs/heads/main; empty for a commit, which does not move.
func (cfg Config) Ref() string {
	if cfg.Commit != "" {
		return ""
	}
	return cfg.remoteRef().String()
}

func (cfg Config) remoteRef() plumbing.ReferenceName {
	if cfg.Tag != "" {
		return plumbing.NewTagReferenceName(cfg.Tag)
	}
	return plumbing.NewBranchReferenceName(cmp.Or(cfg.Branch, "main"))
}

// tracking is the ref in which the mirror remembers what it saw last.
func (r *Repo) tracking() plumbing.ReferenceName {
	switch {
	case r.cfg.Commit != "":
		return plumbing.ReferenceName("refs/pinned/" + strings.ToLower(r.cfg.Commit))
	case r.cfg.Tag != "":
		return plumbing.NewTagReferenceName(r.cfg.Tag)
	}
	return plumbing.NewRemoteReferenceName(git.DefaultRemoteName, r.cfg.Branch)
}

// trackingSpec is forced: what was rewritten is followed, and said.
func (r *Repo) trackingSpec() gitconfig.RefSpec {
	return gitconfig.RefSpec("+" + r.cfg.remoteRef().String() + ":" + r.tracking().String())
}

// everything is fetched where a host does not give a commit by its name.
var everything = []gitconfig.RefSpec{"+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"}

// pinned brings the commit that is pinned, once: what has a hash for its name never changes.
func (r *Repo) pinned(ctx context.Context) (plumbing.Hash, error) {
	want, err := pin(r.cfg.Commit)
	if err != nil {
		return want, err
	}
	if r.local(r.tracking()) == want {
		return want, nil
	}
	err = r.fetch(ctx, gitconfig.RefSpec(want.String()+":"+r.tracking().String()))
	if errors.Is(err, git.ErrExactSHA1NotSupported) || errors.Is(err, ErrCorrupt) { // as hosts refuse what no ref holds
		err = r.fetch(ctx, everything...)
	}
	if err != nil {
		return want, err
	}
	if _, err := object.GetCommit(r.store, want); err != nil {
		return want, ErrCommitMissing
	}
	return want, r.store.SetReference(plumbing.NewHashReference(r.tracking(), want))
}

// commitOf is the commit that a ref leads to: a tag may be an object of its own.
func (r *Repo) commitOf(hash plumbing.Hash) (*object.Commit, error) {
	for range maxTagChain {
		tag, err := object.GetTag(r.store, hash)
		if err != nil {
			break
		}
		hash = tag.Target
	}
	c, err := object.GetCommit(r.store, hash)
	if err == nil {
		return c, nil
	}
	if r.store.HasEncodedObject(hash) == nil && r.cfg.Tag != "" {
		return nil, ErrNoCommit
	}
	return nil, fmt.Errorf("%w: commit %s: %w", ErrCorrupt, hash, err)
}
