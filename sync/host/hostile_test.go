package host_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/quorate/quorate/sync/commitstatus"
	"github.com/quorate/quorate/sync/host"
)

// FuzzAnswer lets a host answer every question with the same text: nothing of it may bring us down, and
// what comes out must be something that the rest can work with.
func FuzzAnswer(f *testing.F) {
	for _, text := range []string{
		``, `null`, `[]`, `{}`, `[null]`, `"x"`, `7`, `[[[[`, `[{}]`, `{"id":"x"}`, `[{"id":1,"user":null,"body":null}]`,
		`{"approved_by":[null,{"user":null},{"user":{"username":"a"},"approved_at":null}]}`, `[{"head":null,"base":null,"number":1}]`,
		`{"login":"","username":"","permission":"root","commit":null,"changes_count":"+"}`, strings.Repeat("[", 100_000),
		`[{"number":-1,"head":{"sha":"x"},"base":{"ref":""}}]`, `[{"iid":1,"sha":"6dcb09b5b57875f334f61aebed695e2e4193db5e","target_branch":"../.."}]`,
		`[{"filename":"../../etc/passwd\n"},{"new_path":"","old_path":null}]`, `[{"state":"APPROVED","user":null,"commit_id":null}]`,
		`{"message":{"a":["b"]},"error":7}`,
	} {
		f.Add(text, 200, "<http://127.0.0.1/>; rel=\"next\"", "2")
		f.Add(text, 422, "", "")
	}
	type said struct {
		text, link, next string
		code             int
	}
	var now atomic.Pointer[said]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s := now.Load()
		w.Header().Set("Link", s.link)
		w.Header().Set("X-Next-Page", s.next)
		w.WriteHeader(s.code)
		w.Write([]byte(s.text))
	}))
	f.Cleanup(server.Close)
	f.Fuzz(func(t *testing.T, text string, code int, link, next string) {
		if code < 200 || code > 599 || code/100 == 3 {
			t.Skip()
		}
		now.Store(&said{text, link, next, code})
		for _, kind := range []host.Kind{host.GitHub, host.GitLab, host.Gitea} {
			h, err := host.Open(host.Config{Repository: server.URL + "/acme/clusters", Kind: kind, TokenFile: tokenFile(t, "robots-secret")})
			if err != nil {
				t.Fatal(err)
			}
			for _, err := range everything(t, h) {
				if err != nil && strings.Contains(err.Error(), "robots-secret") {
					t.Errorf("%s: the token is in %v", h, err)
				}
			}
		}
	})
}

// everything asks all that can be asked.
func everything(t *testing.T, h host.Host) []error {
	prs, err1 := h.PullRequests(t.Context())
	for _, pr := range prs {
		if pr.Number <= 0 || len(pr.Head) != 40 || pr.Base == "" {
			t.Errorf("%s: %+v", h, pr)
		}
	}
	_, err2 := h.Changed(t.Context(), 1)
	_, err3 := h.Comments(t.Context(), 1, time.Time{})
	role, err4 := h.Role(t.Context(), "ada")
	if role < host.None || role > host.Admin {
		t.Errorf("%s: role %v", h, role)
	}
	_, err5 := h.Reviews(t.Context(), 1)
	err6 := h.Keep(t.Context(), 1, host.Remark{Name: "plan", Body: "x"})
	err7 := h.Post(t.Context(), commitstatus.Status{Commit: fmt.Sprintf("%040d", 1), Context: "quorate/plan", State: commitstatus.Success})
	return []error{err1, err2, err3, err4, err5, err6, err7}
}

func TestAHostThatIsNotThereIsAnOutage(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	for _, kind := range []host.Kind{host.GitHub, host.GitLab, host.Gitea} {
		h, err := host.Open(host.Config{Repository: server.URL + "/acme/clusters", Kind: kind, TokenFile: tokenFile(t, "x")})
		if err != nil {
			t.Fatal(err)
		}
		for i, err := range everything(t, h) {
			if !errors.Is(err, host.ErrUnavailable) || errors.Is(err, commitstatus.ErrRejected) {
				t.Errorf("%s, question %d: %v", h, i, err)
			}
		}
	}
}
