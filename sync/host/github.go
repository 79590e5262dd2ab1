package host

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/go-github/v88/github"

	"github.com/quorate/quorate/sync/commitstatus"
)

// gitHub is github.com, GitHub Enterprise Cloud and GitHub Enterprise Server.
type gitHub struct {
	address

	owner, name string
	client      *github.Client
	app         *installation // nil if we speak with a token
}

// Pages are as long as GitHub allows, except where texts of 65,536 characters are on them.
const (
	gitHubPage     = 100
	gitHubTextPage = 30
)

func newGitHub(at address, cfg Config, as credential) (*gitHub, error) {
	h := &gitHub{address: at}
	h.owner, h.name = at.split()
	api := at.api().String()
	if as == nil {
		h.app = &installation{app: cfg.App, api: api, repo: h.name, client: at.client(nil)}
		as = h.app
	}
	var err error
	h.client, err = github.NewClient(github.WithURLs(&api, nil), github.WithHTTPClient(at.client(as)), github.WithDisableRateLimitCheck())
	return h, err
}

// Post adds a status; GitHub shows the latest of each context. It takes a thousand per commit and context:
// https://docs.github.com/en/rest/commits/statuses#create-a-commit-status
func (h *gitHub) Post(ctx context.Context, s commitstatus.Status) error {
	s, err := s.Normal()
	if err != nil {
		return err
	}
	state := string(s.State) // GitHub's four states are ours
	status := github.RepoStatus{State: &state, Context: &s.Context, Description: &s.Description}
	if s.URL != "" {
		status.TargetURL = &s.URL
	}
	_, _, err = h.client.Repositories.CreateStatus(ctx, h.owner, h.name, s.Commit, status)
	return rejected(h.failed(ctx, "post a status", err))
}

func (h *gitHub) PullRequests(ctx context.Context) ([]PullRequest, error) {
	all, err := pages(maxPullRequests, func(page int) ([]PullRequest, int, error) {
		opts := &github.PullRequestListOptions{State: "open", ListOptions: github.ListOptions{Page: page, PerPage: gitHubTextPage}}
		some, resp, err := h.client.PullRequests.List(ctx, h.owner, h.name, opts)
		if err != nil {
			return nil, 0, err
		}
		return convert(some, h.pullRequest), resp.NextPage, nil
	})
	if err == nil {
		all, err = complete(ctx, all, h.tip)
	}
	return whole(all, h.failed(ctx, "list pull requests", err))
}

// pullRequest counts one as a fork also if the repository that it came from is gone.
func (h *gitHub) pullRequest(pr *github.PullRequest) PullRequest {
	return PullRequest{
		Number: pr.GetNumber(), Head: pr.GetHead().GetSHA(), HeadRef: fmt.Sprintf("refs/pull/%d/head", pr.GetNumber()),
		Base: pr.GetBase().GetRef(), Author: pr.GetUser().GetLogin(), Draft: pr.GetDraft(), URL: pr.GetHTMLURL(),
		Fork: pr.GetHead().GetRepo().GetID() != pr.GetBase().GetRepo().GetID(), Updated: pr.GetUpdatedAt().Time,
	}
}

func (h *gitHub) tip(ctx context.Context, branch string) (string, error) {
	b, _, err := h.client.Repositories.GetBranch(ctx, h.owner, h.name, branch, maxRedirects)
	return b.GetCommit().GetSHA(), err
}

func (h *gitHub) Changed(ctx context.Context, number int) (Changed, error) {
	all, err := pages(maxFiles, func(page int) ([]string, int, error) {
		some, resp, err := h.client.PullRequests.ListFiles(ctx, h.owner, h.name, number, &github.ListOptions{Page: page, PerPage: gitHubPage})
		if err != nil {
			return nil, 0, err
		}
		var names []string
		for _, f := range some {
			names = append(names, f.GetFilename(), f.GetPreviousFilename())
		}
		return names, resp.NextPage, nil
	})
	changed, err := paths(all, err)
	return changed, h.failed(ctx, fmt.Sprintf("list the files of pull request %d", number), err)
}

// Keep edits our comment in place.
func (h *gitHub) Keep(ctx context.Context, number int, r Remark) error {
	return h.failed(ctx, fmt.Sprintf("comment on pull request %d", number), keep(ctx, h, number, r, maxGitHubComment))
}

// Remarks are found among all comments, for others may have copied their marker.
func (h *gitHub) Remarks(ctx context.Context, number int) (map[string]Comment, error) {
	ours, err := remarks(ctx, h, number)
	return ours, h.failed(ctx, fmt.Sprintf("read our comments on pull request %d", number), err)
}

func (h *gitHub) me(ctx context.Context) (string, error) {
	if h.app != nil {
		return h.app.login(ctx)
	}
	user, _, err := h.client.Users.Get(ctx, "")
	return user.GetLogin(), err
}

func (h *gitHub) Comments(ctx context.Context, number int, since time.Time) ([]Comment, error) {
	all, err := pages(maxComments, func(page int) ([]Comment, int, error) {
		opts := &github.IssueListCommentsOptions{ListOptions: github.ListOptions{Page: page, PerPage: gitHubTextPage}}
		if !since.IsZero() {
			opts.Since = &since
		}
		some, resp, err := h.client.Issues.ListComments(ctx, h.owner, h.name, number, opts)
		if err != nil {
			return nil, 0, err
		}
		return convert(some, gitHubComment), resp.NextPage, nil
	})
	return whole(ordered(all, since), h.failed(ctx, fmt.Sprintf("read the comments of pull request %d", number), err))
}

func gitHubComment(c *github.IssueComment) Comment {
	return Comment{
		ID: c.GetID(), Author: c.GetUser().GetLogin(), Body: c.GetBody(), At: c.GetUpdatedAt().Time,
		Edited: !c.GetUpdatedAt().Equal(c.GetCreatedAt()),
	}
}

func (h *gitHub) write(ctx context.Context, number int, body string) error {
	_, _, err := h.client.Issues.CreateComment(ctx, h.owner, h.name, number, &github.IssueComment{Body: &body})
	return err
}

func (h *gitHub) edit(ctx context.Context, _ int, id int64, body string) error {
	_, _, err := h.client.Issues.EditComment(ctx, h.owner, h.name, id, &github.IssueComment{Body: &body})
	return err
}

func (h *gitHub) remove(ctx context.Context, _ int, id int64) error {
	_, err := h.client.Issues.DeleteComment(ctx, h.owner, h.name, id)
	return err
}

// Role reads the base permission, in which GitHub counts triage as read and maintain as write.
// https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
func (h *gitHub) Role(ctx context.Context, user string) (Role, error) {
	if !userName.MatchString(user) {
		return None, nil
	}
	level, _, err := h.client.Repositories.GetPermissionLevel(ctx, h.owner, h.name, user)
	if err != nil {
		if err = classed(ctx, err); errors.Is(err, ErrNotFound) {
			return None, nil
		}
		return None, h.failed(ctx, "read what "+commitstatus.Shorten(user, maxDetail)+" may do", err)
	}
	return map[string]Role{"read": Read, "write": Write, "admin": Admin}[level.GetPermission()], nil
}

// Reviews leaves out those that are only remarks, and those not sent yet.
func (h *gitHub) Reviews(ctx context.Context, number int) ([]Review, error) {
	all, err := pages(maxReviews, func(page int) ([]Review, int, error) {
		some, resp, err := h.client.PullRequests.ListReviews(ctx, h.owner, h.name, number, &github.ListOptions{Page: page, PerPage: gitHubTextPage})
		if err != nil {
			return nil, 0, err
		}
		var words []Review
		for _, r := range some {
			switch r.GetState() {
			case "APPROVED", "CHANGES_REQUESTED", "DISMISSED":
				words = append(words, Review{
					Author: r.GetUser().GetLogin(), Commit: r.GetCommitID(), At: r.GetSubmittedAt().Time,
					Approved: r.GetState() == "APPROVED",
				})
			}
		}
		return words, resp.NextPage, nil
	})
	if err != nil {
		return nil, h.failed(ctx, fmt.Sprintf("read the reviews of pull request %d", number), err)
	}
	return lastWords(all), nil
}
