package gitrepo

import (
	"errors"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
)

func TestAProposalIsFetchedBesideTheBranch(t *testing.T) {
	o := newOrigin(t)
	fork := o.commit(map[string]string{"a.yaml": "1"})
	o.commitTree(o.tree(map[string]string{"a.yaml": "2"}), plumbing.NewHash(fork))
	head := o.head()
	o.set(plumbing.NewHashReference("refs/pull/7/head", head))
	o.set(plumbing.NewHashReference("refs/heads/main", plumbing.NewHash(fork)))
	tip := o.commit(map[string]string{"a.yaml": "3"})

	r, err := Open(Config{URL: o.dir, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.Fetch(t.Context(), "refs/pull/7/head")
	if err != nil || got != head.String() {
		t.Fatalf("%s, %v", got, err)
	}
	commit, err := r.Head(t.Context())
	if err != nil || commit.Hash != tip || commit.Rewritten || commit.Previous != "" {
		t.Errorf("the branch: %+v, %v", commit, err)
	}
	if at, err := r.MergeBase(tip, got); err != nil || at != fork {
		t.Errorf("they part at %s, %v", at, err)
	}
	again := o.rewrite(map[string]string{"b.yaml": "1"})
	o.set(plumbing.NewHashReference("refs/pull/7/head", plumbing.NewHash(again)))
	if got, err = r.Fetch(t.Context(), "refs/pull/7/head"); err != nil || got != again {
		t.Errorf("rewritten: %s, %v", got, err)
	}
	if _, err := r.MergeBase(tip, again); !errors.Is(err, ErrUnrelated) {
		t.Errorf("of nothing in common: %v", err)
	}
	if _, err := r.Fetch(t.Context(), "refs/pull/8/head"); !errors.Is(err, ErrBranchMissing) {
		t.Errorf("of no such ref: %v", err)
	}
	for _, odd := range []string{"", "main", "refs/heads/a:refs/heads/b", "refs/*"} {
		if got, err := r.Fetch(t.Context(), odd); err == nil {
			t.Errorf("%q: %s", odd, got)
		}
	}
}
