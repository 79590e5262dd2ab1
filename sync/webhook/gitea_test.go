package webhook

import (
	"encoding/base64"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/internal/giteatest"
	"github.com/quorate/quorate/sync/host"
)

func TestGiteaIsHeard(t *testing.T) {
	gitea := giteatest.Start(t)
	robot, ada := gitea.Person(t, "acme"), gitea.Person(t, "ada")
	robot.Do(t, http.MethodPost, "/user/repos", map[string]any{"name": "clusters", "auto_init": true, "default_branch": "main"}, nil)
	robot.Do(t, http.MethodPut, "/repos/acme/clusters/collaborators/ada", map[string]any{"permission": "write"}, nil)

	heard := make(chan Event, 100)
	handler := New(Config{
		Kind: host.Gitea, Repository: "acme/clusters", Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Secret: func() (string, error) { return secret, nil }, Deliver: func(e Event) { heard <- e },
	})
	server := httptest.NewServer(handler)
	defer server.Close()
	robot.Do(t, http.MethodPost, "/repos/acme/clusters/hooks", map[string]any{
		"type": "gitea", "active": true, "config": map[string]string{"url": server.URL, "content_type": "json", "secret": secret},
		"events": []string{"push", "pull_request", "pull_request_sync", "pull_request_comment", "issue_comment", "pull_request_review_approved"},
	}, nil)

	var made struct{ Commit struct{ SHA string } }
	robot.Do(t, http.MethodPost, "/repos/acme/clusters/contents/a.yaml", map[string]any{
		"content": base64.StdEncoding.EncodeToString([]byte("a: 1\n")), "branch": "main", "new_branch": "topic", "message": "Add a",
	}, &made)
	var pull struct{ Number int }
	robot.Do(t, http.MethodPost, "/repos/acme/clusters/pulls", map[string]any{"base": "main", "head": "topic", "title": "Add a"}, &pull)
	var comment struct{ ID int64 }
	ada.Do(t, http.MethodPost, "/repos/acme/clusters/issues/1/comments", map[string]any{"body": "/quorate plan"}, &comment)
	ada.Do(t, http.MethodPost, "/repos/acme/clusters/pulls/1/reviews", map[string]any{"event": "APPROVED", "body": "Fine."}, nil)

	want := []Event{
		Push{Ref: "refs/heads/topic", Before: "0000000000000000000000000000000000000000", After: made.Commit.SHA},
		PullRequest{Number: pull.Number, Action: "opened"},
		Comment{Number: pull.Number, ID: comment.ID, Author: "ada"},
		PullRequest{Number: pull.Number, Action: "reviewed"},
	}
	for deadline := time.After(time.Minute); len(want) > 0; {
		select {
		case e := <-heard:
			for i := range want {
				if cmp.Equal(e, want[i]) {
					want = append(want[:i], want[i+1:]...)
					break
				}
			}
		case <-deadline:
			t.Fatalf("did not hear of %+v", want)
		}
	}
}
