package giteatest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/quorate/quorate/internal/testprocess"
)

// startLimit is when a Gitea counts as never coming. It is generous: tests of other packages run beside it.
const startLimit = 2 * time.Minute

// Server is a running Gitea.
type Server struct {
	URL    string // without a slash at the end
	config string // its app.ini
	folder string
}

// Person is somebody with an account.
type Person struct {
	Name, Token string

	server *Server
}

// built is where `make gitea` puts the program and a link to the files that it serves.
func built(name string) string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..", "bin", "gitea", name)
}

// Start runs a Gitea until the test ends.
func Start(t testing.TB) *Server {
	t.Helper()
	if _, err := os.Stat(built("gitea")); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("Gitea is required here: make gitea")
		}
		t.Skip("Gitea is not built: make gitea")
	}
	s := &Server{folder: t.TempDir()}
	port := testprocess.FreePort(t)
	s.URL = fmt.Sprintf("http://127.0.0.1:%d", port)
	s.configure(t, port)
	testprocess.Run(t, s.command(context.WithoutCancel(t.Context()), "web"))
	s.await(t)
	return s
}

// settings turn off what a test has no use for: mail, ssh, indexing, cron, actions. Webhooks may go to
// loopback alone.
const settings = `
APP_NAME = test
RUN_MODE = prod
WORK_PATH = %[1]s
I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true

[server]
PROTOCOL = http
HTTP_ADDR = 127.0.0.1
HTTP_PORT = %[2]d
ROOT_URL = http://127.0.0.1:%[2]d/
STATIC_ROOT_PATH = %[3]s
APP_DATA_PATH = %[1]s/data
OFFLINE_MODE = true
DISABLE_SSH = true

[database]
DB_TYPE = sqlite3
PATH = %[1]s/gitea.db
SQLITE_JOURNAL_MODE = WAL

[repository]
ROOT = %[1]s/repositories
DEFAULT_BRANCH = main

[security]
INSTALL_LOCK = true
SECRET_KEY = not-a-secret
INTERNAL_TOKEN = eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJuYmYiOjE3MDAwMDAwMDB9.nAqM-rdV84xyZ0wgUQc4y6GcWaRk6XFbwA4lrZzbHmY
PASSWORD_HASH_ALGO = pbkdf2_v2

[service]
DISABLE_REGISTRATION = true

[webhook]
ALLOWED_HOST_LIST = loopback
DELIVER_TIMEOUT = 10

[indexer]
ISSUE_INDEXER_TYPE = db

[cron]
ENABLED = false

[actions]
ENABLED = false

[packages]
ENABLED = false

[mailer]
ENABLED = false

[log]
MODE = console
LEVEL = Warn
`

func (s *Server) configure(t testing.TB, port int) {
	t.Helper()
	static, err := filepath.EvalSymlinks(built("static"))
	if err != nil {
		t.Fatal(err)
	}
	s.config = filepath.Join(s.folder, "app.ini")
	if err := os.WriteFile(s.config, fmt.Appendf(nil, settings, s.folder, port, static), 0o600); err != nil {
		t.Fatal(err)
	}
}

// command is Gitea with the settings of this server and nothing of the user's.
func (s *Server) command(ctx context.Context, args ...string) *exec.Cmd {
	process := exec.CommandContext(ctx, built("gitea"), append(args, "--config", s.config)...)
	process.Env = append(os.Environ(), "HOME="+s.folder, "GITEA_WORK_DIR="+s.folder, "GIT_CONFIG_NOSYSTEM=1")
	return process
}

func (s *Server) await(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/api/healthz", nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("Gitea did not start")
		}
	}
}

// Person makes an account with a token for everything that the person may do.
func (s *Server) Person(t testing.TB, name string) Person {
	t.Helper()
	out, err := s.command(t.Context(), "admin", "user", "create", "--username", name, "--email", name+"@example.com",
		"--random-password", "--must-change-password=false", "--access-token", "--access-token-scopes", "all").CombinedOutput()
	if err != nil {
		t.Fatalf("create %s: %v\n%s", name, err, out)
	}
	_, rest, found := strings.Cut(string(out), "Access token was successfully created")
	fields := strings.Fields(rest)
	if !found || len(fields) == 0 {
		t.Fatalf("create %s: no token in\n%s", name, out)
	}
	return Person{Name: name, Token: fields[len(fields)-1], server: s}
}

// Do sends a request to the API as the person, and reads the answer into out unless that is nil. Any
// answer that is not a success ends the test.
func (p Person) Do(t testing.TB, method, path string, in, out any) {
	t.Helper()
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, p.server.URL+"/api/v1"+path, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "token "+p.Token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= http.StatusMultipleChoices {
		t.Fatalf("%s %s: %s %v\n%s", method, path, resp.Status, err, text)
	}
	if out != nil {
		if err := json.Unmarshal(text, out); err != nil {
			t.Fatalf("%s %s: %v\n%s", method, path, err, text)
		}
	}
}

// GitURL is a repository's address with the person's credentials in it, for the git command.
func (p Person) GitURL(repository string) string {
	return strings.Replace(p.server.URL, "://", "://"+p.Name+":"+p.Token+"@", 1) + "/" + repository + ".git"
}
