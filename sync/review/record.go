package review

import (
	"context"

	"github.com/quorate/quorate/sync/host"
)

// Order is what somebody ordered in a comment, and was obeyed in.
type Order struct {
	Cluster string
	// Verb is pause, resume, roll or approve, and Argument what was written behind it.
	Verb, Argument string
	By             string
	// Pull is where people find the pull request, Head its commit, and Commit that of the branch.
	Pull, Head, Commit string
}

// record puts an order on record, for each of the clusters.
func (s *Service) record(ctx context.Context, h hearing, by host.Comment, order command, clusters ...string) error {
	if s.cfg.Record == nil {
		return nil
	}
	for _, cluster := range clusters {
		err := s.cfg.Record(ctx, Order{
			Cluster: cluster, Verb: order.verb, Argument: clip(order.argument), By: by.Author,
			Pull: name(h.pr), Head: h.pr.Head, Commit: h.pr.BaseCommit,
		})
		if err != nil {
			return err
		}
	}
	return nil
}
