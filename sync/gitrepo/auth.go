package gitrepo

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
	gitssh "github.com/go-git/go-git/v5/plumbing/transport/ssh"
	"golang.org/x/crypto/ssh"
)

// Auth holds the credentials for a remote. The zero value uses what is in the URL, and for SSH
// the running agent. SSH hosts are always checked against known_hosts; there is no way to skip it.
type Auth struct {
	Token    string // HTTP(S): sent as the password of Username
	Username string // HTTP(S): "git" if empty, which every Git host accepts beside a token

	SSHKeyFile    string   // SSH: a private key in PEM; the agent if empty
	SSHPassphrase string   // of SSHKeyFile
	KnownHosts    []string // SSH: files; $SSH_KNOWN_HOSTS, then OpenSSH's usual places if empty
}

// method picks what fits the URL; nil means that the transport needs or finds nothing more.
func (a Auth) method(ep *transport.Endpoint) (transport.AuthMethod, error) {
	switch ep.Protocol {
	case "http", "https":
		return a.http(ep)
	case "ssh":
		return sshAuth{Auth: a, user: cmp.Or(ep.User, gitssh.DefaultUsername), addr: sshAddr(ep)}, nil
	case "file":
		return nil, nil
	}
	return nil, fmt.Errorf("scheme %s:// is not supported; use a path, file, https or ssh", ep.Protocol)
}

func (a Auth) http(ep *transport.Endpoint) (transport.AuthMethod, error) {
	if a.Token == "" {
		return nil, nil
	}
	if ep.Protocol == "http" && !loopback(ep.Host) {
		return nil, errors.New("a token is only sent over https")
	}
	return &githttp.BasicAuth{Username: cmp.Or(a.Username, "git"), Password: a.Token}, nil
}

// sshAuth reads key, agent and known hosts anew for each connection, so that a rotated key or a
// restarted agent needs no restart of ours.
type sshAuth struct {
	Auth
	user, addr string
}

func (sshAuth) Name() string     { return "ssh" }
func (s sshAuth) String() string { return "ssh as " + s.user }

// dialTimeout bounds the dial, which go-git makes without a context.
const dialTimeout = 20 * time.Second

func (s sshAuth) ClientConfig() (*ssh.ClientConfig, error) {
	db, err := gitssh.NewKnownHostsDb(s.KnownHosts...)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrHostKey, err)
	}
	hosts := gitssh.HostKeyCallbackHelper{
		HostKeyCallback: db.HostKeyCallback(),
		// Without this the server may offer a key of a type that known_hosts does not list.
		HostKeyAlgorithms: db.HostKeyAlgorithms(s.addr),
	}
	method, err := s.signer(hosts)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAuth, err)
	}
	cfg, err := method.ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAuth, err)
	}
	cfg.Timeout = dialTimeout
	return cfg, nil
}

// signer uses the key file, or whatever the agent holds.
func (s sshAuth) signer(hosts gitssh.HostKeyCallbackHelper) (gitssh.AuthMethod, error) {
	if s.SSHKeyFile == "" {
		agent, err := gitssh.NewSSHAgentAuth(s.user)
		if err != nil {
			return nil, err
		}
		agent.HostKeyCallbackHelper = hosts
		return agent, nil
	}
	key, err := gitssh.NewPublicKeysFromFile(s.user, s.SSHKeyFile, s.SSHPassphrase)
	if err != nil {
		return nil, err
	}
	key.HostKeyCallbackHelper = hosts
	return key, nil
}

func sshAddr(ep *transport.Endpoint) string {
	return net.JoinHostPort(ep.Host, strconv.Itoa(cmp.Or(ep.Port, gitssh.DefaultPort)))
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && addr.IsLoopback())
}
