package main

import (
	"context"
	"os"
	"path/filepath"
	gosync "sync"

	"github.com/spf13/cobra"

	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/sync/notify"
)

// notifying is whom the service tells that a cluster needs people.
type notifying struct {
	file string
	// notifier is nil if nobody is told.
	notifier *notify.Notifier
}

func (n *notifying) flags(c *cobra.Command) {
	c.Flags().StringVar(&n.file, "notify-file", "", "file that lists who is notified, a line for each: slack, teams, webhook or email, a space, and the address (default the lines in $QUORATE_NOTIFY)")
}

// receivers are read once: addresses are secrets, and who changes them restarts the service.
func (n *notifying) receivers() ([]notify.Receiver, error) {
	if n.file != "" {
		return notify.ReadReceivers(n.file)
	}
	return notify.ParseReceivers(os.Getenv("QUORATE_NOTIFY"))
}

// notify begins to tell people. The returned function tells what is left, and ends.
func (s *serving) notify() (end func(), err error) {
	receivers, err := s.people.receivers()
	if err != nil || len(receivers) == 0 {
		return func() {}, err
	}
	c := notify.Config{Receivers: receivers, File: filepath.Join(s.state, "notified.json"), Page: s.site.pageOf(), Log: s.log}
	if s.site.metrics != nil {
		c.Told = s.site.metrics.Notified
	}
	if s.people.notifier, err = notify.New(c); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background()) // until the last pass has ended
	var task gosync.WaitGroup
	task.Go(func() { s.people.notifier.Run(ctx) })
	return func() { stop(); task.Wait() }, nil
}

// heard is the pass with people being told how it ended.
func (n notifying) heard(pass passFunc) passFunc {
	if n.notifier == nil {
		return pass
	}
	return func(ctx context.Context, c desired.Cluster, commit string) sync.Result {
		r := pass(ctx, c, commit)
		n.notifier.Passed(c.Name, commit, r)
		return r
	}
}
