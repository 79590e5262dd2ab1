package signature

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/quorate/quorate/internal/durable"
)

// An Anchor is where trust stands: the last applied commit of one branch, on this disk. It is not kept
// in the repository, where whoever can push could move it.
type Anchor struct {
	path string
	// Commit is the last applied one; empty before the first.
	Commit string `json:"commit"`
	// InForce reports that its policy was: without it a lost commit could turn signatures off.
	InForce bool `json:"inForce"`
	// Pinned is the commit that an operator named as trusted; naming it again changes nothing.
	Pinned string `json:"pinned,omitempty"`
}

// OpenAnchor reads the anchor that the file holds, if it is there.
func OpenAnchor(path string) (*Anchor, error) {
	a := &Anchor{path: path}
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return a, nil
	}
	if err != nil {
		return nil, fmt.Errorf("last applied commit: %w", err)
	}
	if err := json.Unmarshal(data, a); err != nil {
		return nil, fmt.Errorf("last applied commit: %s is damaged; remove it and name a trusted commit: %w", path, err)
	}
	return a, nil
}

// Pin trusts a commit that an operator named, unless he had named it before.
func (a *Anchor) Pin(commit string) error {
	if commit == "" || commit == a.Pinned {
		return nil
	}
	return a.write(Anchor{Commit: commit, InForce: true, Pinned: commit})
}

// Move makes the commit the last applied one, durably.
func (a *Anchor) Move(commit string, inForce bool) error {
	if a.Commit == commit && a.InForce == inForce {
		return nil
	}
	return a.write(Anchor{Commit: commit, InForce: inForce, Pinned: a.Pinned})
}

func (a *Anchor) write(next Anchor) error {
	if err := durable.WriteJSON(a.path, next); err != nil {
		return fmt.Errorf("last applied commit: %w", err)
	}
	next.path = a.path
	*a = next
	return nil
}
