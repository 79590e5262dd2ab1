package web

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/quorate/quorate/internal/printable"
	"github.com/quorate/quorate/sync/commitstatus"
)

// Config is what is shown.
type Config struct {
	Health  *Health
	Board   *Board
	Plans   *Plans // nil if nobody plans what is proposed
	Metrics http.Handler
	// Public is where people find the pages; empty if only by the address that is listened at. A path in
	// it is that of a proxy, which takes it away.
	Public *url.URL
}

// Handler answers on /healthz, /readyz and /metrics, and shows pages below /.
func Handler(c Config) http.Handler {
	l := linksOf(c.Public)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", probe(c.Health.Alive))
	mux.HandleFunc("GET /readyz", probe(c.Health.Ready))
	mux.Handle("GET /metrics", c.Metrics)
	mux.HandleFunc("GET /{$}", show("index", func(*http.Request) (page, bool) { return c.Board.index(l), true }))
	mux.HandleFunc("GET /runs/{cluster}", show("cluster", func(r *http.Request) (page, bool) {
		return c.Board.ofCluster(l, r.PathValue("cluster"), "")
	}))
	mux.HandleFunc("GET /runs/{cluster}/{commit}", show("cluster", func(r *http.Request) (page, bool) {
		return c.Board.ofCluster(l, r.PathValue("cluster"), r.PathValue("commit"))
	}))
	mux.HandleFunc("GET /runs/{cluster}/{commit}/{id}", show("pass", func(r *http.Request) (page, bool) {
		return c.Board.ofRun(l, r.PathValue("cluster"), r.PathValue("commit"), r.PathValue("id"))
	}))
	mux.HandleFunc("GET /plans/{head}", show("plans", func(r *http.Request) (page, bool) { return c.Plans.index(l, r.PathValue("head")) }))
	mux.HandleFunc("GET /plans/{head}/{cluster}", show("plan", func(r *http.Request) (page, bool) {
		return c.Plans.page(l, r.PathValue("head"), r.PathValue("cluster"))
	}))
	return careful(mux)
}

func linksOf(public *url.URL) links {
	if public == nil {
		public = &url.URL{Path: "/"}
	}
	return links{public}
}

// careful tells browsers to make nothing of an answer but what it is.
func careful(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// show writes a page whole or not at all.
func show(name string, find func(*http.Request) (page, bool)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p, found := find(r)
		if !found {
			http.Error(w, "Nothing is known of this here. Pages are kept for a while; quorate history tells all.", http.StatusNotFound)
			return
		}
		p.Style = style
		var body bytes.Buffer
		if err := templates.ExecuteTemplate(&body, name, p); err != nil {
			http.Error(w, fmt.Sprintf("The page could not be made: %v", err), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write(bytes.Map(shown, body.Bytes()))
	}
}

// shown leaves out what the texts of others could hold and no page does.
func shown(c rune) rune {
	if c == '\n' || c == '\t' || printable.Rune(c) {
		return c
	}
	return -1
}

// Page is where people find the page about a commit of a cluster.
func Page(public *url.URL, cluster, commit string) string {
	return linksOf(public).to("runs", cluster, commit)
}

// PlanPages are where people find the page about the plan of a cluster at a proposed commit, and the list of all
// plans of that commit.
func PlanPages(public *url.URL, head, cluster string) (one, all string) {
	l := linksOf(public)
	return l.to("plans", head, cluster), l.to("plans", head)
}

// Linked posts statuses with the address of the page that tells more. It is the same for a cluster and a
// commit, whatever pass is the last, so that a status does not look new because its page is.
type Linked struct {
	Next   commitstatus.Poster
	Public *url.URL
}

// linkedContexts are those of statuses about passes, before the name of the cluster.
var linkedContexts = []string{"quorate/apply/", "quorate/drift/"}

// Post fills in the address where there is none.
func (l Linked) Post(ctx context.Context, s commitstatus.Status) error {
	for _, prefix := range linkedContexts {
		if cluster, is := strings.CutPrefix(s.Context, prefix); is && s.URL == "" && clusterName.MatchString(cluster) {
			s.URL = Page(l.Public, cluster, s.Commit)
		}
	}
	return l.Next.Post(ctx, s)
}
