package sync

import (
	"cmp"
	"errors"
	"io/fs"
	"strings"

	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/sync/gitrepo"
	"github.com/quorate/quorate/sync/rules"
)

// rulebook is quorate.yaml as one commit has it.
type rulebook struct {
	rules    rules.Rules
	problems []desired.Problem
	// text of the file; empty without one.
	text string
}

// readRulebook reads the rules of a commit. A commit without them has none, and whatever is wrong with the
// file itself is a problem; an error says that nobody could look.
func readRulebook(files interface {
	File(commit, path string) ([]byte, error)
}, commit string) (rulebook, error) {
	data, err := files.File(commit, rules.File)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return rulebook{}, nil
	case errors.Is(err, gitrepo.ErrTooLarge):
		return rulebook{problems: []desired.Problem{{File: rules.File, Severity: desired.Error, Message: err.Error()}}}, nil
	case err != nil:
		return rulebook{}, err
	}
	b := rulebook{text: string(data)}
	b.rules, b.problems = rules.Read(data)
	return b, nil
}

// broken says why the rules cannot be gone by; empty if they can.
func (b rulebook) broken() string {
	if len(b.problems) == 0 {
		return ""
	}
	return problemText(b.problems)
}

func (b rulebook) summary() string {
	if b.text == "" {
		return "there are no rules any more: every change proceeds at once"
	}
	var names []string
	for _, e := range b.rules.Environments {
		names = append(names, e.Name)
	}
	return "the rules are valid; environments: " + cmp.Or(strings.Join(names, ", "), "none")
}
