package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/plumbing/transport/client"
)

// errRaced says that somebody else moved the ref, or may have: look again and retry.
var errRaced = errors.New("another writer was faster")

// pushSession is one conversation with the remote's receive-pack. Remote.Push of go-git walks
// the whole history to find out what is new; a writer of notes knows what it has just made.
type pushSession struct {
	session transport.ReceivePackSession
	adv     *packp.AdvRefs
}

// openPush connects and learns where the remote's refs stand. The caller closes the session.
func (r *Repo) openPush(ctx context.Context) (*pushSession, error) {
	c, err := client.NewClient(r.at)
	if err != nil {
		return nil, err
	}
	auth, err := r.cfg.Auth.method(ctx, r.at)
	if err != nil {
		return nil, err
	}
	s, err := await(ctx, func() (transport.ReceivePackSession, error) {
		return c.NewReceivePackSession(r.at, auth)
	})
	if err != nil {
		return nil, classify(ctx, err)
	}
	adv, err := s.AdvertisedReferencesContext(ctx)
	if err != nil {
		return nil, classify(ctx, errors.Join(err, s.Close()))
	}
	return &pushSession{s, adv}, nil
}

// at is where the remote has the ref, zero if it has not.
func (s *pushSession) at(name plumbing.ReferenceName) plumbing.Hash {
	return s.adv.References[name.String()]
}

// swap moves a ref from old to next, sending the given objects. The remote refuses if the ref
// is no longer at old, which is errRaced.
func (s *pushSession) swap(ctx context.Context, name plumbing.ReferenceName, old, next plumbing.Hash, objects *staging) error {
	req := packp.NewReferenceUpdateRequestFromCapabilities(s.adv.Capabilities)
	req.Commands = []*packp.Command{{Name: name, Old: old, New: next}}
	pr, pw := io.Pipe()
	req.Packfile = pr
	go func() {
		const noDeltas = 0 // a handful of small objects
		_, err := packfile.NewEncoder(pw, objects, false).Encode(objects.hashes, noDeltas)
		pw.CloseWithError(err)
	}()
	report, err := s.session.ReceivePack(ctx, req)
	// A refused push leaves the encoder blocked unless its reader goes away.
	pr.CloseWithError(io.ErrClosedPipe)
	if report != nil && report.Error() != nil {
		return fmt.Errorf("%w: %w", errRaced, report.Error())
	}
	if err != nil {
		return classify(ctx, err)
	}
	return nil
}

func (s *pushSession) close() error { return s.session.Close() }
