package main

import (
	"cmp"
	"os"
	"path/filepath"

	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/sync/promotion"
	"github.com/quorate/quorate/sync/rules"
	"github.com/quorate/quorate/sync/signature"
)

// openPromotion asks the rules of the repository, and the Git host for who approved.
func (w *watched) openPromotion(file string) *promotion.Promotion {
	cfg := promotion.Config{History: w.repo, Branch: cmp.Or(w.git.Branch, "main"), File: filepath.Join(w.dir, file), Log: w.log}
	cfg.Reviews, _ = w.host.(promotion.Reviews) // plain Git knows of none
	cfg.Approvals = func(cluster, digest string) (given []promotion.Approval) {
		for _, a := range w.orders.Approvals(cluster, digest) {
			given = append(given, promotion.Approval{By: a.By, Author: a.Author})
		}
		return given
	}
	return promotion.New(cfg)
}

// checkRules takes the rules of a repository out of its files, and finds what is wrong with them.
func checkRules(files []desired.File) (manifests []desired.File, problems []desired.Problem) {
	for _, f := range files {
		if filepath.Base(f.Name) != rules.File {
			manifests = append(manifests, f)
			continue
		}
		_, wrong := rules.Read(f.Data)
		if len(wrong) == 0 {
			_, wrong = signature.Read(f.Data, func(path string) ([]byte, error) {
				return os.ReadFile(filepath.Join(filepath.Dir(f.Name), filepath.FromSlash(path)))
			})
		}
		for _, p := range wrong {
			if p.File == rules.File {
				p.File = f.Name
			}
			problems = append(problems, p)
		}
	}
	return manifests, problems
}
