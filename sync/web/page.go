package web

import (
	"crypto/sha256"
	_ "embed" // the pages are part of the program
	"encoding/base64"
	"html/template"
	"net/url"
	"slices"
	"time"

	"github.com/quorate/quorate/sync/audit"
)

var (
	//go:embed pages/pages.html
	markup string
	//go:embed pages/style.css
	css string
)

// style is inside each page, and the policy names it by its hash, so that nothing else counts as style.
var style = template.CSS(css)

// policy lets a page fetch nothing, run nothing, send nothing, and be shown inside nothing.
var policy = "default-src 'none'; style-src 'sha256-" + digest(css) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"stamp":   func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"moment":  func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
	"lasting": lasting,
	"took":    func(s audit.Step) string { return lasting(time.Duration(s.Milliseconds) * time.Millisecond) },
	"outcome": outcome,
	"short":   short,
}).Parse(markup))

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

func lasting(d time.Duration) string {
	switch {
	case d == 0:
		return "–"
	case d < time.Second:
		return "under 1 s"
	}
	return d.Round(time.Second).String()
}

// outcome of a step: what nobody knows of a pass that goes on has not happened yet, as far as it is told.
func outcome(s audit.Step, running bool) string {
	if running && s.State == "unknown" {
		return "not ended yet"
	}
	return s.State
}

func short(commit string) string { return commit[:min(len(commit), 10)] }

// crumb is one part of the way to a page; the page itself has no link.
type crumb struct{ Name, Link string }

// page is all that a template may show.
type page struct {
	Title    string
	Style    template.CSS
	Path     []crumb
	Clusters []row
	Standing *Standing
	Running  *Run
	Latest   *Run
	Runs     []line
	Plan     *Plan
	Plans    []planLine
}

type row struct {
	Name, Link string
	Standing   Standing
}

type line struct {
	Link, CommitLink, Commit, Plan string
	Result                         audit.Result
	Reason                         string
	Began                          time.Time
}

// links makes addresses of pages below the public address.
type links struct{ base *url.URL }

func (l links) to(parts ...string) string { return l.base.JoinPath(parts...).String() }

// path is the same for links inside pages, which work whatever the host was called.
func (l links) path(parts ...string) string {
	u := *l.base.JoinPath(parts...)
	u.Scheme, u.Host, u.User = "", "", nil
	return u.String()
}

func (l links) home() string {
	u := *l.base.JoinPath("/")
	u.Scheme, u.Host, u.User = "", "", nil
	return u.String()
}

func (b *Board) index(l links) page {
	p := page{Title: "Clusters", Path: []crumb{{Name: "Clusters"}}}
	for _, name := range b.clusters() {
		p.Clusters = append(p.Clusters, row{name, l.path("runs", name), b.standing(name)})
	}
	return p
}

func (b *Board) standing(cluster string) Standing {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.stands[cluster]
	_, s.Working = b.running[cluster]
	return s
}

// ofCluster is the page of a cluster, or of one commit of it; false if nothing is known.
func (b *Board) ofCluster(l links, cluster, commit string) (page, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := page{Title: cluster, Path: []crumb{{"Clusters", l.home()}, {Name: cluster}}}
	if commit != "" {
		p.Title, p.Path = cluster+" at "+short(commit), []crumb{{"Clusters", l.home()}, {cluster, l.path("runs", cluster)}, {Name: short(commit)}}
	}
	ours := func(of string) bool { return commit == "" || commit == of }
	if s, known := b.stands[cluster]; known && ours(s.Commit) {
		p.Standing = &s
	}
	if run, on := b.running[cluster]; on && ours(run.Record.Commit) {
		p.Running = &run
	}
	for _, e := range slices.Backward(b.runs[cluster]) {
		if !ours(e.commit) {
			continue
		}
		if p.Latest == nil {
			if run, err := b.shelf.read(cluster, e); err == nil {
				p.Latest = &run
			}
		}
		p.Runs = append(p.Runs, line{l.path("runs", cluster, e.commit, e.id), l.path("runs", cluster, e.commit), e.commit, e.plan, e.result, e.reason, e.began})
	}
	return p, p.Standing != nil || p.Running != nil || len(p.Runs) > 0
}

// ofRun is the page of one pass that ended, or that goes on.
func (b *Board) ofRun(l links, cluster, commit, id string) (page, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	run, found := b.running[cluster]
	found = found && run.Record.ID == id
	for _, e := range b.runs[cluster] {
		if e.id == id {
			var err error
			run, err = b.shelf.read(cluster, e)
			found = err == nil
		}
	}
	if !found || run.Record.Commit != commit {
		return page{}, false
	}
	began := run.Record.Began.UTC().Format("2006-01-02 15:04:05")
	return page{
		Title:  "Pass over " + cluster + " at " + short(commit) + ", " + began,
		Path:   []crumb{{"Clusters", l.home()}, {cluster, l.path("runs", cluster)}, {short(commit), l.path("runs", cluster, commit)}, {Name: began}},
		Latest: &run,
	}, true
}
