package host

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/go-github/v88/github"
	gitlab "gitlab.com/gitlab-org/api/client-go/v2"
)

// Merger is the part of a host with pull requests that knows which one brought a commit to a branch;
// ErrNotFound if none did.
type Merger interface {
	Merged(ctx context.Context, branch, commit string) (PullRequest, error)
}

// maxOfCommit bounds the pull requests of one commit that are looked at.
const maxOfCommit = 100

// Merged asks for the pull requests of the commit, among which those are that merely hold it.
// https://docs.github.com/en/rest/commits/commits#list-pull-requests-associated-with-a-commit
func (h *gitHub) Merged(ctx context.Context, branch, commit string) (PullRequest, error) {
	if !commitID.MatchString(commit) {
		return PullRequest{}, h.failed(ctx, mergedVerb(commit), orNone(nil))
	}
	all, err := pages(maxOfCommit, func(page int) ([]*github.PullRequest, int, error) {
		some, resp, err := h.client.PullRequests.ListPullRequestsWithCommit(ctx, h.owner, h.name, commit, &github.ListOptions{Page: page, PerPage: gitHubTextPage})
		if err != nil {
			return nil, 0, err
		}
		return present(some), resp.NextPage, nil
	})
	if errors.Is(err, ErrRejected) {
		err = nil // that is how GitHub says that it has no such commit
	}
	for _, pr := range all {
		if pr.MergedAt == nil || pr.GetBase().GetRef() != branch || err != nil {
			continue
		}
		// Who merged it is told of single pull requests only.
		one, _, failed := h.client.PullRequests.Get(ctx, h.owner, h.name, pr.GetNumber())
		if err = failed; err == nil {
			out := h.pullRequest(one)
			out.MergedBy = one.GetMergedBy().GetLogin()
			return out, nil
		}
	}
	return PullRequest{}, h.failed(ctx, mergedVerb(commit), orNone(err))
}

// Merged knows of merges, squashes, and the last commit of what was rebased.
func (h *giteaHost) Merged(ctx context.Context, branch, commit string) (PullRequest, error) {
	if !commitID.MatchString(commit) {
		return PullRequest{}, h.failed(ctx, mergedVerb(commit), orNone(nil))
	}
	client, err := h.client(ctx)
	if err != nil {
		return PullRequest{}, h.failed(ctx, mergedVerb(commit), err)
	}
	pr, _, err := client.GetCommitPullRequest(h.owner, h.name, commit)
	if err != nil || pr == nil || !pr.HasMerged || pr.Base == nil || pr.Base.Ref != branch {
		return PullRequest{}, h.failed(ctx, mergedVerb(commit), orNone(err))
	}
	out := h.pullRequest(pr)
	out.MergedBy = giteaLogin(pr.MergedBy)
	return out, nil
}

// Merged asks for the merge requests that introduced the commit.
// https://docs.gitlab.com/api/commits/#list-merge-requests-associated-with-a-commit
func (h *gitLab) Merged(ctx context.Context, branch, commit string) (PullRequest, error) {
	if !commitID.MatchString(commit) {
		return PullRequest{}, h.failed(ctx, mergedVerb(commit), orNone(nil))
	}
	all, _, err := h.client.Commits.ListMergeRequestsByCommit(h.path, commit, gitlab.WithContext(ctx))
	for _, mr := range present(all) {
		if mr.State != "merged" || mr.TargetBranch != branch {
			continue
		}
		out := h.pullRequest(mr)
		if mr.MergeUser != nil {
			out.MergedBy = mr.MergeUser.Username
		}
		return out, nil
	}
	return PullRequest{}, h.failed(ctx, mergedVerb(commit), orNone(err))
}

func mergedVerb(commit string) string {
	return fmt.Sprintf("find the pull request that brought commit %.10s", commit)
}

// orNone is the error, or that there is none such.
func orNone(err error) error {
	if err == nil {
		return &Error{Class: ErrNotFound, Detail: "no pull request brought it"}
	}
	return err
}
