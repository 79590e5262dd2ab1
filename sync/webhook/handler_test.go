package webhook

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/sync/host"
)

const secret = "correct horse battery staple"

const signingToken = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// hook is a handler with what it heard.
type hook struct {
	*Handler

	heard []Event
	log   bytes.Buffer
}

func newHook(kind host.Kind, secret string) *hook {
	h := &hook{}
	h.Handler = New(Config{
		Kind: kind, Repository: "acme/clusters",
		Secret:  func() (string, error) { return secret, nil },
		Deliver: func(e Event) { h.heard = append(h.heard, e) },
		Log:     slog.New(slog.NewTextHandler(&h.log, nil)),
	})
	return h
}

func (h *hook) post(r *http.Request) int {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

func mac(key, text string) []byte {
	m := hmac.New(sha256.New, []byte(key))
	io.WriteString(m, text)
	return m.Sum(nil)
}

func delivery(body string, header map[string]string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for k, v := range header {
		r.Header.Set(k, v)
	}
	return r
}

// sender delivers as one of the hosts does.
type sender struct {
	name   string
	kind   host.Kind
	secret string
	send   func(secret, id, event, body string) *http.Request
	push   string // a push event's body, to main
	event  string // its name
}

var senders = []sender{
	{"GitHub", host.GitHub, secret, func(secret, id, event, body string) *http.Request {
		return delivery(body, map[string]string{
			"X-GitHub-Event": event, "X-GitHub-Delivery": id, "X-Hub-Signature-256": "sha256=" + hex.EncodeToString(mac(secret, body)),
		})
	}, `{"ref":"refs/heads/main","before":"a","after":"b","repository":{"full_name":"Acme/clusters"}}`, "push"},
	{"Gitea", host.Gitea, secret, func(secret, id, event, body string) *http.Request {
		return delivery(body, map[string]string{
			"X-Gitea-Event": event, "X-Gitea-Delivery": id, "X-Gitea-Signature": hex.EncodeToString(mac(secret, body)),
		})
	}, `{"ref":"refs/heads/main","before":"a","after":"b","repository":{"full_name":"acme/clusters"}}`, "push"},
	{"GitLab", host.GitLab, secret, func(secret, id, event, body string) *http.Request {
		return delivery(body, map[string]string{"X-Gitlab-Event": event, "Idempotency-Key": id, "X-Gitlab-Token": secret})
	}, `{"object_kind":"push","ref":"refs/heads/main","before":"a","after":"b","project":{"path_with_namespace":"acme/clusters"}}`, "Push Hook"},
	{"GitLab, signed", host.GitLab, signingToken, func(secret, id, event, body string) *http.Request {
		at := fmt.Sprint(time.Now().Unix())
		key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		return delivery(body, map[string]string{
			"X-Gitlab-Event": event, "Webhook-Id": id, "Webhook-Timestamp": at,
			"Webhook-Signature": "v1,bm90IHRoaXMgb25l v1," + base64.StdEncoding.EncodeToString(mac(string(key), id+"."+at+"."+body)),
		})
	}, `{"object_kind":"push","ref":"refs/heads/main","before":"a","after":"b","project":{"path_with_namespace":"acme/clusters"}}`, "Push Hook"},
}

func each(t *testing.T, test func(t *testing.T, s sender, h *hook)) {
	for _, s := range senders {
		t.Run(s.name, func(t *testing.T) { test(t, s, newHook(s.kind, s.secret)) })
	}
}

func TestADeliveryIsTakenOnce(t *testing.T) {
	each(t, func(t *testing.T, s sender, h *hook) {
		if code := h.post(s.send(s.secret, "1", s.event, s.push)); code != http.StatusAccepted {
			t.Fatalf("first: %d %s", code, &h.log)
		}
		if code := h.post(s.send(s.secret, "1", s.event, s.push)); code != http.StatusConflict {
			t.Errorf("replayed: %d", code)
		}
		if diff := cmp.Diff([]Event{Push{Ref: "refs/heads/main", Before: "a", After: "b"}}, h.heard); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestAnotherIDDoesNotMakeASeenDeliveryNew(t *testing.T) {
	for _, s := range senders[:2] { // whose signatures leave the id out
		h := newHook(s.kind, s.secret)
		h.post(s.send(s.secret, "1", s.event, s.push))
		if code := h.post(s.send(s.secret, "2", s.event, s.push)); code != http.StatusConflict || len(h.heard) != 1 {
			t.Errorf("%s: %d, heard %d", s.name, code, len(h.heard))
		}
	}
}

func TestAForgedDeliveryIsRefused(t *testing.T) {
	each(t, func(t *testing.T, s sender, h *hook) {
		other := "whsec_" + base64.StdEncoding.EncodeToString([]byte("another"))
		forged := map[string]*http.Request{
			"with another secret": s.send(other, "1", s.event, s.push),
			"without a proof":     delivery(s.push, map[string]string{"X-GitHub-Event": "push", "X-Gitea-Event": "push", "X-Gitlab-Event": "Push Hook"}),
		}
		if s.name != "GitLab" { // whose token says nothing about the body
			changed := s.send(s.secret, "1", s.event, s.push)
			changed.Body = io.NopCloser(strings.NewReader(strings.Replace(s.push, "main", "mine", 1)))
			forged["with another body"] = changed
		}
		for name, r := range forged {
			if code := h.post(r); code != http.StatusUnauthorized || len(h.heard) != 0 {
				t.Errorf("%s: %d, heard %v", name, code, h.heard)
			}
		}
		// What was refused has not spoilt the delivery that it imitated.
		if code := h.post(s.send(s.secret, "1", s.event, s.push)); code != http.StatusAccepted {
			t.Errorf("the true one: %d", code)
		}
		if strings.Contains(h.log.String(), s.secret) {
			t.Error("the secret is in the log")
		}
	})
}

// counted is a body that knows how much of it was read.
type counted struct {
	io.Reader

	read int
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.read += n
	return n, err
}

func TestAFloodOfForgeriesWakesNobodyAndIsForgotten(t *testing.T) {
	each(t, func(t *testing.T, s sender, h *hook) {
		for i := range 2000 {
			body := &counted{Reader: strings.NewReader(s.push)}
			forged := s.send("whsec_"+base64.StdEncoding.EncodeToString([]byte("another")), fmt.Sprint(i), s.event, s.push)
			if i%2 == 0 {
				forged = delivery(s.push, map[string]string{"X-GitHub-Event": "push", "X-Gitea-Event": "push", "X-Gitlab-Event": "Push Hook"})
			}
			forged.Body = io.NopCloser(body)
			if code := h.post(forged); code != http.StatusUnauthorized {
				t.Fatalf("%d: %d", i, code)
			}
			if signed := s.name != "GitLab" && i%2 == 1; body.read > 0 != signed {
				t.Fatalf("%d: %d bytes were read", i, body.read)
			}
		}
		if len(h.heard) > 0 || len(h.seen.known) > 0 {
			t.Errorf("heard %v, remembers %d", h.heard, len(h.seen.known))
		}
	})
}

func TestOnlyAFewDeliveriesAreReadAtOnce(t *testing.T) {
	s := senders[0]
	h := newHook(s.kind, s.secret)
	var slow []*io.PipeWriter
	var all sync.WaitGroup
	for i := range maxAtOnce {
		body, end := io.Pipe()
		slow = append(slow, end)
		r := s.send("forged", fmt.Sprint(i), s.event, s.push)
		r.Body = body
		all.Go(func() { h.ServeHTTP(httptest.NewRecorder(), r) })
		if _, err := end.Write([]byte("{")); err != nil { // returns when it was read
			t.Fatal(err)
		}
	}
	if code := h.post(s.send(s.secret, "true", s.event, s.push)); code != http.StatusServiceUnavailable {
		t.Errorf("one more: %d", code)
	}
	for _, end := range slow {
		end.Close()
	}
	all.Wait()
	if code := h.post(s.send(s.secret, "true", s.event, s.push)); code != http.StatusAccepted {
		t.Errorf("after them: %d", code)
	}
}

func TestASignedTimeEnds(t *testing.T) {
	s := senders[3]
	for _, age := range []time.Duration{6 * time.Minute, -6 * time.Minute} {
		h := newHook(s.kind, s.secret)
		r := s.send(s.secret, "1", s.event, s.push)
		at := fmt.Sprint(time.Now().Add(-age).Unix())
		key, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(s.secret, "whsec_"))
		r.Header.Set("Webhook-Timestamp", at)
		r.Header.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac(string(key), "1."+at+"."+s.push)))
		if code := h.post(r); code != http.StatusUnauthorized {
			t.Errorf("%v old: %d", age, code)
		}
	}
}

func TestWithoutASecretNothingIsTaken(t *testing.T) {
	each(t, func(t *testing.T, s sender, _ *hook) {
		h := newHook(s.kind, "")
		for _, guess := range []string{"", "whsec_"} {
			if code := h.post(s.send(guess, "1", s.event, s.push)); code != http.StatusUnauthorized {
				t.Errorf("%q: %d", guess, code)
			}
		}
		h = newHook(s.kind, s.secret)
		h.cfg.Secret = func() (string, error) { return "", errors.New("no such file") }
		if code := h.post(s.send(s.secret, "1", s.event, s.push)); code != http.StatusServiceUnavailable {
			t.Errorf("unreadable: %d", code)
		}
	})
}

func TestWhatComesInAnotherWayIsRefused(t *testing.T) {
	each(t, func(t *testing.T, s sender, h *hook) {
		fresh := func() *http.Request { return s.send(s.secret, "1", s.event, s.push) }
		get, form, liar := fresh(), fresh(), fresh()
		get.Method = http.MethodGet
		form.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		huge := `{"x":"` + strings.Repeat("x", maxBody) + `"}`
		large, chunked := s.send(s.secret, "1", s.event, huge), s.send(s.secret, "1", s.event, huge)
		liar.ContentLength = maxBody + 1
		chunked.ContentLength = -1
		garbage := s.send(s.secret, "2", s.event, `{"ref":7}`)
		other := s.send(s.secret, "3", s.event, strings.Replace(strings.Replace(s.push, "acme", "evil", 1), "Acme", "evil", 1))
		for _, c := range []struct {
			name string
			r    *http.Request
			want int
		}{
			{"a GET", get, http.StatusMethodNotAllowed},
			{"a form", form, http.StatusUnsupportedMediaType},
			{"more than 5 MiB", large, http.StatusRequestEntityTooLarge},
			{"more than 5 MiB, it says", liar, http.StatusRequestEntityTooLarge},
			{"more than 5 MiB, unsaid", chunked, http.StatusRequestEntityTooLarge},
			{"garbage", garbage, http.StatusBadRequest},
			{"another repository", other, http.StatusUnprocessableEntity},
		} {
			if code := h.post(c.r); code != c.want || len(h.heard) != 0 {
				t.Errorf("%s: %d, want %d; heard %v", c.name, code, c.want, h.heard)
			}
		}
	})
}

func TestWhatHappenedIsUnderstood(t *testing.T) {
	const repo = `"repository":{"full_name":"acme/clusters"}`
	const project = `"project":{"path_with_namespace":"acme/clusters"}`
	for i, c := range []struct {
		sender      sender
		event, body string
		want        Event // nil: nothing of use
	}{
		{senders[0], "pull_request", `{"action":"synchronize","number":7,"pull_request":{"number":7},` + repo + `}`, PullRequest{7, "synchronize"}},
		{senders[0], "pull_request_review", `{"action":"submitted","pull_request":{"number":7},` + repo + `}`, PullRequest{7, "submitted"}},
		{senders[0], "issue_comment", `{"action":"created","issue":{"number":7,"pull_request":{}},"comment":{"id":9,"user":{"login":"ada"}},` + repo + `}`, Comment{7, 9, "ada"}},
		{senders[0], "issue_comment", `{"action":"created","issue":{"number":8},"comment":{"id":9,"user":{"login":"ada"}},` + repo + `}`, nil},
		{senders[0], "ping", `{"zen":"Keep it logically awesome.",` + repo + `}`, nil},
		{senders[1], "pull_request_approved", `{"action":"reviewed","number":7,` + repo + `}`, PullRequest{7, "reviewed"}},
		{senders[1], "issue_comment", `{"action":"created","issue":{"number":7,"pull_request":{"merged":false}},"comment":{"id":9,"user":{"login":"ada"}},` + repo + `}`, Comment{7, 9, "ada"}},
		{senders[2], "Merge Request Hook", `{"object_kind":"merge_request","object_attributes":{"iid":7,"action":"update"},` + project + `}`, PullRequest{7, "update"}},
		{senders[2], "Note Hook", `{"object_kind":"note","user":{"username":"ada"},"object_attributes":{"id":9,"noteable_type":"MergeRequest"},"merge_request":{"iid":7},` + project + `}`, Comment{7, 9, "ada"}},
		{senders[2], "Note Hook", `{"object_kind":"note","object_attributes":{"id":9,"noteable_type":"Issue"},` + project + `}`, nil},
		{senders[3], "Tag Push Hook", `{"object_kind":"tag_push","ref":"refs/tags/v1","before":"0","after":"c",` + project + `}`, Push{"refs/tags/v1", "0", "c"}},
	} {
		h := newHook(c.sender.kind, c.sender.secret)
		code := h.post(c.sender.send(c.sender.secret, fmt.Sprint(i), c.event, c.body))
		if c.want == nil {
			if code != http.StatusNoContent || len(h.heard) != 0 {
				t.Errorf("%s %s: %d, heard %v", c.sender.name, c.event, code, h.heard)
			}
			continue
		}
		if code != http.StatusAccepted || len(h.heard) != 1 || h.heard[0] != c.want {
			t.Errorf("%s %s: %d, heard %v", c.sender.name, c.event, code, h.heard)
		}
	}
}

func TestTheMemoryOfDeliveriesHasAnEnd(t *testing.T) {
	m := newMemory()
	for i := range 3 * remembered {
		if !m.add(fmt.Sprint(i)) {
			t.Fatalf("%d was known", i)
		}
	}
	if len(m.known) > remembered {
		t.Errorf("%d are remembered", len(m.known))
	}
	if m.add(fmt.Sprint(3*remembered - 1)) {
		t.Error("the latest was forgotten")
	}
}

// FuzzDelivery sends what somebody without the secret, and with it, might send.
func FuzzDelivery(f *testing.F) {
	for _, s := range senders {
		f.Add(s.event, "application/json", s.push, "sha256=00", "1")
		f.Add(s.event, "application/json", `{"number":-1,"issue":null,"object_attributes":[],"pull_request":null}`, "v1,", "1700000000")
	}
	f.Fuzz(func(t *testing.T, event, contentType, body, signature, id string) {
		for _, s := range senders {
			h := newHook(s.kind, s.secret)
			forged := delivery(body, map[string]string{
				"Content-Type": contentType, "X-GitHub-Event": event, "X-Gitea-Event": event, "X-GitHub-Delivery": id, "X-Gitea-Delivery": id,
				"Webhook-Id": id, "Webhook-Timestamp": id, "Webhook-Signature": signature, "X-Hub-Signature-256": signature,
				"X-Gitea-Signature": signature, "X-Gitlab-Token": signature, "Idempotency-Key": id,
			})
			if code := h.post(forged); code < 400 || len(h.heard) != 0 {
				t.Fatalf("%s took a forged delivery: %d", s.name, code)
			}
			code := h.post(s.send(s.secret, "true "+id, event, body))
			if (code == http.StatusAccepted) != (len(h.heard) == 1) {
				t.Fatalf("%s: %d, heard %v", s.name, code, h.heard)
			}
			for _, e := range h.heard {
				if pr, ok := e.(PullRequest); ok && pr.Number <= 0 {
					t.Fatalf("%s: %+v", s.name, pr)
				}
			}
		}
	})
}
