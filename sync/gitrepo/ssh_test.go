package gitrepo

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

type key struct {
	signer ssh.Signer
	file   string
}

func newKey(t *testing.T) key {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "id")
	if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	return key{signer, file}
}

// serveSSH answers one key's git commands on a loopback port with the real git.
func serveSSH(t *testing.T, host, user key) (addr string) {
	t.Helper()
	cfg := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, offered ssh.PublicKey) (*ssh.Permissions, error) {
		if string(offered.Marshal()) != string(user.signer.PublicKey().Marshal()) {
			return nil, errors.New("unknown key")
		}
		return nil, nil
	}}
	cfg.AddHostKey(host.signer)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serveConn(conn, cfg)
		}
	}()
	return listener.Addr().String()
}

func serveConn(conn net.Conn, cfg *ssh.ServerConfig) {
	_, channels, requests, err := ssh.NewServerConn(conn, cfg)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for offered := range channels {
		channel, requests, err := offered.Accept()
		if err != nil {
			return
		}
		go serveCommand(channel, requests)
	}
}

func serveCommand(channel ssh.Channel, requests <-chan *ssh.Request) {
	for req := range requests {
		if req.Type != "exec" {
			continue
		}
		_ = req.Reply(true, nil)
		program, arg, _ := strings.Cut(string(req.Payload[4:]), " ")
		cmd := exec.Command(program, strings.Trim(arg, "'"))
		cmd.Stdout, cmd.Stderr = channel, channel.Stderr()
		stdin, err := cmd.StdinPipe()
		if err != nil {
			return
		}
		go func() { _, _ = io.Copy(stdin, channel); stdin.Close() }()
		var status struct{ Code uint32 }
		if cmd.Run() != nil {
			status.Code = 1
		}
		_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(status))
		channel.Close()
	}
}

func TestSSHWorksWithTheRightKeysAndSaysWhichOneIsWrong(t *testing.T) {
	o := newOrigin(t)
	hash := o.commit(someFiles)
	host, user, stranger := newKey(t), newKey(t), newKey(t)
	addr := serveSSH(t, host, user)
	known := func(k key) string {
		file := filepath.Join(t.TempDir(), "known_hosts")
		line := knownhosts.Line([]string{addr}, k.signer.PublicKey())
		if err := os.WriteFile(file, []byte(line+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	for name, c := range map[string]struct {
		key, hosts string
		want       error
	}{
		"right keys":          {user.file, known(host), nil},
		"host key changed":    {user.file, known(stranger), ErrHostKey},
		"no known_hosts file": {user.file, filepath.Join(t.TempDir(), "none"), ErrHostKey},
		"key not admitted":    {stranger.file, known(host), ErrAuth},
		"key file missing":    {filepath.Join(t.TempDir(), "none"), known(host), ErrAuth},
	} {
		t.Run(name, func(t *testing.T) {
			r := openWith(t, Config{URL: "ssh://git@" + addr + o.dir, Dir: t.TempDir(), Auth: Auth{SSHKeyFile: c.key, KnownHosts: []string{c.hosts}}})
			got, err := r.Head(t.Context())
			if !errors.Is(err, c.want) || (err == nil && got.Hash != hash) {
				t.Fatalf("head = %v, %v; want error %v", got, err, c.want)
			}
			if c.want != nil {
				return
			}
			edit := map[string]NoteEdit{hash: func(string) string { return "over ssh\n" }}
			if err := r.EditNotes(t.Context(), notesRef, edit); err != nil {
				t.Fatal(err)
			}
			if got := o.git("notes", "--ref=quorate", "show", hash); got != "over ssh\n" {
				t.Errorf("note = %q", got)
			}
		})
	}
}

func TestSSHWithoutAnAgentOrKeySaysSo(t *testing.T) {
	host := newKey(t)
	addr := serveSSH(t, host, newKey(t))
	hosts := filepath.Join(t.TempDir(), "known_hosts")
	if err := os.WriteFile(hosts, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SSH_AUTH_SOCK", "")
	r := openWith(t, Config{URL: "ssh://git@" + addr + "/x.git", Dir: t.TempDir(), Auth: Auth{KnownHosts: []string{hosts}}})
	if _, err := r.Head(t.Context()); !errors.Is(err, ErrAuth) {
		t.Errorf("error = %v, want %v", err, ErrAuth)
	}
}
