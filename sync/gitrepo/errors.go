package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/quorate/quorate/internal/printable"
)

// The classes of failure, for errors.Is. Their texts are sentences a user can act on.
var (
	ErrEmpty         = errors.New("the repository is empty: nothing has been pushed to it yet")
	ErrNotFound      = errors.New("there is no Git repository at this address")
	ErrUnreachable   = errors.New("the repository cannot be reached")
	ErrAuth          = errors.New("the repository refused our credentials")
	ErrHostKey       = errors.New("the SSH host key is not the one in known_hosts")
	ErrBranchMissing = errors.New("the branch does not exist")
	ErrTagMissing    = errors.New("the tag does not exist")
	ErrCommitMissing = errors.New("no branch and no tag holds the commit")
	ErrNoCommit      = errors.New("the tag does not name a commit")
	ErrPathMissing   = errors.New("the folder of clusters does not exist")
	ErrTooLarge      = errors.New("the repository holds more than one pass may read")
	ErrCorrupt       = errors.New("the local copy of the repository is damaged and will be cloned again")
)

// classify turns what go-git and the network return into one of the classes above.
func classify(ctx context.Context, err error) error {
	class := ErrUnreachable
	switch {
	case errors.Is(err, context.Canceled) && errors.Is(ctx.Err(), context.Canceled):
		return context.Canceled
	case errors.Is(err, transport.ErrEmptyRemoteRepository):
		return ErrEmpty
	case errors.Is(err, transport.ErrRepositoryNotFound), errors.Is(err, git.ErrRepositoryNotExists):
		return ErrNotFound
	case isAs[*knownhosts.KeyError](err):
		class = ErrHostKey
	case isAuth(err):
		class = ErrAuth
	case isAs[git.NoMatchingRefSpecError](err):
		return ErrBranchMissing
	case errors.Is(err, plumbing.ErrObjectNotFound):
		class = ErrCorrupt
	}
	if errors.Is(err, class) {
		return tidy{err}
	}
	return fmt.Errorf("%w: %w", class, tidy{withoutURL(err)})
}

// tidy is an error whose text is one short printable line: a server may answer with a page of HTML.
type tidy struct{ error }

func (t tidy) Unwrap() error { return t.error }

func (t tidy) Error() string {
	const most = 300
	return printable.Shorten(t.error.Error(), most)
}

func isAuth(err error) bool {
	if errors.Is(err, transport.ErrAuthenticationRequired) || errors.Is(err, transport.ErrAuthorizationFailed) ||
		errors.Is(err, os.ErrPermission) {
		return true
	}
	// The SSH client and agent libraries have no typed error for these.
	text := err.Error()
	return strings.Contains(text, "ssh: unable to authenticate") || strings.Contains(text, "SSH agent requested") ||
		strings.Contains(text, "error creating SSH agent")
}

// isNetwork says that the connection broke, as opposed to something on this disk.
func isNetwork(err error) bool {
	return isAs[net.Error](err) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, context.DeadlineExceeded)
}

func isAs[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}

// withoutURL drops the URL that net/http puts in front of its errors, because it may carry a
// user name and adds nothing: callers name the repository.
func withoutURL(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}

// missing lists what there is instead, since the usual cause is main against master.
func missing(want plumbing.ReferenceName, refs []*plumbing.Reference) error {
	const most = 5
	absent := ErrBranchMissing
	if want.IsTag() {
		absent = ErrTagMissing
	}
	var names []string
	for _, ref := range refs {
		if ref.Name().IsBranch() && want.IsBranch() || ref.Name().IsTag() && want.IsTag() {
			names = append(names, strconv.Quote(ref.Name().Short()))
		}
	}
	slices.Sort(names)
	if len(names) == 0 {
		return absent
	}
	more := ""
	if len(names) > most {
		more = fmt.Sprintf(" and %d more", len(names)-most)
		names = names[:most]
	}
	return fmt.Errorf("%w; there are %s%s", absent, strings.Join(names, ", "), more)
}

// redact removes user name and password from a URL; paths and user@host:path stay as they are.
func redact(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" {
		return raw
	}
	if _, secret := u.User.Password(); secret || strings.HasPrefix(u.Scheme, "http") {
		u.User = nil
	}
	return u.String()
}

// maxWords bounds what is repeated of a commit, in characters.
const maxWords = 200

// words are what somebody wrote into a commit, safe for terminals, logs and statuses.
func words(s string) string { return printable.Shorten(s, maxWords) }

func subject(message string) string {
	line, _, _ := strings.Cut(strings.TrimLeft(message, "\r\n "), "\n")
	return words(line)
}
