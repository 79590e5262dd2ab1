package rules

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/hmarr/codeowners"
)

// OwnersFiles are where the Git hosts look for the file of owners, the first that is there.
var OwnersFiles = []string{".github/CODEOWNERS", ".gitlab/CODEOWNERS", ".gitea/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"}

// Owners are whom a CODEOWNERS file names for any of the paths, sorted. The last line that
// matches a path counts for it, as on the Git hosts; a line without owners takes them away.
func Owners(file []byte, paths []string) ([]string, error) {
	lines, err := codeowners.ParseFile(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("CODEOWNERS: %w", err)
	}
	var owners []string
	for _, path := range paths {
		line, err := lines.Match(path)
		if err != nil {
			return nil, fmt.Errorf("CODEOWNERS: %w", err)
		}
		if line == nil {
			continue
		}
		for _, o := range line.Owners {
			owners = append(owners, o.String())
		}
	}
	slices.Sort(owners)
	return slices.Compact(owners), nil
}
