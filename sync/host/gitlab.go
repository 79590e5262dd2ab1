package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	gitlab "gitlab.com/gitlab-org/api/client-go/v2"

	"github.com/quorate/quorate/sync/commitstatus"
)

// gitLab is gitlab.com or a self-managed GitLab.
type gitLab struct {
	address

	client *gitlab.Client
}

// Pages are short where texts of a million characters may be on them.
const (
	gitLabPage     = 100
	gitLabTextPage = 20
)

func newGitLab(at address, as credential) (*gitLab, error) {
	client, err := gitlab.NewAuthSourceClient(gitlab.Unauthenticated{}, // our own client signs, see exchange
		gitlab.WithBaseURL(at.api().String()), gitlab.WithHTTPClient(at.client(as)), gitlab.WithoutRetries(),
		gitlab.WithURLWarningLogger(slog.New(slog.DiscardHandler)))
	return &gitLab{at, client}, err
}

// gitLabStates has no word for an error of our own.
var gitLabStates = map[commitstatus.State]gitlab.BuildStateValue{
	commitstatus.Pending: gitlab.Pending,
	commitstatus.Success: gitlab.Success,
	commitstatus.Failure: gitlab.Failed,
	commitstatus.Error:   gitlab.Failed,
}

// Post sets a status; GitLab shows it as a job of a pipeline of its own. A status that is pending already
// cannot be made pending, which GitLab refuses although it takes the sentence: then what stands there counts.
// https://docs.gitlab.com/api/commits/#set-commit-pipeline-status
func (h *gitLab) Post(ctx context.Context, s commitstatus.Status) error {
	s, err := s.Normal()
	if err != nil {
		return err
	}
	opts := &gitlab.SetCommitStatusOptions{State: gitLabStates[s.State], Name: &s.Context, Description: &s.Description}
	if s.URL != "" {
		opts.TargetURL = &s.URL
	}
	_, _, err = h.client.Commits.SetCommitStatus(h.path, s.Commit, opts, gitlab.WithContext(ctx))
	if err != nil && errors.Is(classed(ctx, err), ErrRejected) && h.stands(ctx, s) {
		return nil
	}
	if gone, ok := errors.AsType[*Error](err); ok && errors.Is(gone, ErrNotFound) && strings.Contains(strings.ToLower(gone.Detail), "commit") {
		gone.Class = ErrRejected // rather than a project that is not shown to us
	}
	return rejected(h.failed(ctx, "post a status", err))
}

// stands says that the latest status of the context has the state already.
func (h *gitLab) stands(ctx context.Context, s commitstatus.Status) bool {
	latest, _, err := h.client.Commits.GetCommitStatuses(h.path, s.Commit, &gitlab.GetCommitStatusesOptions{Name: &s.Context}, gitlab.WithContext(ctx))
	if err != nil {
		return false
	}
	for _, have := range present(latest) {
		if have.Name == s.Context && have.Status == string(gitLabStates[s.State]) {
			return true
		}
	}
	return false
}

func (h *gitLab) PullRequests(ctx context.Context) ([]PullRequest, error) {
	all, err := pages(maxPullRequests, func(page int) ([]PullRequest, int, error) {
		opts := &gitlab.ListProjectMergeRequestsOptions{State: new("opened"), ListOptions: gitLabOptions(page, gitLabTextPage)}
		some, resp, err := h.client.MergeRequests.ListProjectMergeRequests(h.path, opts, gitlab.WithContext(ctx))
		if err != nil {
			return nil, 0, err
		}
		return convert(some, h.pullRequest), int(resp.NextPage), nil
	})
	if err == nil {
		all, err = complete(ctx, all, h.tip)
	}
	return whole(all, h.failed(ctx, "list merge requests", err))
}

func gitLabOptions(page, size int) gitlab.ListOptions {
	return gitlab.ListOptions{Page: int64(page), PerPage: int64(size)}
}

func (h *gitLab) pullRequest(mr *gitlab.BasicMergeRequest) PullRequest {
	pr := PullRequest{
		Number: int(mr.IID), Head: mr.SHA, HeadRef: fmt.Sprintf("refs/merge-requests/%d/head", mr.IID), Base: mr.TargetBranch,
		Fork: mr.SourceProjectID != mr.TargetProjectID, Draft: mr.Draft, URL: mr.WebURL,
	}
	if mr.Author != nil {
		pr.Author = mr.Author.Username
	}
	if mr.UpdatedAt != nil {
		pr.Updated = *mr.UpdatedAt
	}
	return pr
}

func (h *gitLab) tip(ctx context.Context, branch string) (string, error) {
	b, _, err := h.client.Branches.GetBranch(h.path, branch, gitlab.WithContext(ctx))
	if err != nil || b == nil || b.Commit == nil {
		return "", err
	}
	return b.Commit.ID, nil
}

// Changed asks for the count as well, since GitLab lists no more files than its diff limits allow, and
// shows that only by a plus behind the count.
func (h *gitLab) Changed(ctx context.Context, number int) (Changed, error) {
	verb := fmt.Sprintf("list the files of merge request %d", number)
	mr, _, err := h.client.MergeRequests.GetMergeRequest(h.path, int64(number), nil, gitlab.WithContext(ctx))
	if err != nil {
		return Changed{}, h.failed(ctx, verb, err)
	}
	all, err := pages(maxFiles, func(page int) ([]string, int, error) {
		opts := &gitlab.ListMergeRequestDiffsOptions{ListOptions: gitLabOptions(page, gitLabPage)}
		some, resp, err := h.client.MergeRequests.ListMergeRequestDiffs(h.path, int64(number), opts, gitlab.WithContext(ctx))
		if err != nil {
			return nil, 0, err
		}
		var names []string
		for _, f := range present(some) {
			names = append(names, f.NewPath, f.OldPath)
		}
		return names, int(resp.NextPage), nil
	})
	changed, err := paths(all, err)
	changed.Truncated = changed.Truncated || mr == nil || strings.HasSuffix(mr.ChangesCount, "+")
	return changed, h.failed(ctx, verb, err)
}

// Keep edits our comment in place.
func (h *gitLab) Keep(ctx context.Context, number int, r Remark) error {
	return h.failed(ctx, fmt.Sprintf("comment on merge request %d", number), keep(ctx, h, number, r, maxGitLabComment))
}

// Remarks are found among all comments, for others may have copied their marker.
func (h *gitLab) Remarks(ctx context.Context, number int) (map[string]Comment, error) {
	ours, err := remarks(ctx, h, number)
	return ours, h.failed(ctx, fmt.Sprintf("read our comments on merge request %d", number), err)
}

func (h *gitLab) me(ctx context.Context) (string, error) {
	user, _, err := h.client.Users.CurrentUser(gitlab.WithContext(ctx))
	if err != nil || user == nil {
		return "", err
	}
	return user.Username, nil
}

// Comments leaves out what GitLab itself notes, and what only members of the project can read.
func (h *gitLab) Comments(ctx context.Context, number int, since time.Time) ([]Comment, error) {
	all, err := pages(maxComments, func(page int) ([]Comment, int, error) {
		opts := &gitlab.ListMergeRequestNotesOptions{ListOptions: gitLabOptions(page, gitLabTextPage), Sort: new("asc")}
		some, resp, err := h.client.Notes.ListMergeRequestNotes(h.path, int64(number), opts, gitlab.WithContext(ctx))
		if err != nil {
			return nil, 0, err
		}
		var comments []Comment
		for _, n := range present(some) {
			if !n.System && !n.Internal && n.CreatedAt != nil && n.UpdatedAt != nil {
				comments = append(comments, Comment{
					ID: n.ID, Author: n.Author.Username, Body: n.Body, At: *n.UpdatedAt, Edited: !n.UpdatedAt.Equal(*n.CreatedAt),
				})
			}
		}
		return comments, int(resp.NextPage), nil
	})
	return whole(ordered(all, since), h.failed(ctx, fmt.Sprintf("read the comments of merge request %d", number), err))
}

func (h *gitLab) write(ctx context.Context, number int, body string) error {
	_, _, err := h.client.Notes.CreateMergeRequestNote(h.path, int64(number), &gitlab.CreateMergeRequestNoteOptions{Body: &body}, gitlab.WithContext(ctx))
	return err
}

func (h *gitLab) edit(ctx context.Context, number int, id int64, body string) error {
	_, _, err := h.client.Notes.UpdateMergeRequestNote(h.path, int64(number), id, &gitlab.UpdateMergeRequestNoteOptions{Body: &body}, gitlab.WithContext(ctx))
	return err
}

func (h *gitLab) remove(ctx context.Context, number int, id int64) error {
	_, err := h.client.Notes.DeleteMergeRequestNote(h.path, int64(number), id, gitlab.WithContext(ctx))
	return err
}

// Role looks up the user's number by name, and then the membership, that of groups included.
// https://docs.gitlab.com/api/members/#get-a-member-of-a-group-or-project-including-inherited-and-invited-members
func (h *gitLab) Role(ctx context.Context, user string) (Role, error) {
	if !userName.MatchString(user) {
		return None, nil
	}
	role, err := h.role(ctx, user)
	if errors.Is(err, ErrNotFound) {
		return None, nil
	}
	return role, h.failed(ctx, "read what "+commitstatus.Shorten(user, maxDetail)+" may do", err)
}

func (h *gitLab) role(ctx context.Context, user string) (Role, error) {
	id, err := h.userID(ctx, user)
	if err != nil || id == 0 {
		return None, err
	}
	member, _, err := h.client.ProjectMembers.GetInheritedProjectMember(h.path, id, gitlab.WithContext(ctx))
	if err != nil {
		return None, classed(ctx, err)
	}
	switch {
	case member == nil, member.State != "active":
		return None, nil
	case member.AccessLevel >= gitlab.MaintainerPermissions:
		return Admin, nil
	case member.AccessLevel >= gitlab.DeveloperPermissions:
		return Write, nil
	case member.AccessLevel >= gitlab.GuestPermissions:
		return Read, nil
	}
	return None, nil
}

// Reviews are approvals, which GitLab gives to a merge request rather than to a commit. The commit is the
// version that was there at the time, or empty where GitLab does not say when.
func (h *gitLab) Reviews(ctx context.Context, number int) ([]Review, error) {
	verb := fmt.Sprintf("read the approvals of merge request %d", number)
	given, _, err := h.client.MergeRequestApprovals.GetConfiguration(h.path, int64(number), gitlab.WithContext(ctx))
	if err != nil {
		return nil, h.failed(ctx, verb, err)
	}
	versions, err := h.versions(ctx, number)
	if err != nil {
		return nil, h.failed(ctx, verb, err)
	}
	var all []Review
	for _, a := range approvals(given) {
		review := Review{Author: a.User.Username, Approved: true}
		if a.ApprovedAt != nil {
			review.At, review.Commit = *a.ApprovedAt, headAt(versions, *a.ApprovedAt)
		}
		all = append(all, review)
	}
	return lastWords(all), nil
}

func approvals(given *gitlab.MergeRequestApprovals) []*gitlab.MergeRequestApproverUser {
	if given == nil {
		return nil
	}
	return slices.DeleteFunc(present(given.ApprovedBy), func(a *gitlab.MergeRequestApproverUser) bool { return a.User == nil })
}

func (h *gitLab) versions(ctx context.Context, number int) ([]*gitlab.MergeRequestDiffVersion, error) {
	return pages(maxReviews, func(page int) ([]*gitlab.MergeRequestDiffVersion, int, error) {
		opts := &gitlab.GetMergeRequestDiffVersionsOptions{ListOptions: gitLabOptions(page, gitLabPage)}
		some, resp, err := h.client.MergeRequests.GetMergeRequestDiffVersions(h.path, int64(number), opts, gitlab.WithContext(ctx))
		if err != nil {
			return nil, 0, err
		}
		return present(some), int(resp.NextPage), nil
	})
}

// headAt is the head of the latest version that was not made after.
func headAt(versions []*gitlab.MergeRequestDiffVersion, at time.Time) string {
	var head string
	var since time.Time
	for _, v := range versions {
		if v.CreatedAt != nil && !v.CreatedAt.After(at) && !v.CreatedAt.Before(since) {
			head, since = v.HeadCommitSHA, *v.CreatedAt
		}
	}
	return head
}
