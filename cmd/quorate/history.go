package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/quorate/quorate/internal/printable"
	"github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/sync/audit"
	"github.com/quorate/quorate/sync/gitrepo"
	"github.com/quorate/quorate/sync/signature"
)

// openTrail is where the service writes what it did.
func (w *watched) openTrail() (*audit.Log, error) {
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("who writes the audit trail: %w", err)
	}
	return audit.Open(audit.Config{
		Dir: filepath.Join(w.dir, "audit"), Version: versionText(), Holder: fmt.Sprintf("%s/%d", host, os.Getpid()),
		Write: func(ctx context.Context, change func(audit.Tree) error) error {
			return w.repo.WriteNotes(ctx, audit.Ref, func(n *gitrepo.Notes) error { return change(n) })
		},
		Tampered: func(f audit.Finding) {
			w.log.Error("the audit trail was tampered with", "cluster", f.Cluster, "finding", f.Text)
		},
	})
}

// openTrust is how the service knows which commits it may apply.
func (w *watched) openTrust() (*sync.Trust, error) {
	follows, trusted := cmp.Or(w.git.Branch, "main"), w.trusted
	if w.git.Tag != "" || w.git.Commit != "" {
		follows = w.git.Follows()
	}
	if w.git.Commit != "" {
		trusted = "" // its name says all that it holds: who wrote it down trusts it
	}
	sum := sha256.Sum256([]byte(w.repo.String() + "\x00" + follows))
	anchor, err := signature.OpenAnchor(filepath.Join(w.dir, fmt.Sprintf("applied-%x.json", sum[:6])))
	if err != nil {
		return nil, err
	}
	return &sync.Trust{Histories: w.repo, Anchor: anchor}, anchor.Pin(trusted)
}

// readTrail reads the trail of a clone.
func readTrail(dir string) (audit.Trail, *gitrepo.Archive, error) {
	archive, err := gitrepo.OpenArchive(dir)
	if err != nil {
		return audit.Trail{}, nil, err
	}
	notes, err := archive.Notes(audit.Ref)
	if err != nil {
		return audit.Trail{}, nil, err
	}
	trail, err := audit.Load(notes)
	return trail, archive, err
}

const cloneFlag = "a clone of the repository, with its notes: git fetch origin 'refs/notes/*:refs/notes/*'"

func historyCommand() *cobra.Command {
	var repo, since, output string
	var steps bool
	c := &cobra.Command{
		Use:   "history [CLUSTER]",
		Short: "Show what was done to a cluster, when, and because of which commit",
		Long: `Show the audit trail that the service keeps in the notes of the repository: every pass
that changed or refused something. It needs a clone and nothing else; whether the trail can
be trusted is what quorate audit verify finds out.`,
		Args: cobra.MaximumNArgs(1),
	}
	c.Flags().StringVar(&repo, "repo", ".", cloneFlag)
	c.Flags().StringVar(&since, "since", "", "only what began since then: a duration such as 36h, or a date or time (2006-01-02, RFC 3339)")
	c.Flags().BoolVar(&steps, "steps", false, "show the steps, too, with the ids of their AWS requests")
	outputFlag(c, &output, "text", "json")
	c.RunE = func(c *cobra.Command, args []string) error {
		from, err := moment(since, time.Now())
		if err != nil {
			return err
		}
		trail, _, err := readTrail(repo)
		if err != nil {
			return err
		}
		records := slices.DeleteFunc(trail.Records(), func(r audit.Record) bool {
			return r.Began.Before(from) || len(args) == 1 && r.Cluster != args[0]
		})
		if output == "json" {
			return writeJSON(c.OutOrStdout(), slices.Concat([]audit.Record{}, records))
		}
		if len(records) == 0 {
			return nothingTold(c.OutOrStdout(), args)
		}
		for _, r := range records {
			tell(c.OutOrStdout(), r, steps)
		}
		return nil
	}
	return c
}

func nothingTold(w io.Writer, args []string) error {
	of := ""
	if len(args) == 1 {
		of = " of " + args[0]
	}
	_, err := fmt.Fprintf(w, "No record%s in this time.\n", of)
	return err
}

// moment reads a duration before now, a date of this computer's time zone, or a time.
func moment(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(text); err == nil {
		return now.Add(-d), nil
	}
	if t, err := time.ParseInLocation(time.DateOnly, text, time.Local); err == nil {
		return t, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, fmt.Errorf("--since %q: write a duration such as 36h, a date such as 2006-01-02, or an RFC 3339 time", text)
	}
	return t, nil
}

// tell is one record for people. Whoever may push notes may have written it.
func tell(w io.Writer, r audit.Record, steps bool) {
	author := ""
	if r.Author != "" {
		author = "  (" + r.Author + ")"
	}
	line := fmt.Sprintf("%s  %s #%d  %.10s  %s%s: %s", r.Began.Format(time.RFC3339), r.Cluster, r.Sequence, r.Commit, r.Result, author, summary(r))
	fmt.Fprintln(w, printable.Keep(line))
	if !steps {
		return
	}
	for _, s := range r.Steps {
		fmt.Fprintln(w, printable.Keep(stepLine(s)))
	}
}

func stepLine(s audit.Step) string {
	parts := []string{fmt.Sprintf("    %s %s: %s", s.Effect, s.Ref, s.State)}
	if s.Reason != "" {
		parts[0] += ", " + s.Reason
	}
	if q := s.Quorum; q != nil {
		parts = append(parts, fmt.Sprintf("etcd-%s: %s, %d of %d healthy, %d after, %d needed", q.Cluster, q.Answer, q.HealthyNow, q.Voters, q.HealthyAfter, q.Majority))
	}
	for _, request := range s.Requests {
		parts = append(parts, request.Operation+" "+request.ID)
	}
	return strings.Join(parts, "; ")
}

// summary counts the steps by how they ended.
func summary(r audit.Record) string {
	counts := map[string]int{}
	for _, s := range r.Steps {
		counts[s.State]++
	}
	var parts []string
	for _, state := range []string{"done", "waiting", "failed", "refused", "unknown"} {
		if counts[state] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[state], state))
		}
	}
	if r.Behind > 0 {
		parts = append(parts, fmt.Sprintf("%d behind them", r.Behind))
	}
	if r.Reason != "" {
		parts = append(parts, r.Reason)
	}
	return strings.Join(parts, ", ")
}

func auditCommand() *cobra.Command {
	c := &cobra.Command{Use: "audit", Short: "Look after the audit trail"}
	c.AddCommand(verifyCommand())
	return c
}

func verifyCommand() *cobra.Command {
	var repo, output string
	c := &cobra.Command{
		Use:   "verify",
		Short: "Find any edited, dropped or reordered record of the audit trail",
		Long: `Check the whole audit trail of a clone, offline: every record, the chain of every cluster,
the chain through all of them, the lines in the notes of commits, and the history of the
notes. Prints one sentence for each finding and exits 1 if there is any. What it can and
cannot find is in docs/audit.md.`,
		Args: cobra.NoArgs,
	}
	c.Flags().StringVar(&repo, "repo", ".", cloneFlag)
	outputFlag(c, &output, "text", "json")
	c.RunE = func(c *cobra.Command, _ []string) error {
		trail, archive, err := readTrail(repo)
		if err != nil {
			return err
		}
		losses, err := archive.Losses(audit.Ref, audit.Root)
		if err != nil {
			return err
		}
		for _, l := range losses {
			trail.Losses = append(trail.Losses, audit.Loss(l))
		}
		trail.Has = archive.Has
		return printFindings(c, output, trail)
	}
	return c
}

func printFindings(c *cobra.Command, output string, trail audit.Trail) error {
	found, heads := trail.Verify(), trail.Heads()
	w := c.OutOrStdout()
	if output == "json" {
		if err := writeJSON(w, map[string]any{"findings": slices.Concat([]audit.Finding{}, found), "heads": slices.Concat([]audit.Link{}, heads)}); err != nil {
			return err
		}
	} else {
		for _, f := range found {
			fmt.Fprintln(w, printable.Line(f.Text))
		}
	}
	if len(found) > 0 {
		return exitError(codeError)
	}
	if output == "text" {
		for _, h := range heads {
			fmt.Fprintf(w, "%s: ok, the last of %d records is %s\n", h.Cluster, h.Sequence, h.SHA256)
		}
	}
	return nil
}
