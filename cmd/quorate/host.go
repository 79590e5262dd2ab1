package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/quorate/quorate/sync/commitstatus"
	"github.com/quorate/quorate/sync/host"
	"github.com/quorate/quorate/sync/webhook"
)

// hosting is how the service and the repository's Git host speak to each other.
type hosting struct {
	config host.Config
	secret string // file with what webhooks are signed with; empty if none are heard
}

func (h *hosting) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar((*string)(&h.config.Kind), "host", "", "Git host: github, gitlab, gitea (also Forgejo) or git, which posts Git notes (default by the repository's URL)")
	f.StringVar(&h.config.URL, "host-url", "", "web address of the Git host, if it is not that of the repository")
	f.StringVar(&h.config.TokenFile, "host-token-file", "", "file with an access token for the Git host, read anew each time")
	f.Int64Var(&h.config.App.ID, "host-app-id", 0, "GitHub App to speak as, rather than with a token")
	f.Int64Var(&h.config.App.Installation, "host-app-installation", 0, "installation of the GitHub App")
	f.StringVar(&h.config.App.KeyFile, "host-app-key-file", "", "file with the private key of the GitHub App")
	f.StringVar(&h.secret, "webhook-secret-file", "", "file with the secret that webhooks are signed with")
}

// open chooses the host. Told nothing, it stays with Git notes where there is no credential.
func (h hosting) open(repository string, notes commitstatus.Poster, log *slog.Logger) (host.Host, error) {
	cfg := h.config
	cfg.Repository, cfg.Notes = repository, notes
	credential := cfg.TokenFile != "" || cfg.App != host.App{}
	if kind := host.KindOf(repository); cfg.Kind == "" && kind != host.Git && !credential {
		log.Info("posting Git notes, since there is no credential for the Git host", "host", kind)
		cfg.Kind = host.Git
	}
	return host.Open(cfg)
}

// hooks takes the webhooks of the repository's host.
func (h hosting) hooks(repository string, deliver func(webhook.Event), log *slog.Logger) (http.Handler, error) {
	if h.secret == "" {
		return nil, errors.New("--webhook-listen needs --webhook-secret-file: what is not signed is not taken")
	}
	cfg := h.config
	cfg.Repository = repository
	kind, path, err := host.Locate(cfg)
	if err != nil {
		return nil, err
	}
	if kind == host.Git {
		return nil, errors.New("--webhook-listen needs a Git host that has webhooks; say which with --host")
	}
	log.Info("taking webhooks", "host", string(kind), "repository", path)
	return webhook.New(webhook.Config{
		Kind: kind, Repository: path, Log: log,
		Secret:  func() (string, error) { return host.ReadSecret(h.secret) },
		Deliver: deliver,
	}), nil
}

// listenTo serves what others tell the service until ctx ends, if it has an address to be told at. The
// returned function waits for what is under way.
func (s serving) listenTo(ctx context.Context, handler http.Handler) (wait func(), err error) {
	if s.listen == "" {
		return func() {}, nil
	}
	listener, err := net.Listen("tcp", s.listen)
	if err != nil {
		return nil, fmt.Errorf("listen for webhooks: %w", err)
	}
	s.log.Info("listening for webhooks", "address", listener.Addr().String())
	return serve(ctx, listener, handler), nil
}

// serve answers until ctx ends. Whoever is slow is let go: the handlers behind it take milliseconds.
func serve(ctx context.Context, listener net.Listener, handler http.Handler) (wait func()) {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 15 * time.Second,
		IdleTimeout: time.Minute, MaxHeaderBytes: 64 << 10,
	}
	var tasks sync.WaitGroup
	tasks.Go(func() { server.Serve(listener) })
	tasks.Go(func() {
		<-ctx.Done()
		bye, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if server.Shutdown(bye) != nil {
			_ = server.Close() // whoever is still there was given time
		}
	})
	return tasks.Wait
}

// catchUp posts what could not be posted before, at the start and from time to time, until ctx ends. What
// has to wait longer is not told again and again; what was given up is.
func catchUp(ctx context.Context, spool *commitstatus.Spool, every time.Duration, log *slog.Logger) (wait func()) {
	var task sync.WaitGroup
	task.Go(func() { flush(ctx, spool, every, log) })
	return task.Wait
}

func flush(ctx context.Context, spool *commitstatus.Spool, every time.Duration, log *slog.Logger) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for ctx.Err() == nil {
		switch err := spool.Flush(ctx); {
		case err == nil:
		case errors.Is(err, commitstatus.ErrDeferred):
			log.Debug("statuses still wait to be posted", "reason", err)
		default:
			log.Warn("a status could not be posted", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}
