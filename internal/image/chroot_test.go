package image

import (
	"archive/tar"
	"bytes"
	"debug/buildinfo"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A container is the unpacked image of the real program, in which it runs as a container runtime would run
// it: on that root, as the image's user, with the image's environment and nothing else.
type container struct {
	root string
	env  []string
}

func unpacked(t *testing.T) container {
	t.Helper()
	one := only(t, made(t, Source{Dir: "../..", Package: "./cmd/quorate", Version: release.Version}, release, "linux/"+runtime.GOARCH))
	config, err := one.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	c := container{root: filepath.Join(t.TempDir(), "root"), env: config.Config.Env}
	if err := os.Mkdir(c.root, 0o755); err != nil {
		t.Fatal(err)
	}
	each(t, one, func(h *tar.Header, r io.Reader) { c.put(t, h, r) })
	if err := c.command(t, "version").Run(); errors.Is(err, syscall.EPERM) {
		if os.Getenv("CI") == "true" {
			t.Fatal("this user may make no namespace: run it as root, for CI must see the program run in its image")
		}
		t.Skip("this user may make no namespace; root needs none")
	}
	return c
}

func (c container) put(t *testing.T, h *tar.Header, r io.Reader) {
	t.Helper()
	name := filepath.Join(c.root, h.Name)
	var err error
	if h.Typeflag == tar.TypeDir {
		err = os.MkdirAll(name, 0o755)
	} else {
		var f *os.File
		if f, err = os.Create(name); err == nil {
			_, err = io.Copy(f, r)
			err = errors.Join(err, f.Close())
		}
	}
	if os.Getuid() == 0 {
		err = errors.Join(err, os.Chown(name, h.Uid, h.Gid))
	}
	// The mode comes last: chown takes bits of it away.
	if err := errors.Join(err, os.Chmod(name, h.FileInfo().Mode())); err != nil {
		t.Fatal(err)
	}
}

// file puts a text where it can be read in the container.
func (c container) file(t *testing.T, name, text string) {
	t.Helper()
	name = filepath.Join(c.root, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644)); err != nil {
		t.Fatal(err)
	}
}

func (c container) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), Program, args...)
	cmd.Dir, cmd.Env = State, c.env
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: c.root}
	if os.Getuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: User, Gid: User}
		return cmd
	}
	// Others may change the root in a namespace of their own, in which they are the image's user.
	cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
	cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: User, HostID: os.Getuid(), Size: 1}}
	cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: User, HostID: os.Getgid(), Size: 1}}
	return cmd
}

const schedule = `
  annotations:
    quorate.dev/scaling-schedule: |
      0 20 * * MON-FRI min=1 max=2 tz=Europe/Berlin
`

func TestTheProgramRunsInItsImage(t *testing.T) {
	c := unpacked(t)
	manifest, err := os.ReadFile("../../cmd/quorate/testdata/small.yaml")
	if err != nil {
		t.Fatal(err)
	}
	// Time zones are asked for by a schedule of the second group.
	text := strings.Replace(string(manifest), "\n  name: nodes\n", "\n  name: nodes"+schedule, 1)
	c.file(t, "/clusters/small.yaml", text)
	c.file(t, "/broken/small.yaml", strings.Replace(text, "Europe/Berlin", "Europe/Atlantis", 1))

	t.Run("it knows its version", func(t *testing.T) {
		if out, err := c.command(t, "version").CombinedOutput(); err != nil || string(out) != "quorate 1.2.3\n" {
			t.Errorf("%v\n%s", err, out)
		}
	})
	t.Run("it says what it is made of", func(t *testing.T) {
		made, err := buildinfo.ReadFile(filepath.Join(c.root, Program))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(made.Deps, func(m *debug.Module) bool { return m.Path == "github.com/go-git/go-git/v5" && m.Sum != "" }) {
			t.Error("scanners cannot tell which modules are in it")
		}
	})
	t.Run("it knows time zones", func(t *testing.T) {
		if out, err := c.command(t, "validate", "/clusters").CombinedOutput(); err != nil || !strings.Contains(string(out), "small.example.com: ok") {
			t.Errorf("%v\n%s", err, out)
		}
		if out, err := c.command(t, "validate", "/broken").CombinedOutput(); err == nil || !strings.Contains(string(out), "Atlantis") {
			t.Errorf("%v\n%s", err, out)
		}
	})
	t.Run("it trusts certificates, and others beside them", func(t *testing.T) { trusts(t, c) })
}

// trusts has the service look at a repository whose host shows a certificate of a private authority.
func trusts(t *testing.T, c container) {
	host := httptest.NewTLSServer(http.NotFoundHandler())
	defer host.Close()
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: host.Certificate().Raw})
	c.file(t, "/private/authority.crt", string(authority))
	for name, try := range map[string]struct{ env, want string }{
		"a stranger":       {"", "certificate signed by unknown authority"},
		"one that is told": {"SSL_CERT_DIR=/private", "there is no Git repository"},
	} {
		cmd := c.command(t, "run", "--repo", host.URL+"/clusters.git", "--state", State+"/"+strings.ReplaceAll(name, " ", "-"), "--poll", "50ms")
		cmd.Env = append(cmd.Env, try.env)
		said := &saying{until: []byte(try.want), heard: make(chan struct{})}
		cmd.Stdout, cmd.Stderr = said, said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		select {
		case <-said.heard:
		case <-time.After(time.Minute):
			t.Errorf("%s: it never said %q", name, try.want)
		}
		if err := errors.Join(cmd.Process.Signal(syscall.SIGTERM), cmd.Wait()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if t.Failed() {
			t.Logf("%s", said.all)
		}
	}
}

// saying is what a program says, watched for a text.
type saying struct {
	all, until []byte
	heard      chan struct{}
	once       bool
}

func (s *saying) Write(p []byte) (int, error) {
	s.all = append(s.all, p...)
	if !s.once && bytes.Contains(s.all, s.until) {
		s.once = true
		close(s.heard)
	}
	return len(p), nil
}
