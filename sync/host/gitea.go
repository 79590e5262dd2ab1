package host

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"code.gitea.io/sdk/gitea"

	"github.com/quorate/quorate/sync/commitstatus"
)

// giteaHost is Gitea or Forgejo.
type giteaHost struct {
	address

	owner, name string
	http        *http.Client
}

// giteaPage is the longest that Gitea gives out by default (MAX_RESPONSE_ITEMS).
const giteaPage = 50

func newGitea(at address, as credential) *giteaHost {
	h := &giteaHost{address: at, http: at.client(as)}
	h.owner, h.name = at.split()
	return h
}

// client makes one for each call, since Gitea's holds the context. It is told not to ask for the version.
func (h *giteaHost) client(ctx context.Context) (*gitea.Client, error) {
	return gitea.NewClient(h.web.String(), gitea.SetHTTPClient(h.http), gitea.SetContext(ctx), gitea.SetGiteaVersion(""))
}

// Post adds a status; Gitea shows the latest of each context.
func (h *giteaHost) Post(ctx context.Context, s commitstatus.Status) error {
	s, err := s.Normal()
	if err != nil {
		return err
	}
	client, err := h.client(ctx)
	if err == nil {
		_, _, err = client.CreateStatus(h.owner, h.name, s.Commit, gitea.CreateStatusOption{
			State: gitea.StatusState(s.State), Context: s.Context, Description: s.Description, TargetURL: s.URL,
		})
	}
	if err != nil && h.lost(ctx, err, s.Commit) {
		err = &Error{Class: ErrRejected, Detail: "there is no such commit"}
	}
	return rejected(h.failed(ctx, "post a status", err))
}

// lost says that Gitea failed because it does not have the commit, which it calls an error of its own.
func (h *giteaHost) lost(ctx context.Context, err error, commit string) bool {
	failed, ok := errors.AsType[*Error](err)
	if !ok || failed.Status != http.StatusInternalServerError {
		return false
	}
	client, err := h.client(ctx)
	if err != nil {
		return false
	}
	_, _, err = client.GetSingleCommit(h.owner, h.name, commit)
	return err != nil && errors.Is(classed(ctx, err), ErrNotFound)
}

func (h *giteaHost) PullRequests(ctx context.Context) ([]PullRequest, error) {
	all, err := giteaPages(ctx, h, maxPullRequests, func(client *gitea.Client, opts gitea.ListOptions) ([]PullRequest, *gitea.Response, error) {
		some, resp, err := client.ListRepoPullRequests(h.owner, h.name, gitea.ListPullRequestsOptions{State: gitea.StateOpen, ListOptions: opts})
		return convert(some, h.pullRequest), resp, err
	})
	if err == nil {
		all, err = complete(ctx, all, h.tip)
	}
	return whole(all, h.failed(ctx, "list pull requests", err))
}

// pullRequest counts one as a fork also if the repository that it came from is gone.
func (h *giteaHost) pullRequest(pr *gitea.PullRequest) PullRequest {
	out := PullRequest{
		Number: int(pr.Index), HeadRef: fmt.Sprintf("refs/pull/%d/head", pr.Index), Fork: true,
		Author: giteaLogin(pr.Poster), Draft: pr.Draft, URL: pr.HTMLURL,
	}
	if pr.Updated != nil {
		out.Updated = *pr.Updated
	}
	if pr.Head != nil && pr.Base != nil {
		out.Head, out.Base, out.Fork = pr.Head.Sha, pr.Base.Ref, pr.Head.RepoID != pr.Base.RepoID
	}
	return out
}

func giteaLogin(u *gitea.User) string {
	if u == nil {
		return ""
	}
	return u.UserName
}

func (h *giteaHost) tip(ctx context.Context, branch string) (string, error) {
	client, err := h.client(ctx)
	if err != nil {
		return "", err
	}
	b, _, err := client.GetRepoBranch(h.owner, h.name, branch)
	if err != nil || b == nil || b.Commit == nil {
		return "", err
	}
	return b.Commit.ID, nil
}

func (h *giteaHost) Changed(ctx context.Context, number int) (Changed, error) {
	all, err := giteaPages(ctx, h, maxFiles, func(client *gitea.Client, opts gitea.ListOptions) ([]string, *gitea.Response, error) {
		some, resp, err := client.ListPullRequestFiles(h.owner, h.name, int64(number), gitea.ListPullRequestFilesOptions{ListOptions: opts})
		var names []string
		for _, f := range present(some) {
			names = append(names, f.Filename, f.PreviousFilename)
		}
		return names, resp, err
	})
	changed, err := paths(all, err)
	return changed, h.failed(ctx, fmt.Sprintf("list the files of pull request %d", number), err)
}

// Keep edits our comment in place.
func (h *giteaHost) Keep(ctx context.Context, number int, r Remark) error {
	return h.failed(ctx, fmt.Sprintf("comment on pull request %d", number), keep(ctx, h, number, r, maxGiteaComment))
}

// Remarks are found among all comments, for others may have copied their marker.
func (h *giteaHost) Remarks(ctx context.Context, number int) (map[string]Comment, error) {
	ours, err := remarks(ctx, h, number)
	return ours, h.failed(ctx, fmt.Sprintf("read our comments on pull request %d", number), err)
}

func (h *giteaHost) me(ctx context.Context) (string, error) {
	client, err := h.client(ctx)
	if err != nil {
		return "", err
	}
	user, _, err := client.GetMyUserInfo()
	return giteaLogin(user), err
}

// Comments come all at once: Gitea's list of them has no pages.
func (h *giteaHost) Comments(ctx context.Context, number int, since time.Time) ([]Comment, error) {
	all, err := giteaPages(ctx, h, maxComments, func(client *gitea.Client, opts gitea.ListOptions) ([]Comment, *gitea.Response, error) {
		some, resp, err := client.ListIssueComments(h.owner, h.name, int64(number), gitea.ListIssueCommentOptions{ListOptions: opts, Since: since})
		return convert(some, giteaComment), resp, err
	})
	return whole(ordered(all, since), h.failed(ctx, fmt.Sprintf("read the comments of pull request %d", number), err))
}

func giteaComment(c *gitea.Comment) Comment {
	return Comment{ID: c.ID, Author: giteaLogin(c.Poster), Body: c.Body, At: c.Updated, Edited: !c.Updated.Equal(c.Created)}
}

func (h *giteaHost) write(ctx context.Context, number int, body string) error {
	client, err := h.client(ctx)
	if err == nil {
		_, _, err = client.CreateIssueComment(h.owner, h.name, int64(number), gitea.CreateIssueCommentOption{Body: body})
	}
	return err
}

func (h *giteaHost) edit(ctx context.Context, _ int, id int64, body string) error {
	client, err := h.client(ctx)
	if err == nil {
		_, _, err = client.EditIssueComment(h.owner, h.name, id, gitea.EditIssueCommentOption{Body: body})
	}
	return err
}

func (h *giteaHost) remove(ctx context.Context, _ int, id int64) error {
	client, err := h.client(ctx)
	if err == nil {
		_, err = client.DeleteIssueComment(h.owner, h.name, id)
	}
	return err
}

// Role needs a token of somebody who administers the repository; Gitea refuses others.
func (h *giteaHost) Role(ctx context.Context, user string) (Role, error) {
	if !userName.MatchString(user) {
		return None, nil
	}
	client, err := h.client(ctx)
	if err != nil {
		return None, err
	}
	result, _, err := client.CollaboratorPermission(h.owner, h.name, user)
	if err != nil {
		if err = classed(ctx, err); errors.Is(err, ErrNotFound) {
			return None, nil
		}
		return None, h.failed(ctx, "read what "+commitstatus.Shorten(user, maxDetail)+" may do", err)
	}
	roles := map[gitea.AccessMode]Role{"read": Read, "write": Write, "admin": Admin, "owner": Admin}
	if result == nil {
		return None, nil
	}
	return roles[result.Permission], nil
}

// Reviews leaves out those that are only remarks, asked for, or not sent yet.
func (h *giteaHost) Reviews(ctx context.Context, number int) ([]Review, error) {
	all, err := giteaPages(ctx, h, maxReviews, func(client *gitea.Client, opts gitea.ListOptions) ([]Review, *gitea.Response, error) {
		some, resp, err := client.ListPullReviews(h.owner, h.name, int64(number), gitea.ListPullReviewsOptions{ListOptions: opts})
		var words []Review
		for _, r := range present(some) {
			if r.State == gitea.ReviewStateApproved || r.State == gitea.ReviewStateRequestChanges {
				words = append(words, Review{
					Author: giteaLogin(r.Reviewer), Commit: r.CommitID, At: r.Submitted,
					Approved: r.State == gitea.ReviewStateApproved && !r.Dismissed,
				})
			}
		}
		return words, resp, err
	})
	if err != nil {
		return nil, h.failed(ctx, fmt.Sprintf("read the reviews of pull request %d", number), err)
	}
	return lastWords(all), nil
}

// giteaPages is pages with a client and Gitea's way of saying what comes next.
func giteaPages[T any](ctx context.Context, h *giteaHost, most int, read func(*gitea.Client, gitea.ListOptions) ([]T, *gitea.Response, error)) ([]T, error) {
	client, err := h.client(ctx)
	if err != nil {
		return nil, err
	}
	return pages(most, func(page int) ([]T, int, error) {
		items, resp, err := read(client, gitea.ListOptions{Page: page, PageSize: giteaPage})
		if err != nil {
			return nil, 0, err
		}
		return items, resp.NextPage, nil
	})
}
