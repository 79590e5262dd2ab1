package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
)

// open opens every repository that is to be watched, or none.
func (s serving) open(all []repository) ([]*watched, error) {
	var rooms []*watched
	for _, r := range all {
		w, err := s.watch(r)
		if err != nil {
			return nil, err
		}
		rooms = append(rooms, w)
	}
	return rooms, nil
}

// hooks is where the Git hosts tell that something happened, if anybody listens: anywhere for the only
// repository, and at its name for each of several.
func (s serving) hooks(rooms []*watched) (http.Handler, error) {
	mux := http.NewServeMux()
	if s.listen == "" {
		return mux, nil
	}
	for _, w := range rooms {
		handler, err := w.hosting.hooks(w.git.URL, w.git.Branch, w.stream, w.reviews.Hear, w.log)
		if err != nil {
			return nil, fmt.Errorf("webhooks of %s: %w", w.repo, err)
		}
		mux.Handle("/"+w.name, handler)
	}
	return mux, nil
}

// keepTrue works on all repositories side by side until ctx ends and each has come to its end.
func keepTrue(ctx context.Context, rooms []*watched) {
	var atWork sync.WaitGroup
	for _, w := range rooms {
		atWork.Go(func() { w.run(ctx) })
	}
	atWork.Wait()
}
