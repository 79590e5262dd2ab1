package host_test

import (
	"net/http"
	"net/http/httptest"
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

// limit answers as each host does when too much was asked of it.
func (s *sky) limit() {
	s.set(func(w http.ResponseWriter, _ *http.Request) {
		soon := strconv.FormatInt(time.Now().Add(2*time.Second).Unix(), 10)
		switch s.kind {
		case host.GitHub:
			w.Header().Set("X-RateLimit-Remaining", "0")
			w.Header().Set("X-RateLimit-Reset", soon)
			w.WriteHeader(http.StatusForbidden)
			w.Write([]byte(`{"message":"API rate limit exceeded for user ID 1."}`))
		case host.GitLab:
			w.Header().Set("RateLimit-Reset", soon)
			w.Header().Set("RateLimit-Remaining", "0")
			w.WriteHeader(http.StatusTooManyRequests)
			w.Write([]byte("Retry later\n"))
		default:
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		}
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
