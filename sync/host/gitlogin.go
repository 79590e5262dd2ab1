package host

import "context"

// GitLogin is how Git's own requests over https are made as whom we speak to the host as: a function that
// gives user name and password anew each time. It is nil where there is no credential, or where the host
// was given an address of its own, since a secret for one place is not shown to another.
func GitLogin(cfg Config) (func(ctx context.Context) (username, password string, err error), error) {
	at, err := locate(cfg)
	if err != nil || at.kind == Git || cfg.URL != "" || cfg.TokenFile == "" && cfg.App == (App{}) {
		return nil, err
	}
	as, err := cfg.credential()
	if err != nil {
		return nil, err
	}
	if as == nil {
		_, name := at.split()
		as = &installation{app: cfg.App, api: at.api().String(), repo: name, client: at.client(nil)}
	}
	// The hosts want some name beside a token, and these are in their documentation.
	name := map[Kind]string{GitHub: "x-access-token", GitLab: "oauth2"}[at.kind]
	return func(ctx context.Context) (string, string, error) {
		token, err := as.token(ctx)
		return name, token, err
	}, nil
}
