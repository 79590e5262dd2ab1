package host_test

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/quorate/quorate/sync/host"
)

// sky is the weather between us and a host that is reached over HTTP.
type sky struct {
	*httptest.Server

	kind host.Kind
	next http.Handler

	mu      sync.Mutex
	now     func(w http.ResponseWriter, r *http.Request)
	methods map[string]int
}

func newSky(t *testing.T, kind host.Kind, next http.Handler) *sky {
	s := &sky{kind: kind, next: next, methods: map[string]int{}}
	s.clear()
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *sky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	now := s.now
	s.methods[r.Method]++
	s.mu.Unlock()
	now(w, r)
}

func (s *sky) set(now func(http.ResponseWriter, *http.Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = now
}

func (s *sky) asked(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.methods[method]
}

func (s *sky) clear() { s.set(s.next.ServeHTTP) }

// limited is an answer of a host of which too much was asked. Resets are a second or two away.
type limited struct {
	status int
	header map[string]string
	reset  string // the header that says when, if it is said so
	body   string
}

// limits are the ways of each host; see rateLimit for where they are described.
var limits = map[host.Kind]map[string]limited{
	host.GitHub: {
		"primary":           {http.StatusForbidden, map[string]string{"X-RateLimit-Remaining": "0"}, "X-RateLimit-Reset", `{"message":"API rate limit exceeded for user ID 1."}`},
		"primary, as 429":   {http.StatusTooManyRequests, map[string]string{"X-RateLimit-Remaining": "0"}, "X-RateLimit-Reset", `{"message":"API rate limit exceeded for user ID 1."}`},
		"secondary":         {http.StatusForbidden, map[string]string{"Retry-After": "1", "X-RateLimit-Remaining": "4711"}, "", `{"message":"You have exceeded a secondary rate limit."}`},
		"secondary, as 429": {http.StatusTooManyRequests, map[string]string{"Retry-After": "1"}, "", `{"message":"You have exceeded a secondary rate limit."}`},
	},
	host.GitLab: {
		"of the application": {http.StatusTooManyRequests, map[string]string{"RateLimit-Remaining": "0"}, "RateLimit-Reset", "Retry later\n"},
		"with a time":        {http.StatusTooManyRequests, map[string]string{"Retry-After": "1", "RateLimit-Remaining": "0"}, "RateLimit-Reset", "Retry later\n"},
	},
	host.Gitea: {
		"of a proxy":         {http.StatusTooManyRequests, map[string]string{"Retry-After": "1"}, "", ""},
		"of a proxy, as 503": {http.StatusServiceUnavailable, map[string]string{"Retry-After": "1"}, "", "<html>busy</html>"},
	},
}

func (s *sky) ways() []string { return slices.Sorted(maps.Keys(limits[s.kind])) }

// limit answers as each host does when too much was asked of it.
func (s *sky) limit(way string) {
	l := limits[s.kind][way]
	s.set(func(w http.ResponseWriter, _ *http.Request) {
		for name, value := range l.header {
			w.Header().Set(name, value)
		}
		if l.reset != "" {
			w.Header().Set(l.reset, strconv.FormatInt(time.Now().Add(2*time.Second).Unix(), 10))
		}
		w.WriteHeader(l.status)
		w.Write([]byte(l.body))
	})
}

// crawl takes a request and never answers.
func (s *sky) crawl() {
	s.set(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // or the server would not notice that the other side has gone
		<-r.Context().Done()
	})
}

func (s *sky) storm() {
	s.set(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadGateway)
		w.Write([]byte("<html><h1>502 Bad Gateway</h1></html>"))
	})
}

func (s *sky) down() {
	s.set(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
}
