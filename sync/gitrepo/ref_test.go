package gitrepo

import (
	"errors"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
)

func TestATagIsFollowedWhetherItIsAnObjectOrNot(t *testing.T) {
	for _, kind := range [][]string{{"tag", "v1"}, {"tag", "-a", "-m", "one", "v1"}} {
		o := newOrigin(t)
		first := o.commit(someFiles)
		o.git(kind...)
		o.commit(map[string]string{"later.yaml": "x"})
		r := openWith(t, Config{URL: o.serve("").url(), Tag: "v1", Dir: t.TempDir()})
		if c := head(t, r); c.Hash != first || c.Previous != "" {
			t.Errorf("%v: %+v, want %s", kind, c, first)
		}
		if listing, err := r.Units(first, ""); err != nil || len(listing.Units) == 0 {
			t.Errorf("%v: %v, %v", kind, listing, err)
		}
	}
}

func TestAMovedTagIsToldAndFollowed(t *testing.T) {
	o := newOrigin(t)
	first := o.commit(someFiles)
	o.git("tag", "-a", "-m", "one", "v1")
	dir := t.TempDir()
	cfg := Config{URL: o.dir, Tag: "v1", Dir: dir}
	head(t, openWith(t, cfg))
	second := o.commit(map[string]string{"later.yaml": "x"})
	o.git("tag", "-f", "-a", "-m", "one", "v1")
	if c := head(t, openWith(t, cfg)); c.Hash != second || c.Previous != first || c.Rewritten {
		t.Errorf("forwards: %+v", c)
	}
	o.git("tag", "-f", "v1", first)
	if c := head(t, openWith(t, cfg)); c.Hash != first || c.Previous != second || !c.Rewritten {
		t.Errorf("backwards: %+v", c)
	}
}

func TestATagThatNamesNoCommitIsRefused(t *testing.T) {
	o := newOrigin(t)
	o.commit(someFiles)
	blob := o.blob("no commit")
	o.git("tag", "v1", blob.String())
	r := openWith(t, Config{URL: o.dir, Tag: "v1", Dir: t.TempDir()})
	if _, err := r.Head(t.Context()); !errors.Is(err, ErrNoCommit) {
		t.Errorf("%v", err)
	}
}

func TestAPinnedCommitIsFetchedOnceAndStaysWhateverIsPushed(t *testing.T) {
	for name, given := range map[string]string{"hosts that give commits": "true", "hosts that do not": "false"} {
		o := newOrigin(t)
		first := o.commit(someFiles)
		o.commit(map[string]string{"later.yaml": "x"})
		o.git("config", "uploadpack.allowReachableSHA1InWant", given)
		s := o.serve("")
		cfg := Config{URL: s.url(), Commit: first, Dir: t.TempDir()}
		if c := head(t, openWith(t, cfg)); c.Hash != first {
			t.Errorf("%s: %+v", name, c)
		}
		o.rewrite(map[string]string{"rewritten.yaml": "x"})
		s.requests.Store(0)
		r := openWith(t, cfg)
		if c := head(t, r); c.Hash != first || c.Previous != "" || s.requests.Load() != 0 {
			t.Errorf("%s: %+v after %d requests", name, c, s.requests.Load())
		}
		if listing, err := r.Units(first, ""); err != nil || len(listing.Units) == 0 {
			t.Errorf("%s: %v, %v", name, listing, err)
		}
	}
}

func TestWhatIsNotThereToFollowIsSaidWithWhatThereIs(t *testing.T) {
	o := newOrigin(t)
	o.commit(someFiles)
	o.git("tag", "v1")
	absent := strings.Repeat("a", 40)
	for name, c := range map[string]struct {
		cfg  Config
		want error
		text string
	}{
		"branch": {Config{Branch: "master"}, ErrBranchMissing, `branch "master"`},
		"tag":    {Config{Tag: "v2"}, ErrTagMissing, `there are "v1"`},
		"commit": {Config{Commit: absent}, ErrCommitMissing, "commit " + absent},
	} {
		c.cfg.URL, c.cfg.Dir = o.dir, t.TempDir()
		_, err := openWith(t, c.cfg).Head(t.Context())
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v", name, err)
		}
	}
	o.git("config", "uploadpack.allowReachableSHA1InWant", "true")
	r := openWith(t, Config{URL: o.serve("").url(), Commit: absent, Dir: t.TempDir()})
	if _, err := r.Head(t.Context()); !errors.Is(err, ErrCommitMissing) {
		t.Errorf("a host that gives commits: %v", err)
	}
	for name, cfg := range map[string]Config{
		"two at once":    {Branch: "main", Tag: "v1"},
		"a short commit": {Commit: "abcdef1"},
		"an odd tag":     {Tag: "v1..v2"},
		"an odd branch":  {Branch: "a\nb"},
	} {
		cfg.URL, cfg.Dir = o.dir, t.TempDir()
		if _, err := Open(cfg); err == nil || strings.ContainsAny(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatIsFollowedHasAMirrorOfItsOwn(t *testing.T) {
	seen := map[string]string{}
	hash := plumbing.NewHash("0123456789012345678901234567890123456789").String()
	for name, cfg := range map[string]Config{"main": {}, "branch": {Branch: "v1"}, "tag": {Tag: "v1"}, "commit": {Commit: hash}} {
		cfg.URL, cfg.Dir = "/srv/git/clusters", "/state"
		full, err := cfg.followed()
		if err != nil {
			t.Fatal(err)
		}
		dir, err := mirrorDir(full)
		if err != nil || seen[dir] != "" {
			t.Errorf("%s shares %s with %s: %v", name, dir, seen[dir], err)
		}
		seen[dir] = name
	}
}
