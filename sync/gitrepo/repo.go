// Package gitrepo answers one question: what does the branch say now?
//
// It follows one branch, tag or commit of one repository through a bare mirror in a cache folder, and reads
// the cluster manifests of a commit straight from Git objects: nothing is checked out, so no
// file name of the repository ever becomes a path on this machine, and no hook or program of
// the repository is ever run. Start reading at Open and Head, then at Units (units.go) for
// which files make up a cluster. Notes go back through EditNotes (notes.go).
//
// It imports go-git and the standard library, and of this module only what makes texts printable.
package gitrepo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/go-git/go-git/v5"
	gitconfig "github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/storage/filesystem"
)

const (
	// lookTimeout bounds the one request of a poll; fetchTimeout bounds a first clone.
	lookTimeout  = 30 * time.Second
	fetchTimeout = 10 * time.Minute
)

// Config says what to follow and how: a branch, a tag or one commit, the branch main if none is named.
type Config struct {
	URL    string // a path, file://, http(s)://, ssh:// or user@host:path
	Branch string
	Tag    string
	Commit string // all 40 digits
	// Dir is the folder for mirrors, "quorate/git" in the user's cache folder if empty. Each
	// repository gets a folder of its own in it, which may be deleted at any time.
	Dir    string
	Auth   Auth
	Limits Limits // zero fields mean the defaults
	Author Author // who signs the notes written by EditNotes
}

// Author is written into the commits of a notes ref.
type Author struct{ Name, Email string }

// Commit is the head of the branch, or the commit that a tag names.
type Commit struct {
	Hash    string // 40 hex digits
	Subject string // first line of the message, printable
	Author  string
	When    time.Time // committer's time
	// Trailers are the lines such as "Signed-off-by: Ann" at the end of the message.
	Trailers Trailers

	// Previous is the head this look replaced; empty if the branch has not moved since the
	// last look (by this process or an earlier one with the same cache folder).
	Previous string
	// Rewritten says that Previous is no ancestor of Hash: somebody force-pushed.
	Rewritten bool
}

// Repo follows one branch, tag or commit. Its methods may be called from several goroutines and run one at a time.
type Repo struct {
	cfg Config
	at  *transport.Endpoint
	dir string // of the mirror

	mu      sync.Mutex
	store   *filesystem.Storage
	remote  *git.Remote
	before  plumbing.Hash // the head as of a mirror that had to be renewed
	corrupt bool          // a read failed: renew the mirror at the next look
}

// Open prepares the mirror without contacting the remote. A mirror that cannot be opened is
// replaced by an empty one; an unusable URL, credential or cache folder is an error.
func Open(cfg Config) (*Repo, error) {
	cfg, err := cfg.followed()
	if err != nil {
		return nil, err
	}
	cfg.Limits = cfg.Limits.withDefaults()
	cfg.Author = Author{cmp.Or(cfg.Author.Name, "Quorate"), cmp.Or(cfg.Author.Email, "quorate@localhost")}
	endpoint, err := transport.NewEndpoint(cfg.URL)
	if err != nil || cfg.URL == "" {
		return nil, fmt.Errorf("repository %q: not a path or a Git URL", redact(cfg.URL))
	}
	if endpoint.Protocol == "file" {
		// The same relative path names another repository elsewhere, and needs another mirror.
		if cfg.URL, err = filepath.Abs(endpoint.Path); err != nil {
			return nil, fmt.Errorf("repository %s: %w", endpoint.Path, err)
		}
	}
	if err := cfg.Auth.fits(endpoint); err != nil {
		return nil, fmt.Errorf("repository %s: %w", redact(cfg.URL), err)
	}
	dir, err := mirrorDir(cfg)
	if err != nil {
		return nil, err
	}
	r := &Repo{cfg: cfg, at: endpoint, dir: dir}
	if err := r.openMirror(); err != nil {
		return nil, fmt.Errorf("git cache %s: %w", dir, err)
	}
	return r, nil
}

// String is the URL without credentials, fit for logs and messages.
func (r *Repo) String() string { return redact(r.cfg.URL) }

// Head looks at the remote, which costs one request, and fetches if the branch or tag moved; a pinned
// commit costs none once it is here. Its errors
// wrap one of the Err… sentinels of this package and name the repository.
func (r *Repo) Head(ctx context.Context) (Commit, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	commit, err := r.head(ctx)
	if errors.Is(err, ErrCorrupt) {
		// Only the cache can be wrong this way, and the remote still has everything.
		if err = r.renewMirror(); err == nil {
			commit, err = r.head(ctx)
		}
	}
	if err != nil {
		return Commit{}, fmt.Errorf("read %s of %s: %w", r.cfg.Follows(), r, err)
	}
	return commit, nil
}

func (r *Repo) head(ctx context.Context) (Commit, error) {
	if r.corrupt {
		return Commit{}, ErrCorrupt
	}
	if r.cfg.Commit != "" {
		hash, err := r.pinned(ctx)
		if err != nil {
			return Commit{}, err
		}
		return r.describe(hash, hash)
	}
	hash, err := r.look(ctx)
	if err != nil {
		return Commit{}, err
	}
	known := r.known()
	if hash != r.local(r.tracking()) {
		if err := r.fetch(ctx, r.trackingSpec()); err != nil {
			return Commit{}, err
		}
		hash = r.local(r.tracking()) // the branch may have moved again between look and fetch
	}
	return r.describe(hash, known)
}

// look asks the remote where the branch stands.
func (r *Repo) look(ctx context.Context) (plumbing.Hash, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	auth, err := r.cfg.Auth.method(ctx, r.at)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	remote := r.remote // whatever await leaves behind must not see it replaced
	refs, err := await(ctx, func() ([]*plumbing.Reference, error) {
		return remote.ListContext(ctx, &git.ListOptions{Auth: auth})
	})
	if err != nil {
		return plumbing.ZeroHash, classify(ctx, err)
	}
	want := r.cfg.remoteRef()
	for _, ref := range refs {
		if ref.Name() == want {
			return ref.Hash(), nil
		}
	}
	return plumbing.ZeroHash, missing(want, refs)
}

// fetch brings the objects of refs; "nothing new" is not an error.
func (r *Repo) fetch(ctx context.Context, specs ...gitconfig.RefSpec) error {
	if err := r.renewIfScattered(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	auth, err := r.cfg.Auth.method(ctx, r.at)
	if err != nil {
		return err
	}
	err = r.remote.FetchContext(ctx, &git.FetchOptions{
		Auth:     auth,
		RefSpecs: specs,
		Tags:     git.NoTags,
	})
	if err == nil || errors.Is(err, git.NoErrAlreadyUpToDate) {
		return nil
	}
	if errors.Is(err, git.ErrExactSHA1NotSupported) || errors.Is(err, ErrTooLarge) {
		return err
	}
	failure := classify(ctx, err)
	if errors.Is(failure, ErrUnreachable) && (!isNetwork(err) || !r.readable()) {
		// The remote answered a moment ago, so it is the mirror that go-git stumbles over.
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return failure
}

// describe reads the commit and how it relates to the head known before.
func (r *Repo) describe(hash, known plumbing.Hash) (Commit, error) {
	c, err := r.commitOf(hash)
	if err != nil {
		return Commit{}, err
	}
	if _, err := c.Tree(); err != nil {
		return Commit{}, fmt.Errorf("%w: tree of commit %s: %w", ErrCorrupt, c.Hash, err)
	}
	out := Commit{
		Hash:     c.Hash.String(),
		Subject:  subject(c.Message),
		Author:   words(c.Author.Name),
		When:     c.Committer.When,
		Trailers: trailers(c.Message),
	}
	if known.IsZero() || known == hash {
		return out, nil
	}
	if was, err := r.commitOf(known); err == nil {
		known = was.Hash // what is not here any more was no ancestor either
	}
	out.Previous = known.String()
	descends, err := descendsFrom(c, known)
	if err != nil {
		return Commit{}, fmt.Errorf("%w: history of %s: %w", ErrCorrupt, hash, err)
	}
	out.Rewritten = !descends
	return out, nil
}

// errFound ends a history walk early.
var errFound = errors.New("found")

// descendsFrom walks newest first, because the old head is nearly always one of the last few commits.
func descendsFrom(c *object.Commit, ancestor plumbing.Hash) (bool, error) {
	err := object.NewCommitIterCTime(c, nil, nil).ForEach(func(c *object.Commit) error {
		if c.Hash == ancestor {
			return errFound
		}
		return nil
	})
	if errors.Is(err, errFound) {
		return true, nil
	}
	return false, err
}

// await returns when f does or when ctx ends. go-git dials SSH without a context, and a poll
// must not outlive its deadline because a host swallows packets.
func await[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := f()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// cacheRoot is where mirrors live if nobody says otherwise.
func cacheRoot(dir string) (string, error) {
	if dir != "" {
		return dir, nil
	}
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("git cache: no folder was given and this user has none: %w", err)
	}
	return filepath.Join(base, "quorate", "git"), nil
}
