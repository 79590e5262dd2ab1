package gitrepo

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5"
	gitconfig "github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/storage/filesystem"
)

const (
	// objectCache bounds the memory one mirror keeps for decoded objects.
	objectCache = 16 * cache.MiByte
	// maxPacks is how many fetches a mirror collects before it is cloned anew: every fetch adds
	// a pack, go-git cannot repack in place, and looking an object up asks each pack in turn.
	maxPacks = 200
)

// mirrorDir names the mirror after the repository, so that two repositories never share one and
// a person can tell them apart. The branch is part of the name because its head is remembered.
func mirrorDir(cfg Config) (string, error) {
	root, err := cacheRoot(cfg.Dir)
	if err != nil {
		return "", err
	}
	follows := cfg.Branch
	if follows == "" {
		follows = "\x00" + cfg.Follows() // no branch is called so
	}
	sum := sha256.Sum256([]byte(redact(cfg.URL) + "\x00" + follows))
	base := strings.TrimSuffix(filepath.Base(redact(cfg.URL)), ".git")
	return filepath.Join(root, slug(base)+"-"+hex.EncodeToString(sum[:6])+".git"), nil
}

// slug keeps what is harmless in a file name anywhere.
func slug(s string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
			return c
		}
		return '-'
	}, s)
}

// openMirror reuses what an earlier process left, or starts with an empty mirror.
func (r *Repo) openMirror() error {
	store := filesystem.NewStorage(osfs.New(r.dir), cache.NewObjectLRU(objectCache))
	if _, err := git.Open(store, nil); err != nil {
		return r.renewMirror()
	}
	r.use(store)
	return nil
}

// renewMirror deletes the mirror, the one folder that is ours to delete, and starts an empty one.
func (r *Repo) renewMirror() error {
	if r.store != nil {
		r.before = r.known()
	}
	if err := os.RemoveAll(r.dir); err != nil {
		return err
	}
	store := filesystem.NewStorage(osfs.New(r.dir), cache.NewObjectLRU(objectCache))
	if _, err := git.Init(store, nil); err != nil {
		return err
	}
	r.use(store)
	return nil
}

// use keeps the remote out of the mirror's config file: its URL may hold a password.
func (r *Repo) use(store *filesystem.Storage) {
	r.store, r.corrupt = store, false
	r.remote = git.NewRemote(bounded{store, r.cfg.Limits}, &gitconfig.RemoteConfig{
		Name: git.DefaultRemoteName,
		URLs: []string{r.cfg.URL},
	})
}

// known is the head as of the last fetch, zero if there was none. It outlives the mirror, so that
// a rewrite is noticed even if the mirror broke in between.
func (r *Repo) known() plumbing.Hash {
	if h := r.local(r.tracking()); !h.IsZero() {
		return h
	}
	return r.before
}

// readable says whether the mirror can still give back the head it knows.
func (r *Repo) readable() bool {
	h := r.local(r.tracking())
	if h.IsZero() {
		return true
	}
	c, err := r.commitOf(h)
	if err != nil {
		return false
	}
	_, err = c.Tree()
	return err == nil
}

// local reads a ref of the mirror. An unreadable ref counts as absent: it is fetched again.
func (r *Repo) local(name plumbing.ReferenceName) plumbing.Hash {
	ref, err := r.store.Reference(name)
	if err != nil {
		return plumbing.ZeroHash
	}
	return ref.Hash()
}

// renewIfScattered starts over when the mirror has collected too many packs.
func (r *Repo) renewIfScattered() error {
	packs, err := r.store.ObjectPacks()
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return ErrCorrupt
	}
	if len(packs) < maxPacks {
		return nil
	}
	return r.renewMirror()
}
