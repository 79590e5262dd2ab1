package host

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/quorate/quorate/sync/commitstatus"
)

const (
	// requestLimit bounds one request with everything that belongs to it.
	requestLimit = 30 * time.Second
	// maxAnswer bounds one answer in bytes: a page of twenty of GitLab's longest comments.
	maxAnswer = 32 << 20
	// maxErrorAnswer is how much is read of an answer that is not a success.
	maxErrorAnswer = 16 << 10
	// maxDetail bounds what is repeated of it, in characters.
	maxDetail = 200
	// maxRedirects allows for a repository that was renamed.
	maxRedirects = 3
	// maxSilence bounds what a host can ask us to be silent for: GitHub, whose windows are the longest,
	// counts by the hour.
	maxSilence = time.Hour
	// minSilence is for a limit without a time. GitHub: "wait for at least one minute before retrying",
	// https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
	minSilence = time.Minute
)

// userAgent is required by GitHub, and tells the people of a host whom to ask.
const userAgent = "quorate"

// credential is a token that is asked for before each request.
type credential interface {
	token(ctx context.Context) (string, error)
}

// exchange is the one way to a host. Other than an http.RoundTripper is meant to, it returns an answer
// that is neither a success nor a redirect as an Error: three clients read errors in three ways, and none
// bounds what it reads.
type exchange struct {
	origin *url.URL // the only place that the credential is sent to
	as     credential
	next   http.RoundTripper

	mu     sync.Mutex
	silent time.Time // until when the host asked us to be
}

// client makes an HTTP client for the host. A nil credential leaves requests as they are.
func (a address) client(as credential) *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	transport.ResponseHeaderTimeout = requestLimit / 2
	transport.MaxResponseHeaderBytes = 64 << 10
	return &http.Client{
		Timeout:       requestLimit,
		Transport:     &exchange{origin: a.api(), as: as, next: transport},
		CheckRedirect: checkRedirect,
	}
}

// checkRedirect follows a renamed repository. Where Go would make a POST a GET, it is an error: nothing
// would be posted, and nobody told.
func checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects || req.Method != via[0].Method {
		return &Error{Class: ErrNotFound, Detail: "it has moved; give its new address"}
	}
	return nil
}

func (x *exchange) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := x.allowed(req); err != nil {
		return nil, err
	}
	ctx := req.Context()
	req = req.Clone(ctx)
	req.Header.Set("User-Agent", userAgent)
	if x.as != nil {
		token, err := x.as.token(ctx)
		if err != nil {
			return nil, err
		}
		// GitHub, GitLab and Gitea all take it so, whatever sort of token it is.
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := x.next.RoundTrip(req)
	if err != nil {
		return nil, unreachable(ctx, err)
	}
	if resp.StatusCode < http.StatusBadRequest {
		resp.Body = &bounded{ReadCloser: resp.Body, left: maxAnswer}
		return resp, nil
	}
	return nil, x.refusal(req, resp)
}

// allowed turns away what must not be sent at all.
func (x *exchange) allowed(req *http.Request) error {
	if req.URL.Scheme != x.origin.Scheme || req.URL.Host != x.origin.Host {
		return &Error{Class: ErrNotFound, Detail: "it sends us to " + req.URL.Host + ", where our credential does not belong"}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if time.Now().Before(x.silent) {
		return &Error{Class: ErrRateLimited, Until: x.silent}
	}
	return nil
}

func unreachable(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return context.Canceled
	}
	return &Error{Class: ErrUnavailable, Detail: commitstatus.Shorten(err.Error(), maxDetail)}
}

// refusal reads why, and remembers for how long.
func (x *exchange) refusal(req *http.Request, resp *http.Response) error {
	defer resp.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorAnswer)) // what came will do
	refused := &Error{Status: resp.StatusCode, Detail: detail(body, req.Header.Get("Authorization"))}
	if until, limited := rateLimit(resp, body, time.Now()); limited {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.silent = until
		refused.Class, refused.Until = ErrRateLimited, until
		return refused
	}
	refused.Class = class(resp.StatusCode)
	return refused
}

func class(status int) error {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return ErrRefused
	case http.StatusNotFound, http.StatusGone:
		return ErrNotFound
	// A conflict is two writers at once, and over by the next attempt.
	case http.StatusConflict, http.StatusRequestTimeout, http.StatusTooEarly:
		return ErrUnavailable
	}
	if status >= http.StatusInternalServerError {
		return ErrUnavailable
	}
	return ErrRejected
}

// rateLimit says until when to be silent.
//
// GitHub answers 403 or 429, with Retry-After for its secondary limits or with X-RateLimit-Remaining: 0 and
// X-RateLimit-Reset in seconds of Unix time for the primary one, and sometimes with words alone:
// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api. GitLab answers 429 with
// Retry-After and RateLimit-Reset: https://docs.gitlab.com/administration/settings/user_and_ip_rate_limits/.
// Gitea has no limits of its own, but proxies before it answer 429 or 503 with Retry-After (RFC 9110, 10.2.3).
func rateLimit(resp *http.Response, body []byte, now time.Time) (time.Time, bool) {
	header := resp.Header
	after, asked := retryAfter(header, now)
	words := bytes.Contains(bytes.ToLower(body), []byte("rate limit"))
	spent := header.Get("X-RateLimit-Remaining") == "0" || header.Get("RateLimit-Remaining") == "0"
	switch resp.StatusCode {
	case http.StatusTooManyRequests:
	case http.StatusForbidden:
		if !asked && !spent && !words {
			return time.Time{}, false
		}
	case http.StatusServiceUnavailable:
		if !asked {
			return time.Time{}, false
		}
	default:
		return time.Time{}, false
	}
	if !asked && (spent || !words) {
		after, asked = reset(header, now)
	}
	if !asked {
		after = minSilence
	}
	return now.Add(min(max(after, time.Second), maxSilence)), true
}

func retryAfter(header http.Header, now time.Time) (time.Duration, bool) {
	value := header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	if at, err := http.ParseTime(value); err == nil {
		return at.Sub(now), true
	}
	return 0, false
}

func reset(header http.Header, now time.Time) (time.Duration, bool) {
	value := cmp.Or(header.Get("X-RateLimit-Reset"), header.Get("RateLimit-Reset"))
	seconds, err := strconv.ParseUint(value, 10, 33)
	if err != nil {
		return 0, false
	}
	return time.Unix(int64(seconds), 0).Sub(now), true
}

// detail is what the host says, in one line. All three put it into "message", GitLab sometimes as an
// object or into "error"; a proxy answers with a page. A host that repeats our credential is not repeated.
func detail(body []byte, authorization string) string {
	var said struct {
		Message json.RawMessage `json:"message"`
		Error   json.RawMessage `json:"error"`
		Errors  json.RawMessage `json:"errors"`
	}
	if json.Unmarshal(body, &said) != nil {
		return ""
	}
	var parts []string
	for _, part := range []json.RawMessage{said.Message, said.Error, said.Errors} {
		var text string
		if json.Unmarshal(part, &text) != nil {
			text = string(part)
		}
		if text != "" && text != "null" {
			parts = append(parts, text)
		}
	}
	text := strings.Join(parts, ": ")
	if _, token, ok := strings.Cut(authorization, " "); ok && token != "" {
		text = strings.ReplaceAll(text, token, "(our token)")
	}
	return commitstatus.Shorten(text, maxDetail)
}

// bounded is an answer of which no more than some bytes are read.
type bounded struct {
	io.ReadCloser

	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, &Error{Class: ErrTooLarge}
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}
