package host

import (
	"context"
	"time"

	"github.com/quorate/quorate/sync/commitstatus"
)

// plain is a repository without a host around it: there is only what Git itself has.
type plain struct{ notes commitstatus.Poster }

func (plain) String() string { return "plain Git" }

func (p plain) Post(ctx context.Context, s commitstatus.Status) error { return p.notes.Post(ctx, s) }

func (plain) PullRequests(context.Context) ([]PullRequest, error) { return nil, nil }

func (plain) Changed(context.Context, int) (Changed, error) { return Changed{}, errPlain() }

func (plain) Keep(context.Context, int, Remark) error { return errPlain() }

func (plain) Remarks(context.Context, int) (map[string]Comment, error) { return nil, errPlain() }

func (plain) Comments(context.Context, int, time.Time) ([]Comment, error) { return nil, errPlain() }

func (plain) Role(context.Context, string) (Role, error) { return None, nil }

func (plain) Reviews(context.Context, int) ([]Review, error) { return nil, errPlain() }

func errPlain() error {
	return &Error{Class: ErrNotFound, Detail: "plain Git has no pull requests"}
}
