package promotion

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/sync/gitrepo"
	"github.com/quorate/quorate/sync/rules"
)

// Rulebook is quorate.yaml as one commit has it.
type Rulebook struct {
	Rules    rules.Rules
	Problems []desired.Problem
	// Text of the file; empty without one.
	Text string
}

// readRulebook reads the rules of a commit. A commit without them has none, and whatever is wrong with the
// file itself is a problem; an error says that nobody could look.
func readRulebook(files interface {
	File(commit, path string) ([]byte, error)
}, commit string) (Rulebook, error) {
	data, err := files.File(commit, rules.File)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Rulebook{}, nil
	case errors.Is(err, gitrepo.ErrTooLarge):
		return Rulebook{Problems: []desired.Problem{{File: rules.File, Severity: desired.Error, Message: err.Error()}}}, nil
	case err != nil:
		return Rulebook{}, err
	}
	b := Rulebook{Text: string(data)}
	b.Rules, b.Problems = rules.Read(data)
	return b, nil
}

// Broken says why the rules cannot be gone by; empty if they can.
func (b Rulebook) Broken() string {
	switch n := len(b.Problems); n {
	case 0:
		return ""
	case 1:
		return b.Problems[0].String()
	default:
		return fmt.Sprintf("%d problems, the first: %s", n, b.Problems[0])
	}
}

// Summary is a sentence about rules that are not broken.
func (b Rulebook) Summary() string {
	if b.Text == "" {
		return "there are no rules any more: every change proceeds at once"
	}
	var names []string
	for _, e := range b.Rules.Environments {
		names = append(names, e.Name)
	}
	return "the rules are valid; environments: " + cmp.Or(strings.Join(names, ", "), "none")
}
