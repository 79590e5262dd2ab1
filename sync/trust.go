package sync

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/quorate/quorate/sync/audit"
	"github.com/quorate/quorate/sync/commitstatus"
	"github.com/quorate/quorate/sync/gitrepo"
	"github.com/quorate/quorate/sync/schedule"
	"github.com/quorate/quorate/sync/signature"
)

// Histories is the part of a repository that trust is decided from; gitrepo.Repo is one.
type Histories interface {
	Since(older, newer string) (gitrepo.History, error)
	File(commit, path string) ([]byte, error)
	Holds(commit, older string) (bool, error)
}

// Trust decides up to which commit a branch is applied, by the signature policy of the commit that
// was applied last.
type Trust struct {
	Histories Histories
	Anchor    *signature.Anchor
	Now       func() time.Time // nil means time.Now
}

// Admission is what Trust says of a head.
type Admission struct {
	// Commit is the one that counts: the head, or the last applied one where the head is refused.
	Commit  string
	InForce bool // whether signatures were asked for
	Verdict signature.Verdict
	// Commits is how many were judged.
	Commits int
}

// Admit judges the head of the branch and, unless it is refused, makes it the one to be applied. The
// very first head is trusted: there is no earlier policy to judge it by.
func (t Trust) Admit(head string) (Admission, error) {
	next, problem, err := t.policy(head)
	if err != nil {
		return Admission{}, err
	}
	a := Admission{Commit: head, InForce: next.InForce()}
	if last := t.Anchor.Commit; last != "" && last != head {
		if a, err = t.judge(last, head, next); err != nil {
			return Admission{}, err
		}
	}
	// A policy that nobody can read must not become the one that everything later is judged by.
	if problem != "" && !a.Verdict.Refused {
		a.Verdict = signature.Verdict{Refused: true, Commit: head, Reason: fmt.Sprintf("commit %.10s: %s", head, problem)}
	}
	if a.Verdict.Refused {
		a.Commit = t.Anchor.Commit
		return a, nil
	}
	return a, t.Anchor.Move(head, next.InForce())
}

func (t Trust) judge(last, head string, next signature.Policy) (Admission, error) {
	history, err := t.Histories.Since(last, head)
	if errors.Is(err, gitrepo.ErrTooLarge) {
		return Admission{InForce: true, Verdict: signature.Verdict{Refused: true, Commit: head, Reason: fmt.Sprintf("commit %.10s: %v", head, err)}}, nil
	}
	if err != nil {
		return Admission{}, err
	}
	a := Admission{Commit: head, InForce: t.Anchor.InForce, Commits: len(history.Additions)}
	push := signature.Push{Applied: last, Head: head, Descends: history.Descends}
	if !a.InForce {
		return a, nil
	}
	policy := signature.Lost() // the last commit may not even be here any more
	if history.Descends {
		if policy, err = t.trusted(last); err != nil {
			return Admission{}, err
		}
		a.InForce = policy.InForce() // a commit that an operator named may have none
	}
	for _, c := range history.Additions {
		push.Commits = append(push.Commits, signature.Commit{Hash: c.Hash, Author: c.Author, When: c.When, Signed: c.Signed, Signature: c.Signature, Paths: c.Paths})
	}
	a.Verdict = policy.Judge(push, next, t.now())
	return a, nil
}

// trusted is the policy of a commit that was applied, which was looked at when it was.
func (t Trust) trusted(commit string) (signature.Policy, error) {
	policy, problem, err := t.policy(commit)
	if err == nil && problem != "" {
		err = fmt.Errorf("signature policy of the trusted commit %.10s: %s", commit, problem)
	}
	return policy, err
}

func (t Trust) now() time.Time {
	if t.Now == nil {
		return time.Now()
	}
	return t.Now()
}

// policy reads the signature policy of a commit, or the sentence that says why it cannot be gone by.
func (t Trust) policy(commit string) (signature.Policy, string, error) {
	data, err := t.Histories.File(commit, signature.File)
	if errors.Is(err, fs.ErrNotExist) {
		return signature.Policy{}, "", nil
	}
	if errors.Is(err, gitrepo.ErrTooLarge) {
		return signature.Policy{}, err.Error(), nil
	}
	if err != nil {
		return signature.Policy{}, "", err
	}
	policy, problems := signature.Read(data, func(path string) ([]byte, error) { return t.Histories.File(commit, path) })
	if len(problems) > 0 {
		return signature.Policy{}, problemText(problems), nil
	}
	return policy, "", nil
}

// repositoryTrail is the chain of what was refused for the whole repository: no name of a cluster,
// which has a dot.
const repositoryTrail = "repository"

// admit is the commit to be applied: the head, or what was applied last if a service that has just
// started finds the head refused. It is false if there is nothing to be done.
func (s *Service) admit(ctx context.Context, head gitrepo.Commit) (gitrepo.Commit, bool) {
	if s.cfg.Trust == nil {
		return head, true
	}
	before := s.cfg.Trust.Anchor.Commit
	a, err := s.cfg.Trust.Admit(head.Hash)
	if err != nil {
		s.cfg.Log.Error("cannot judge the signatures", "commit", head.Hash, "error", err)
		return head, false
	}
	if !a.Verdict.Refused {
		if before != head.Hash {
			head.Previous = before // what was refused in between never counted
		}
		if a.InForce && before != head.Hash {
			s.say(ctx, commitstatus.Status{Commit: head.Hash, Context: "quorate/signatures", State: commitstatus.Success, Description: a.praise(before)})
		}
		return head, true
	}
	s.cfg.Log.Error("the push is not applied", "head", head.Hash, "commit", a.Verdict.Commit, "reason", a.Verdict.Reason)
	s.say(ctx, commitstatus.Status{Commit: head.Hash, Context: "quorate/signatures", State: commitstatus.Failure, Description: "not applied: " + a.Verdict.Reason})
	s.refuse(ctx, head, a.Verdict.Reason)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = head.Hash
	return gitrepo.Commit{Hash: a.Commit}, a.Commit != "" && s.head.Hash == ""
}

// praise says why a head is trusted.
func (a Admission) praise(before string) string {
	switch {
	case before == "":
		return "the first commit that is seen here is trusted; what comes after it must be signed"
	case a.Commits == 1:
		return "signed by somebody who may change what it changes"
	}
	return fmt.Sprintf("%d commits, each signed by somebody who may change what it changes", a.Commits)
}

// rewritten is the commit that the branch held and holds no more; empty if there is none. What was applied last is
// compared too, for the process may have ended between the fetch and the telling.
func (s *Service) rewritten(head gitrepo.Commit) string {
	if head.Rewritten {
		return head.Previous
	}
	if s.cfg.Trust == nil || s.cfg.Trust.Anchor.Commit == "" {
		return ""
	}
	last := s.cfg.Trust.Anchor.Commit
	if holds, err := s.cfg.Trust.Histories.Holds(head.Hash, last); err != nil || holds {
		return "" // whoever judges the head meets the same error, and tells it
	}
	return last
}

// tellRewritten says, and puts on record, that history was rewritten.
func (s *Service) tellRewritten(ctx context.Context, head gitrepo.Commit, was string) {
	s.cfg.Log.Warn("the branch was rewritten", "was", was, "is", head.Hash)
	text := "the branch was force-pushed: it no longer holds " + short(was) + ", which it held before"
	s.say(ctx, commitstatus.Status{Commit: head.Hash, Context: "quorate/history", State: commitstatus.Failure, Description: text})
	s.note(ctx, head, audit.Noticed, text)
}

// refuse puts a refused push on record.
func (s *Service) refuse(ctx context.Context, head gitrepo.Commit, reason string) {
	s.note(ctx, head, audit.Refused, reason)
}

// note puts on record what became of a push, whatever clusters it is about.
func (s *Service) note(ctx context.Context, head gitrepo.Commit, result audit.Result, reason string) {
	if s.cfg.Auditor == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), postLimit)
	defer cancel()
	now := time.Now()
	err := s.cfg.Auditor.Record(ctx, audit.Record{
		Cluster: repositoryTrail, Commit: head.Hash, Author: head.Author, Trigger: string(schedule.Poll),
		Result: result, Reason: reason, Began: now, Ended: now,
	})
	if err != nil {
		s.cfg.Log.Warn("audit trail not pushed yet", "error", err)
	}
}
