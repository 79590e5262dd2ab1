package review

import (
	"time"

	"github.com/quorate/quorate/sync/host"
)

// Page is the whole of a plan, for those to whom a comment has too little room. It holds what the comment may
// hold and no more.
type Page struct {
	Cluster, Head, Base, Branch string
	Pull                        int
	// Risk, and Text, which is the status.
	Risk, Text string
	Notes      []string
	// Plan is the text that quorate plan prints, and Digest and Seen are of it and of what AWS had at At.
	Plan         string
	Digest, Seen string
	At           time.Time
}

// show keeps the pages of the plans of this head, and returns where all of them are.
func (s *Service) show(pr host.PullRequest, p *pull) (all string) {
	if s.cfg.Show == nil {
		return ""
	}
	for name, r := range p.rows {
		if r.plan == "" {
			continue
		}
		if r.shownOf != pr.Head {
			r.link, r.all = s.cfg.Show(Page{
				Cluster: r.name, Head: pr.Head, Base: pr.BaseCommit, Branch: pr.Base, Pull: pr.Number, Risk: r.risk.String(), Text: r.text,
				Notes: r.notes, Plan: r.full, Digest: r.plan, Seen: r.seen, At: r.at,
			})
			r.shownOf = pr.Head
			p.rows[name] = r
		}
		all = r.all
	}
	return all
}
