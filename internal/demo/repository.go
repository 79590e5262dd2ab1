package demo

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/go-git/go-git/v5"
	gitconfig "github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// repository is a bare repository, as a Git host has it, and a clone that somebody
// works in.
type repository struct {
	origin, clone string
	work          *git.Repository
}

// newRepository makes both below dir. It needs no git on the machine.
func newRepository(dir string) (*repository, error) {
	r := &repository{origin: filepath.Join(dir, "origin.git"), clone: filepath.Join(dir, "clusters")}
	main := git.PlainInitOptions{Bare: true, InitOptions: git.InitOptions{DefaultBranch: plumbing.Main}}
	if _, err := git.PlainInitWithOptions(r.origin, &main); err != nil {
		return nil, fmt.Errorf("make the repository: %w", err)
	}
	main.Bare = false
	work, err := git.PlainInitWithOptions(r.clone, &main)
	if err != nil {
		return nil, fmt.Errorf("make the clone: %w", err)
	}
	r.work = work
	_, err = work.CreateRemote(&gitconfig.RemoteConfig{Name: "origin", URLs: []string{r.origin}})
	if err != nil {
		return nil, fmt.Errorf("make the clone: %w", err)
	}
	config, err := work.Config()
	if err != nil {
		return nil, fmt.Errorf("make the clone: %w", err)
	}
	config.User.Name, config.User.Email = "You", "you@example.com"
	config.Branches["main"] = &gitconfig.Branch{Name: "main", Remote: "origin", Merge: plumbing.NewBranchReferenceName("main")}
	return r, work.SetConfig(config)
}

// push writes a file, commits it and pushes.
func (r *repository) push(path, content, message string) error {
	full := filepath.Join(r.clone, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.WriteFile(full, []byte(content), 0o644); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	tree, err := r.work.Worktree()
	if err != nil {
		return fmt.Errorf("commit %s: %w", path, err)
	}
	if _, err := tree.Add(path); err != nil {
		return fmt.Errorf("commit %s: %w", path, err)
	}
	author := &object.Signature{Name: "Demo", Email: "demo@example.com", When: time.Now()}
	if _, err := tree.Commit(message, &git.CommitOptions{Author: author}); err != nil {
		return fmt.Errorf("commit %s: %w", path, err)
	}
	if err := r.work.Push(&git.PushOptions{RemoteName: "origin"}); err != nil {
		return fmt.Errorf("push: %w", err)
	}
	return nil
}

var (
	documentEnd  = regexp.MustCompile(`(?m)^---[ \t]*$`)
	controlPlane = regexp.MustCompile(`(?m)^\s*role:\s*(Master|ControlPlane|control-plane)\s*$`)
	machineType  = regexp.MustCompile(`(?m)^([ \t]*machineType:[ \t]*)\S+[ \t]*$`)
)

// withMasters edits the manifest as a person would: another machine type in every
// instance group of the control plane.
func withMasters(manifest, machine string) string {
	documents := documentEnd.Split(manifest, -1)
	for i, d := range documents {
		if controlPlane.MatchString(d) {
			documents[i] = machineType.ReplaceAllString(d, "${1}"+machine)
		}
	}
	return strings.Join(documents, "---")
}
