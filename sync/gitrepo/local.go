package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/go-git/go-billy/v5"
	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/storer"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/plumbing/transport/client"
	"github.com/go-git/go-git/v5/plumbing/transport/server"
	"github.com/go-git/go-git/v5/storage/filesystem"
)

// go-git reaches repositories on disk by running the git program, whose receive-pack runs the
// hooks of that repository. Answering in process runs nothing and needs no git installed. The
// table of transports is a global of go-git without a lock, so only init may write it.
//
//nolint:gochecknoinits // see above: later would be a data race
func init() { client.InstallProtocol("file", localTransport{}) }

// localTransport serves a repository on this machine's disk.
type localTransport struct{}

func (localTransport) NewUploadPackSession(ep *transport.Endpoint, auth transport.AuthMethod) (transport.UploadPackSession, error) {
	store, err := openLocal(ep.Path)
	if err != nil {
		return nil, err
	}
	session, err := server.NewClient(singleLoader{store}).NewUploadPackSession(ep, auth)
	if err != nil {
		return nil, err
	}
	return localUpload{session, store}, nil
}

func (localTransport) NewReceivePackSession(ep *transport.Endpoint, auth transport.AuthMethod) (transport.ReceivePackSession, error) {
	store, err := openLocal(ep.Path)
	if err != nil {
		return nil, err
	}
	session, err := server.NewClient(singleLoader{store}).NewReceivePackSession(ep, auth)
	if err != nil {
		return nil, err
	}
	return localReceive{session, store}, nil
}

// openLocal accepts what git accepts: a bare repository, a working copy, a linked worktree.
func openLocal(dir string) (*filesystem.Storage, error) {
	repo, err := git.PlainOpenWithOptions(dir, &git.PlainOpenOptions{EnableDotGitCommonDir: true})
	if errors.Is(err, git.ErrRepositoryNotExists) || errors.Is(err, syscall.ENOTDIR) {
		return nil, transport.ErrRepositoryNotFound
	}
	if err != nil {
		return nil, err
	}
	store, ok := repo.Storer.(*filesystem.Storage)
	if !ok {
		return nil, transport.ErrRepositoryNotFound
	}
	return filesystem.NewStorage(lockless{store.Filesystem()}, cache.NewObjectLRU(objectCache)), nil
}

// lockless hides git's lock files, which go-git takes for refs, and for damaged ones when they
// are empty, as they are while git starts to write.
type lockless struct{ billy.Filesystem }

func (fs lockless) ReadDir(dir string) ([]os.FileInfo, error) {
	files, err := fs.Filesystem.ReadDir(dir)
	return slices.DeleteFunc(files, func(f os.FileInfo) bool { return strings.HasSuffix(f.Name(), lockSuffix) }), err
}

type singleLoader struct{ store storer.Storer }

func (l singleLoader) Load(*transport.Endpoint) (storer.Storer, error) { return l.store, nil }

// localUpload ignores what the client has and this repository has not, as git does: after a
// force-push and a garbage collection the old head exists only in the mirror.
type localUpload struct {
	transport.UploadPackSession
	store storer.EncodedObjectStorer
}

func (s localUpload) UploadPack(ctx context.Context, req *packp.UploadPackRequest) (*packp.UploadPackResponse, error) {
	req.Haves = slices.DeleteFunc(req.Haves, func(h plumbing.Hash) bool {
		return s.store.HasEncodedObject(h) != nil
	})
	return s.UploadPackSession.UploadPack(ctx, req)
}

// localReceive takes the place of the receiving half of go-git's server, which does not compare
// the old value of a ref before it writes the new one.
type localReceive struct {
	transport.ReceivePackSession
	store *filesystem.Storage
}

func (s localReceive) ReceivePack(_ context.Context, req *packp.ReferenceUpdateRequest) (*packp.ReportStatus, error) {
	report := packp.NewReportStatus()
	report.UnpackStatus = "ok"
	if req.Packfile != nil {
		// The wrapper hides the store's pack writer: like git, unpack small pushes into single
		// objects, which git's own housekeeping then packs.
		if err := packfile.UpdateObjectStorage(struct{ storer.Storer }{s.store}, req.Packfile); err != nil {
			return nil, errors.Join(err, req.Packfile.Close())
		}
		if err := req.Packfile.Close(); err != nil {
			return nil, err
		}
	}
	for _, cmd := range req.Commands {
		status := &packp.CommandStatus{ReferenceName: cmd.Name, Status: "ok"}
		if err := s.update(cmd); err != nil {
			status.Status = err.Error()
		}
		report.CommandStatuses = append(report.CommandStatuses, status)
	}
	return report, report.Error()
}

// update compares and swaps one ref under git's own lock file, so it excludes other processes
// of ours and the git program alike.
func (s localReceive) update(cmd *packp.Command) error {
	if s.checkedOut(cmd.Name) {
		return errors.New("refusing to update the checked-out branch")
	}
	lock, err := lockRef(s.store.Filesystem(), cmd.Name)
	if err != nil {
		return err
	}
	defer lock.release()
	have := plumbing.ZeroHash
	ref, err := s.store.Reference(cmd.Name)
	switch {
	case err == nil:
		have = ref.Hash()
	case !errors.Is(err, plumbing.ErrReferenceNotFound):
		return err
	}
	if have != cmd.Old {
		return errors.New("the ref has moved")
	}
	if cmd.New.IsZero() {
		return s.store.RemoveReference(cmd.Name)
	}
	return lock.commit(cmd.New)
}

// checkedOut protects a working copy: its files would not follow the branch.
func (s localReceive) checkedOut(name plumbing.ReferenceName) bool {
	cfg, err := s.store.Config()
	if err != nil || cfg.Core.IsBare {
		return err != nil
	}
	head, err := s.store.Reference(plumbing.HEAD)
	return err != nil || head.Target() == name
}

const (
	lockSuffix = ".lock"
	// staleLock is the age from which a lock file is taken for the remains of a killed process;
	// git holds one for the time of one small write.
	staleLock = 10 * time.Minute
)

// refLock is <ref>.lock, which git and we take as "somebody is writing this ref".
type refLock struct {
	fs   billy.Filesystem
	name string // of the ref
	file billy.File

	committed bool
}

func lockRef(fs billy.Filesystem, ref plumbing.ReferenceName) (*refLock, error) {
	name := ref.String()
	if info, err := fs.Stat(name + lockSuffix); err == nil && time.Since(info.ModTime()) > staleLock {
		if err := fs.Remove(name + lockSuffix); err != nil {
			return nil, err
		}
	}
	if err := fs.MkdirAll(path.Dir(name), 0o777); err != nil {
		return nil, err
	}
	f, err := fs.OpenFile(name+lockSuffix, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", name, err)
	}
	return &refLock{fs: fs, name: name, file: f}, nil
}

// commit turns the lock file into the ref in one rename, so that no reader and no crash sees
// half of it.
func (l *refLock) commit(hash plumbing.Hash) error {
	_, err := l.file.Write([]byte(hash.String() + "\n"))
	if err := errors.Join(err, l.file.Close()); err != nil {
		return err
	}
	if err := l.fs.Rename(l.name+lockSuffix, l.name); err != nil {
		return err
	}
	l.committed = true
	return nil
}

// release is for all ways out. After a commit a lock file of this name is another writer's; one
// of ours that cannot be removed shows itself at the next attempt.
func (l *refLock) release() {
	if l.committed {
		return
	}
	_ = l.file.Close()
	_ = l.fs.Remove(l.name + lockSuffix)
}
