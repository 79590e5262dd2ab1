package host

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestARateLimitLastsAsLongAsTheHostSays(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	in := func(d time.Duration) string { return strconv.FormatInt(now.Add(d).Unix(), 10) }
	for _, c := range []struct {
		name   string
		status int
		header map[string]string
		body   string
		want   time.Duration // zero: no limit
	}{
		{"GitHub, secondary", 403, map[string]string{"Retry-After": "60", "X-RateLimit-Remaining": "12", "X-RateLimit-Reset": in(time.Hour)}, "", time.Minute},
		{"GitHub, secondary as 429", 429, map[string]string{"Retry-After": "90"}, "", 90 * time.Second},
		{"GitHub, primary", 403, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": in(20 * time.Minute)}, "API rate limit exceeded for user", 20 * time.Minute},
		{"GitHub, words alone", 403, map[string]string{"X-RateLimit-Remaining": "4000", "X-RateLimit-Reset": in(40 * time.Minute)}, "You have exceeded a secondary rate limit", time.Minute},
		{"GitHub, no permission", 403, map[string]string{"X-RateLimit-Remaining": "4000", "X-RateLimit-Reset": in(time.Hour)}, "Resource not accessible by integration", 0},
		{"GitLab", 429, map[string]string{"Retry-After": "30", "RateLimit-Reset": in(time.Minute)}, "", 30 * time.Second},
		{"GitLab, without Retry-After", 429, map[string]string{"RateLimit-Remaining": "0", "RateLimit-Reset": in(2 * time.Minute)}, "", 2 * time.Minute},
		{"a proxy, with a date", 503, map[string]string{"Retry-After": now.Add(3 * time.Minute).Format(http.TimeFormat)}, "", 3 * time.Minute},
		{"a proxy, down", 503, nil, "", 0},
		{"a limit without a time", 429, nil, "", time.Minute},
		{"the year 3000", 429, map[string]string{"X-RateLimit-Reset": "32503680000"}, "", time.Minute},
		{"a month", 429, map[string]string{"Retry-After": "2592000"}, "", time.Hour},
		{"in the past", 429, map[string]string{"X-RateLimit-Reset": in(-time.Minute)}, "", time.Second},
		{"nonsense", 429, map[string]string{"Retry-After": "-7", "X-RateLimit-Reset": "soon"}, "", time.Minute},
		{"not found", 404, map[string]string{"Retry-After": "60"}, "rate limit", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			header := http.Header{}
			for k, v := range c.header {
				header.Set(k, v)
			}
			until, limited := rateLimit(&http.Response{StatusCode: c.status, Header: header}, []byte(c.body), now)
			var got time.Duration
			if limited {
				got = until.Sub(now)
			}
			if got != c.want {
				t.Errorf("silent for %v, want %v", got, c.want)
			}
		})
	}
}

// answers is a host that answers in turn, and remembers what it was asked.
type answers struct {
	asked []*http.Request
	next  func(*http.Request) (*http.Response, error)
}

func (a *answers) RoundTrip(req *http.Request) (*http.Response, error) {
	a.asked = append(a.asked, req)
	return a.next(req)
}

func answer(status int, header http.Header, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body))}
}

type word string

func (w word) token(context.Context) (string, error) { return string(w), nil }

func newExchange(host *answers) *http.Client {
	return &http.Client{
		Transport:     &exchange{origin: &url.URL{Scheme: "https", Host: "git.example.com"}, as: word("s3cret"), next: host},
		CheckRedirect: checkRedirect,
	}
}

func send(t *testing.T, c *http.Client, method, address string) error {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

func TestWhoeverIsRateLimitedIsSilentUntilTheTimeIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := &answers{next: func(*http.Request) (*http.Response, error) {
			return answer(429, http.Header{"Retry-After": {"60"}}, ""), nil
		}}
		client := newExchange(host)
		err := send(t, client, http.MethodGet, "https://git.example.com/a")
		until, ok := RetryAt(err)
		if !ok || !until.Equal(time.Now().Add(time.Minute)) {
			t.Fatalf("limited until %v, %v: %v", until, ok, err)
		}
		host.next = func(*http.Request) (*http.Response, error) { return answer(200, nil, ""), nil }
		time.Sleep(59 * time.Second)
		if err := send(t, client, http.MethodGet, "https://git.example.com/b"); !errors.Is(err, ErrRateLimited) || len(host.asked) != 1 {
			t.Errorf("asked %d times: %v", len(host.asked), err)
		}
		time.Sleep(time.Second)
		if err := send(t, client, http.MethodGet, "https://git.example.com/c"); err != nil || len(host.asked) != 2 {
			t.Errorf("asked %d times: %v", len(host.asked), err)
		}
	})
}

func TestTheTokenGoesNowhereElse(t *testing.T) {
	for _, to := range []string{"https://evil.example/steal", "http://git.example.com/clear", "https://git.example.com:8443/other"} {
		host := &answers{next: func(*http.Request) (*http.Response, error) {
			return answer(302, http.Header{"Location": {to}}, ""), nil
		}}
		err := send(t, newExchange(host), http.MethodGet, "https://git.example.com/a")
		if !errors.Is(err, ErrNotFound) || len(host.asked) != 1 {
			t.Errorf("%s: asked %d times: %v", to, len(host.asked), err)
		}
	}
}

func TestARedirectThatWouldLoseWhatIsPostedIsAnError(t *testing.T) {
	host := &answers{next: func(req *http.Request) (*http.Response, error) {
		if req.URL.Path == "/new" {
			return answer(200, nil, ""), nil
		}
		return answer(301, http.Header{"Location": {"/new"}}, ""), nil
	}}
	if err := send(t, newExchange(host), http.MethodPost, "https://git.example.com/old"); !errors.Is(err, ErrNotFound) {
		t.Errorf("post: %v", err)
	}
	if err := send(t, newExchange(host), http.MethodGet, "https://git.example.com/old"); err != nil {
		t.Errorf("get: %v", err)
	}
}

func TestAnErrorSaysWhatTheHostSaidAndNeverTheToken(t *testing.T) {
	host := &answers{next: func(req *http.Request) (*http.Response, error) {
		return answer(422, nil, `{"message":"bad\ncredential `+req.Header.Get("Authorization")+`","errors":[{"field":"state"}]}`), nil
	}}
	err := send(t, newExchange(host), http.MethodGet, "https://git.example.com/a?x=y")
	refused, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatal(err)
	}
	want := `the Git host does not accept what we sent (HTTP 422): bad credential Bearer (our token): [{"field":"state"}]`
	if diff := cmp.Diff(want, refused.Error()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if strings.Contains(err.Error(), "s3cret") {
		t.Error(err)
	}
}

func TestEveryAnswerHasAClass(t *testing.T) {
	for status, want := range map[int]error{
		400: ErrRejected, 401: ErrRefused, 403: ErrRefused, 404: ErrNotFound, 409: ErrUnavailable, 410: ErrNotFound,
		413: ErrRejected, 422: ErrRejected, 429: ErrRateLimited, 500: ErrUnavailable, 502: ErrUnavailable, 599: ErrUnavailable,
	} {
		host := &answers{next: func(*http.Request) (*http.Response, error) {
			return answer(status, http.Header{}, "<html>"+strings.Repeat("x", 1<<20)), nil
		}}
		if err := send(t, newExchange(host), http.MethodGet, "https://git.example.com/"); !errors.Is(err, want) || len(err.Error()) > 400 {
			t.Errorf("%d: %.500v", status, err)
		}
	}
}

// endless is an answer that never stops.
type endless struct{ read int64 }

func (e *endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	e.read += int64(len(p))
	return len(p), nil
}

func TestAnEndlessAnswerIsNotReadToItsEnd(t *testing.T) {
	body := &endless{}
	host := &answers{next: func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(body)}, nil
	}}
	err := send(t, newExchange(host), http.MethodGet, "https://git.example.com/")
	if !errors.Is(err, ErrTooLarge) || body.read > maxAnswer {
		t.Errorf("read %d bytes: %v", body.read, err)
	}
}

func TestATokenIsReadAnewWhenItsFileChanges(t *testing.T) {
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = append(got, r.Header.Get("Authorization"))
		w.Write([]byte(`{}`))
	}))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "token")
	at, err := locate(Config{Repository: server.URL + "/a/b", Kind: Gitea})
	if err != nil {
		t.Fatal(err)
	}
	client := at.client(tokenFile(file))
	if err := send(t, client, http.MethodGet, server.URL); !errors.Is(err, ErrCredential) {
		t.Errorf("without a file: %v", err)
	}
	for _, token := range []string{"first\n", "second"} {
		if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := send(t, client, http.MethodGet, server.URL); err != nil {
			t.Fatal(err)
		}
	}
	for _, bad := range []string{"", " \n", "two words", "a\nb", "a\x00b", strings.Repeat("x", maxSecretFile+1)} {
		if err := os.WriteFile(file, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := send(t, client, http.MethodGet, server.URL); !errors.Is(err, ErrCredential) || strings.Contains(err.Error(), "words") {
			t.Errorf("%.10q: %v", bad, err)
		}
	}
	if diff := cmp.Diff([]string{"Bearer first", "Bearer second"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
