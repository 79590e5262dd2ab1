package main

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/sync/host"
	"github.com/quorate/quorate/sync/repositories"
	"github.com/quorate/quorate/sync/schedule"
	"github.com/quorate/quorate/sync/webhook"
)

func servingList(t *testing.T, text string) serving {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "repositories.yaml")
	if err := os.WriteFile(file, []byte("apiVersion: quorate.dev/v1\nkind: Repositories\nrepositories:\n"+text), 0o600); err != nil {
		t.Fatal(err)
	}
	return serving{list: file, state: filepath.Join(dir, "state"), log: slog.New(slog.DiscardHandler), reach: &reach{calls: &awsapi.Calls{}}}
}

func TestSeveralRepositoriesHaveAFolderAndAPlaceForWebhooksEach(t *testing.T) {
	secret := writeSecret(t, "hush")
	s := servingList(t, `
- name: blue
  url: https://github.com/acme/blue.git
  webhookSecretFile: `+secret+`
  clusters: {x.example.com: {tag: v1}}
- {name: green, url: https://github.com/acme/green.git, webhookSecretFile: `+secret+`}
- {name: quiet, url: /srv/git/quiet}
`)
	s.listen = "127.0.0.1:0"
	if err := os.MkdirAll(s.state, 0o700); err != nil {
		t.Fatal(err)
	}
	rooms, err := s.open()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range rooms {
		for _, part := range w.parts() {
			got = append(got, part.title()+" in "+strings.TrimPrefix(part.git.Dir, s.state))
		}
	}
	want := []string{
		"blue in /repositories/blue/git", `blue at tag "v1" in /repositories/blue/git`, "green in /repositories/green/git", "quiet in /repositories/quiet/git",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if main, tag := rooms[0], rooms[0].elsewhere[0]; main.own("x.example.com") || !main.own("y.example.com") || !tag.own("x.example.com") || tag.own("y.example.com") {
		t.Error("a cluster is run from where it is not followed")
	}
	hooks, err := s.hooks(rooms)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(hooks)
	defer server.Close()
	for path, want := range map[string]int{"/blue": 405, "/green": 405, "/quiet": 404, "/": 404} {
		answer, err := server.Client().Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, answer.StatusCode, want)
		}
	}
}

func TestAListThatIsWrongIsToldAndNothingIsServed(t *testing.T) {
	s := servingList(t, "- {name: a}\n- {name: b, url: /b, brunch: main}\n")
	err := s.run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "repositories.yaml:5:") {
		t.Errorf("%v", err)
	}
	s.list = filepath.Join(t.TempDir(), "none")
	if err := s.run(t.Context()); err == nil {
		t.Error("it serves what is not there")
	}
}

func TestAPushWakesOnlyWhoFollowsWhatMoved(t *testing.T) {
	part := func(tag, commit string) *watched {
		w := &watched{log: slog.New(slog.DiscardHandler)}
		w.git.Tag, w.git.Commit = tag, commit
		var err error
		if w.stream, err = schedule.New(schedule.Config{Poll: time.Hour, Drift: "0 0 1 1 *"}); err != nil {
			t.Fatal(err)
		}
		return w
	}
	main := part("", "")
	main.elsewhere = []*watched{part("v1", ""), part("", strings.Repeat("a", 40))}
	for _, e := range []webhook.Event{
		webhook.Push{Ref: "refs/heads/topic"}, webhook.Push{Ref: "refs/heads/v1"}, webhook.Push{Ref: ""}, webhook.Push{Ref: "main"},
		webhook.PullRequest{Number: 1}, webhook.Comment{Number: 1},
	} {
		main.hear(e)
	}
	if got := woken(t, main); got != "..." {
		t.Errorf("woken by what nobody follows: %s", got)
	}
	main.hear(webhook.Push{Ref: "refs/heads/main"})
	if got := woken(t, main); got != "w.." {
		t.Errorf("the branch: %s", got)
	}
	main.hear(webhook.Push{Ref: "refs/tags/v1"})
	if got := woken(t, main); got != ".w." {
		t.Errorf("the tag: %s", got)
	}
}

// woken draws who has a webhook to act on.
func woken(t *testing.T, w *watched) string {
	t.Helper()
	drawn := ""
	for _, part := range w.parts() {
		next := "."
		for trigger := range part.stream.Triggers(t.Context()) {
			if trigger.Reason == schedule.Webhook {
				next = "w"
				continue
			}
			break // the poll at the start, which comes after all webhooks
		}
		drawn += next
	}
	return drawn
}

func TestGitSpeaksAsTheHostIsSpokenToUnlessToldOtherwise(t *testing.T) {
	token, other := writeSecret(t, "host-token"), writeSecret(t, "git-token")
	for name, c := range map[string]struct {
		r    repository
		want string
	}{
		"GitHub":             {at("https://github.com/a/b", host.Config{TokenFile: token}), "x-access-token:host-token"},
		"GitLab":             {at("https://gitlab.com/a/b", host.Config{TokenFile: token}), "oauth2:host-token"},
		"Gitea":              {at("https://git.example.com/a/b", host.Config{Kind: host.Gitea, TokenFile: token}), ":host-token"},
		"another address":    {at("https://git.example.com/a/b", host.Config{Kind: host.Gitea, TokenFile: token, URL: "https://web.example.com"}), ""},
		"ssh":                {at("git@github.com:a/b", host.Config{TokenFile: token}), ""},
		"plain http":         {at("http://git.example.com/a/b", host.Config{Kind: host.Gitea, TokenFile: token}), ""},
		"no credential":      {at("https://github.com/a/b", host.Config{}), ""},
		"a token of its own": {repository{git: at("https://github.com/a/b", host.Config{}).git, tokenFile: other, hosting: hosting{config: host.Config{TokenFile: token}}}, ":git-token"},
	} {
		if err := c.r.credentials(); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := ""
		if ask := c.r.git.Auth.Ask; ask != nil {
			user, password, err := ask(context.Background())
			if got = user + ":" + password; err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func at(url string, cfg host.Config) repository {
	r := repository{hosting: hosting{config: cfg}}
	r.git.URL = url
	return r
}

func TestAPinnedCommitNeedsNoTrustedCommit(t *testing.T) {
	s := serving{state: t.TempDir(), log: slog.New(slog.DiscardHandler), reach: &reach{calls: &awsapi.Calls{}}}
	pin := repositories.Pin{Commit: strings.Repeat("a", 40), Clusters: []string{"x.example.com"}}
	r := repository{name: "blue", trusted: strings.Repeat("b", 40), pins: []repositories.Pin{pin}}
	r.git.URL = "/srv/git/blue"
	w, err := s.watch(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := w.trust.Anchor.Commit; got != r.trusted {
		t.Errorf("the branch trusts %q", got)
	}
	if got := w.elsewhere[0].trust.Anchor.Commit; got != "" {
		t.Errorf("the pin trusts %q", got)
	}
}
