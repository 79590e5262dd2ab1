package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"

	quoratesync "github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/sync/repositories"
)

// open opens every repository that is to be watched, or none.
func (s serving) open() ([]*watched, error) {
	all := []repository{s.only}
	if s.list != "" {
		var err error
		if all, err = listed(s.list); err != nil {
			return nil, err
		}
	}
	var rooms []*watched
	slots := quoratesync.NewSlots(cmp.Or(s.parallel, 4))
	for _, r := range all {
		w, err := s.watch(r, slots)
		if err != nil {
			return nil, fmt.Errorf("%s%w", prefix(r.name), err)
		}
		rooms = append(rooms, w)
	}
	return rooms, s.claim(rooms)
}

func prefix(name string) string {
	if name == "" {
		return ""
	}
	return "repository " + name + ": "
}

// listed reads the file that names the repositories.
func listed(file string) ([]repository, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("--repositories: %w", err)
	}
	found, problems := repositories.Read(file, data)
	if len(problems) > 0 {
		var lines []string
		for _, p := range problems {
			lines = append(lines, p.String())
		}
		return nil, errors.New(strings.Join(lines, "\n"))
	}
	var all []repository
	for _, r := range found {
		all = append(all, repository{
			name: r.Name, git: r.Git, path: r.Path, tokenFile: r.TokenFile, trusted: r.TrustedCommit, pins: r.Pins,
			hosting: hosting{config: r.Host, secret: r.WebhookSecretFile},
		})
	}
	return all, nil
}

// claim lets several repositories know of each other's clusters; the only one has nobody to know of.
func (s serving) claim(rooms []*watched) error {
	if s.list == "" {
		return nil
	}
	var names []string
	for _, w := range rooms {
		for _, part := range w.parts() {
			names = append(names, part.title())
		}
	}
	claims, err := quoratesync.OpenClaims(filepath.Join(s.state, "claims.json"), names)
	if err != nil {
		return err
	}
	for _, w := range rooms {
		for _, part := range w.parts() {
			part.claimant = claims.Claimant(part.title(), func() { part.stream.Wake("") })
		}
	}
	return nil
}

// hooks is where the Git hosts tell that something happened, if anybody listens: anywhere for the only
// repository, and at its name for each of several that says how its webhooks are signed.
func (s serving) hooks(rooms []*watched) (http.Handler, error) {
	mux := http.NewServeMux()
	if s.listen == "" {
		return mux, nil
	}
	heard := 0
	for _, w := range rooms {
		if w.name != "" && w.hosting.secret == "" {
			continue // it is polled
		}
		handler, err := w.hosting.hooks(w.git.URL, w.hear, w.log)
		if err != nil {
			return nil, fmt.Errorf("%s%w", prefix(w.name), err)
		}
		mux.Handle("/"+w.name, handler)
		heard++
	}
	if heard == 0 {
		return nil, errors.New("--webhook-listen: no repository has a webhookSecretFile, and what is not signed is not taken")
	}
	return mux, nil
}

// keepTrue works on all of them side by side until ctx ends and each has come to its end.
func keepTrue(ctx context.Context, rooms []*watched, work func(*watched, context.Context)) {
	var atWork sync.WaitGroup
	for _, w := range rooms {
		atWork.Go(func() { work(w, ctx) })
	}
	atWork.Wait()
}
