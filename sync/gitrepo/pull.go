package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-git/go-git/v5"
	gitconfig "github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

const (
	// pullTimeout bounds the fetch of what somebody proposes; whoever has less to say is quicker.
	pullTimeout = 2 * time.Minute
	// maxPull is how many bytes one such fetch may bring.
	maxPull = 256 << 20
)

// ErrUnrelated says that two commits share no history.
var ErrUnrelated = errors.New("the two have no commit in common")

// Fetch brings any ref of the remote, such as refs/pull/7/head, into the mirror and returns the commit
// that it names. It leaves the branch that is followed as it was seen. More than 256 MiB are ErrTooLarge.
func (r *Repo) Fetch(ctx context.Context, ref string) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	name := plumbing.ReferenceName(ref)
	if err := name.Validate(); err != nil || !strings.HasPrefix(ref, "refs/") {
		return "", fmt.Errorf("fetch %q of %s: not a name Git allows", ref, r)
	}
	kept := plumbing.ReferenceName("refs/quorate/" + strings.TrimPrefix(ref, "refs/"))
	if err := r.fetchBounded(ctx, gitconfig.RefSpec("+"+ref+":"+kept.String())); err != nil {
		r.corrupt = r.corrupt || errors.Is(err, ErrCorrupt)
		return "", fmt.Errorf("fetch %s of %s: %w", ref, r, err)
	}
	return r.local(kept).String(), nil
}

func (r *Repo) fetchBounded(ctx context.Context, spec gitconfig.RefSpec) error {
	if r.corrupt {
		if err := r.renewMirror(); err != nil {
			return err
		}
	}
	if err := r.renewIfScattered(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, pullTimeout)
	defer cancel()
	auth, err := r.cfg.Auth.method(ctx, r.at)
	if err != nil {
		return err
	}
	limits := r.cfg.Limits
	limits.PackBytes = min(limits.PackBytes, maxPull)
	remote := git.NewRemote(bounded{r.store, limits}, &gitconfig.RemoteConfig{Name: git.DefaultRemoteName, URLs: []string{r.cfg.URL}})
	err = remote.FetchContext(ctx, &git.FetchOptions{Auth: auth, RefSpecs: []gitconfig.RefSpec{spec}, Tags: git.NoTags})
	switch {
	case err == nil, errors.Is(err, git.NoErrAlreadyUpToDate):
		return nil
	case errors.Is(err, ErrTooLarge):
		return err
	case errors.As(err, &git.NoMatchingRefSpecError{}):
		return ErrBranchMissing
	}
	return classify(ctx, err)
}

// MergeBase is the newest commit that both were made on top of; ErrUnrelated if there is none.
func (r *Repo) MergeBase(a, b string) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	base, err := r.mergeBase(plumbing.NewHash(a), plumbing.NewHash(b))
	if err != nil {
		r.corrupt = r.corrupt || errors.Is(err, ErrCorrupt)
		return "", fmt.Errorf("where %.12s and %.12s part: %w", a, b, err)
	}
	return base.String(), nil
}

func (r *Repo) mergeBase(a, b plumbing.Hash) (plumbing.Hash, error) {
	one, err := object.GetCommit(r.store, a)
	if err != nil {
		return plumbing.ZeroHash, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	other, err := object.GetCommit(r.store, b)
	if err != nil {
		return plumbing.ZeroHash, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	bases, err := one.MergeBase(other)
	switch {
	case err != nil:
		return plumbing.ZeroHash, fmt.Errorf("%w: %w", ErrCorrupt, err)
	case len(bases) == 0:
		return plumbing.ZeroHash, ErrUnrelated
	}
	return bases[0].Hash, nil
}
