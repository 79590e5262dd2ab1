package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/quorate/quorate/sync/commitstatus"
	"github.com/quorate/quorate/sync/host"
	"github.com/quorate/quorate/sync/schedule"
)

// logLines is a log that is read while it is written.
type logLines struct{ c chan string }

func (l logLines) Write(p []byte) (int, error) {
	l.c <- string(p)
	return len(p), nil
}

// writeSecret makes a file with a secret in it.
func writeSecret(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func deliver(t *testing.T, address, key, ref string) int {
	t.Helper()
	body := `{"ref":"` + ref + `","after":"b","repository":{"full_name":"acme/clusters"}}`
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	sum := hmac.New(sha256.New, []byte(key))
	io.WriteString(sum, body)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-GitHub-Event", "push")
	req.Header.Set("X-GitHub-Delivery", ref)
	req.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(sum.Sum(nil)))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

func TestAPushThatAWebhookTellsOfWakesTheSchedule(t *testing.T) {
	stream, err := schedule.New(schedule.Config{Poll: time.Hour, Drift: "0 0 1 1 *"})
	if err != nil {
		t.Fatal(err)
	}
	triggers := make(chan schedule.Reason)
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		defer close(triggers)
		for trigger := range stream.Triggers(ctx) {
			select {
			case triggers <- trigger.Reason:
			case <-ctx.Done():
			}
		}
	}()
	if first := <-triggers; first != schedule.Poll {
		t.Fatalf("first: %s", first)
	}
	said := logLines{make(chan string, 100)}
	log := slog.New(slog.NewTextHandler(said, nil))
	w := &watched{stream: stream, log: log}
	hooks, err := hosting{secret: writeSecret(t, "hush")}.hooks("https://github.com/acme/clusters.git", w.hear, log)
	if err != nil {
		t.Fatal(err)
	}
	<-said.c
	wait, err := serving{listen: "127.0.0.1:0", log: log}.listenTo(ctx, hooks)
	if err != nil {
		t.Fatal(err)
	}
	address := regexp.MustCompile(`address=(\S+)`).FindStringSubmatch(<-said.c)[1]
	for _, c := range []struct {
		key, ref string
		want     int
	}{{"guess", "refs/heads/main", 401}, {"hush", "refs/heads/topic", 202}, {"hush", "refs/heads/main", 202}} {
		if code := deliver(t, address, c.key, c.ref); code != c.want {
			t.Errorf("%+v: %d", c, code)
		}
	}
	select {
	case reason := <-triggers:
		if reason != schedule.Webhook {
			t.Errorf("woken by %s", reason)
		}
	case <-time.After(10 * time.Second):
		t.Error("nobody woke up")
	}
	stop()
	wait()
	if _, more := <-triggers; more {
		t.Error("the forged delivery or the other branch woke it as well")
	}
}

func TestWebhooksNeedASecretAndAHost(t *testing.T) {
	secret := writeSecret(t, "hush")
	for name, c := range map[string]struct {
		h          hosting
		repository string
	}{
		"no secret": {hosting{}, "https://github.com/acme/clusters"},
		"plain Git": {hosting{secret: secret}, "/srv/git/clusters"},
	} {
		if _, err := c.h.hooks(c.repository, nil, slog.New(slog.DiscardHandler)); err == nil {
			t.Errorf("%s: it takes webhooks", name)
		}
	}
}

func TestWebhooksNeedAnAddressThatIsOne(t *testing.T) {
	s := serving{listen: "nonsense", log: slog.New(slog.DiscardHandler)}
	if _, err := s.listenTo(t.Context(), http.NotFoundHandler()); err == nil {
		t.Error("it listens")
	}
}

func TestWithoutACredentialStatusesStayGitNotes(t *testing.T) {
	notes := commitstatus.NewNotes(nil)
	token := writeSecret(t, "t0ken")
	for _, c := range []struct {
		cfg        host.Config
		repository string
		want       string // empty: an error
	}{
		{host.Config{}, "https://github.com/acme/clusters", "plain Git"},
		{host.Config{TokenFile: token}, "https://github.com/acme/clusters", "GitHub at github.com"},
		{host.Config{TokenFile: token, Kind: host.Git}, "https://github.com/acme/clusters", "plain Git"},
		{host.Config{TokenFile: token, Kind: host.Gitea}, "https://git.example.com/acme/clusters", "Gitea at git.example.com"},
		{host.Config{}, "/srv/git/clusters", "plain Git"},
		{host.Config{Kind: host.GitHub}, "https://github.com/acme/clusters", ""},
		{host.Config{Kind: host.GitLab, TokenFile: token}, "/srv/git/clusters", ""},
	} {
		h, err := hosting{config: c.cfg}.open(c.repository, notes, slog.New(slog.DiscardHandler))
		got := ""
		if err == nil {
			got = h.String()
		}
		if got != c.want {
			t.Errorf("%+v: %q, want %q: %v", c, got, c.want, err)
		}
	}
}
