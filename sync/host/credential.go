package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/bradleyfalzon/ghinstallation/v2"
	jwt "github.com/golang-jwt/jwt/v4"
	"github.com/google/go-github/v88/github"
)

// maxSecretFile bounds what is read of a file with a credential in it.
const maxSecretFile = 64 << 10

// ReadSecret reads a file that holds one secret and nothing else. Errors name the file and never show
// what is in it.
func ReadSecret(path string) (string, error) {
	text, err := readSecretFile(path)
	if err != nil {
		return "", err
	}
	secret := strings.TrimSpace(string(text))
	if secret == "" {
		return "", &Error{Class: ErrCredential, Detail: path + " is empty"}
	}
	if strings.ContainsFunc(secret, func(c rune) bool { return unicode.IsSpace(c) || !unicode.IsPrint(c) }) {
		return "", &Error{Class: ErrCredential, Detail: path + " must hold one word on one line"}
	}
	return secret, nil
}

func readSecretFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &Error{Class: ErrCredential, Detail: err.Error()}
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	if err != nil {
		return nil, &Error{Class: ErrCredential, Detail: err.Error()}
	}
	if len(text) > maxSecretFile {
		return nil, &Error{Class: ErrCredential, Detail: path + " is too long for a credential"}
	}
	return text, nil
}

// credential is how the configuration says that we speak to the host.
func (cfg Config) credential() (credential, error) {
	switch {
	case cfg.App != App{} && cfg.TokenFile != "":
		return nil, errors.New("give a token file or a GitHub App, not both")
	case cfg.App != App{}:
		return nil, nil // newGitHub makes it, since an app's token comes from the host itself
	case cfg.TokenFile == "":
		return nil, errors.New("it needs a file with an access token")
	}
	return tokenFile(cfg.TokenFile), nil
}

// tokenFile is read for each request: it is small, and secrets are replaced while we run.
type tokenFile string

func (t tokenFile) token(context.Context) (string, error) { return ReadSecret(string(t)) }

// App is a GitHub App that is installed where the repository is: its comments and statuses bear its name,
// its tokens live for an hour, and nobody's personal account is needed.
type App struct {
	ID           int64
	Installation int64
	KeyFile      string // its private key in PEM, as GitHub gives it; read anew when a token is needed
}

// installation makes tokens of an app's key: a JWT, signed with RS256, is changed for a token of one hour.
type installation struct {
	app    App
	api    string
	repo   string       // the only one that our tokens are good for
	client *http.Client // without a credential

	mu     sync.Mutex
	key    string
	signer *ghinstallation.AppsTransport
	tokens *ghinstallation.Transport
}

func (i *installation) token(ctx context.Context) (string, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if err := i.load(); err != nil {
		return "", err
	}
	return i.tokens.Token(ctx)
}

// load makes a signer when the key is not the one from before.
func (i *installation) load() error {
	key, err := readSecretFile(i.app.KeyFile)
	if err != nil || string(key) == i.key {
		return err
	}
	private, err := jwt.ParseRSAPrivateKeyFromPEM(key)
	if err != nil {
		return &Error{Class: ErrCredential, Detail: i.app.KeyFile + " is not an RSA key in PEM"}
	}
	signer, err := ghinstallation.NewAppsTransportWithOptions(i.client.Transport, i.app.ID,
		ghinstallation.WithSigner(appSigner{ghinstallation.NewRSASigner(jwt.SigningMethodRS256, private)}))
	if err != nil {
		return &Error{Class: ErrCredential, Detail: err.Error()}
	}
	signer.BaseURL = strings.TrimSuffix(i.api, "/")
	i.key, i.signer = string(key), signer
	i.tokens = ghinstallation.NewFromAppsTransport(signer, i.app.Installation)
	i.tokens.Client = i.client
	i.tokens.InstallationTokenOptions = &github.InstallationTokenOptions{Repositories: []string{i.repo}}
	return nil
}

// GitHub refuses a JWT from its future, or for more than ten minutes from its now on, and advises to date it a minute
// back: https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
const (
	appBack  = time.Minute
	appAhead = 8 * time.Minute
)

// appSigner dates what it signs so that neither clock need be right to the minute.
type appSigner struct{ ghinstallation.Signer }

func (s appSigner) Sign(claims jwt.Claims) (string, error) {
	if c, ok := claims.(*jwt.RegisteredClaims); ok {
		now := time.Now().Truncate(time.Second)
		c.IssuedAt, c.ExpiresAt = jwt.NewNumericDate(now.Add(-appBack)), jwt.NewNumericDate(now.Add(appAhead))
	}
	return s.Signer.Sign(claims)
}

// login is the name that an app's comments bear.
func (i *installation) login(ctx context.Context) (string, error) {
	i.mu.Lock()
	err := i.load()
	signer := i.signer
	i.mu.Unlock()
	if err != nil {
		return "", err
	}
	client, err := github.NewClient(github.WithURLs(&i.api, nil), github.WithDisableRateLimitCheck(),
		github.WithHTTPClient(&http.Client{Transport: signer, Timeout: requestLimit, CheckRedirect: checkRedirect}))
	if err != nil {
		return "", err
	}
	app, _, err := client.Apps.Get(ctx, "")
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s[bot]", app.GetSlug()), nil
}
