package gitrepo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
	gitssh "github.com/go-git/go-git/v5/plumbing/transport/ssh"
	"golang.org/x/crypto/ssh"
)

// Auth holds the credentials for a remote, or says where they are found: everything that is a file or
// a function is read anew for each exchange, so that a secret may be replaced while we run. The zero value
// uses what is in the URL, and for SSH the running agent. SSH hosts are always checked against
// known_hosts; there is no way to skip it.
type Auth struct {
	Token    string // HTTP(S): sent as the password of Username
	Username string // HTTP(S): "git" if empty, which every Git host accepts beside a token
	// Ask, if set, is asked for user name and password instead; the tokens of GitHub Apps live for an hour.
	Ask func(ctx context.Context) (username, password string, err error)
	// CredentialFile holds URLs with user name and password, as `git credential-store` writes them, and
	// NetrcFile what curl and git read of ~/.netrc. The entry of the remote's host is used.
	CredentialFile string
	NetrcFile      string

	SSHKeyFile        string   // SSH: a private key in PEM; the agent if empty
	SSHPassphraseFile string   // of SSHKeyFile
	KnownHosts        []string // SSH: files; $SSH_KNOWN_HOSTS, then OpenSSH's usual places if empty
}

// fits refuses what could never work, or must not be tried, before anything is asked.
func (a Auth) fits(ep *transport.Endpoint) error {
	switch ep.Protocol {
	case "https", "ssh", "file":
		return nil
	case "http":
		if secret := a.Token != "" || a.Ask != nil || a.CredentialFile != "" || a.NetrcFile != ""; secret && !loopback(ep.Host) {
			return errors.New("a token is only sent over https")
		}
		return nil
	}
	return fmt.Errorf("scheme %s:// is not supported; use a path, file, https or ssh", ep.Protocol)
}

// method picks what fits the URL; nil means that the transport needs or finds nothing more.
func (a Auth) method(ctx context.Context, ep *transport.Endpoint) (transport.AuthMethod, error) {
	switch ep.Protocol {
	case "http", "https":
		return a.http(ctx, ep)
	case "ssh":
		return sshAuth{Auth: a, user: cmp.Or(ep.User, gitssh.DefaultUsername), addr: sshAddr(ep)}, nil
	}
	return nil, nil
}

func (a Auth) http(ctx context.Context, ep *transport.Endpoint) (transport.AuthMethod, error) {
	username, password, err := a.login(ctx, ep)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAuth, err)
	}
	if password == "" {
		return nil, nil
	}
	return &githttp.BasicAuth{Username: cmp.Or(username, a.Username, "git"), Password: password}, nil
}

// login is the user name and password of the first source that has one.
func (a Auth) login(ctx context.Context, ep *transport.Endpoint) (username, password string, err error) {
	switch {
	case a.Ask != nil:
		return a.Ask(ctx)
	case a.Token != "":
		return a.Username, a.Token, nil
	case a.CredentialFile != "":
		return fromCredentialFile(a.CredentialFile, ep)
	case a.NetrcFile != "":
		return fromNetrc(a.NetrcFile, ep.Host)
	}
	return "", "", nil
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
	passphrase, err := s.passphrase()
	if err != nil {
		return nil, err
	}
	key, err := gitssh.NewPublicKeysFromFile(s.user, s.SSHKeyFile, passphrase)
	if err != nil {
		return nil, err
	}
	key.HostKeyCallbackHelper = hosts
	return key, nil
}

func (s sshAuth) passphrase() (string, error) {
	if s.SSHPassphraseFile == "" {
		return "", nil
	}
	text, err := readSecretFile(s.SSHPassphraseFile)
	return strings.TrimRight(text, "\r\n"), err
}

func sshAddr(ep *transport.Endpoint) string {
	return net.JoinHostPort(ep.Host, strconv.Itoa(cmp.Or(ep.Port, gitssh.DefaultPort)))
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && addr.IsLoopback())
}
