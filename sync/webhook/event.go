package webhook

import (
	"net/http"

	"github.com/quorate/quorate/sync/host"
)

// Event is one of Push, PullRequest and Comment.
type Event interface{ event() }

// Push says that a branch or tag moved, came or went.
type Push struct {
	Ref           string // refs/heads/main
	Before, After string // commits; all zeros for a ref that came or went
}

// PullRequest says that one was opened, changed, closed or reviewed.
type PullRequest struct {
	Number int
	Action string // in the host's words
}

// Comment says that one was written, edited or removed.
type Comment struct {
	Number int // of the pull request
	ID     int64
	Author string
}

func (Push) event()        {}
func (PullRequest) event() {}
func (Comment) event()     {}

// payload holds what is read of a delivery. GitHub's and Gitea's share their names, GitLab has its own.
type payload struct {
	Ref    string `json:"ref"`
	Before string `json:"before"`
	After  string `json:"after"`
	Action string `json:"action"`
	Number int    `json:"number"`

	Repository struct {
		FullName string `json:"full_name"`
	} `json:"repository"`
	PullRequest *struct {
		Number int `json:"number"`
	} `json:"pull_request"`
	Issue struct {
		Number      int       `json:"number"`
		PullRequest *struct{} `json:"pull_request"`
	} `json:"issue"`
	Comment struct {
		ID   int64 `json:"id"`
		User struct {
			Login string `json:"login"`
		} `json:"user"`
	} `json:"comment"`

	ObjectKind string `json:"object_kind"`
	Project    struct {
		Path string `json:"path_with_namespace"`
	} `json:"project"`
	Attributes struct {
		ID           int64  `json:"id"`
		IID          int    `json:"iid"`
		Action       string `json:"action"`
		NoteableType string `json:"noteable_type"`
	} `json:"object_attributes"`
	MergeRequest struct {
		IID int `json:"iid"`
	} `json:"merge_request"`
	User struct {
		Username string `json:"username"`
	} `json:"user"`
}

// event is what happened and to which repository; nil for what is of no use here, such as a ping.
func (p payload) event(kind host.Kind, header http.Header) (Event, string) {
	var e Event
	switch kind {
	case host.GitHub:
		e = p.common(header.Get("X-GitHub-Event"))
	case host.Gitea:
		e = p.common(header.Get("X-Gitea-Event"))
	case host.GitLab:
		return p.gitLab(), p.Project.Path
	case host.Git: // has no webhooks
	}
	return e, p.Repository.FullName
}

// common reads events by the names that GitHub gave them, and Gitea's for reviews.
// https://docs.github.com/en/webhooks/webhook-events-and-payloads
func (p payload) common(name string) Event {
	switch name {
	case "push":
		return p.push()
	case "pull_request", "pull_request_review", "pull_request_approved", "pull_request_rejected":
		number := p.Number
		if p.PullRequest != nil && number == 0 {
			number = p.PullRequest.Number
		}
		if number > 0 {
			return PullRequest{Number: number, Action: p.Action}
		}
	case "issue_comment":
		if p.Issue.PullRequest != nil && p.Issue.Number > 0 {
			return Comment{Number: p.Issue.Number, ID: p.Comment.ID, Author: p.Comment.User.Login}
		}
	}
	return nil
}

func (p payload) push() Event {
	if p.Ref == "" {
		return nil
	}
	return Push{Ref: p.Ref, Before: p.Before, After: p.After}
}

// gitLab reads the kind from the body, which GitLab repeats in a header in other words.
// https://docs.gitlab.com/user/project/integrations/webhook_events/
func (p payload) gitLab() Event {
	switch p.ObjectKind {
	case "push", "tag_push":
		return p.push()
	case "merge_request":
		if p.Attributes.IID > 0 {
			return PullRequest{Number: p.Attributes.IID, Action: p.Attributes.Action}
		}
	case "note":
		if p.Attributes.NoteableType == "MergeRequest" && p.MergeRequest.IID > 0 {
			return Comment{Number: p.MergeRequest.IID, ID: p.Attributes.ID, Author: p.User.Username}
		}
	}
	return nil
}
