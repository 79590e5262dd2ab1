package kopsspec

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/tools/txtar"
)

// FuzzDecode looks for input that makes the decoder panic, hang, or lie about where a problem is.
func FuzzDecode(f *testing.F) {
	archives, _ := filepath.Glob("testdata/decode/*.txtar")
	for _, file := range archives {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(archive.Files[0].Data)
	}
	whole, err := os.ReadFile("testdata/three-documents.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(spec("addons: &a [{manifest: x}]", "hooks: *a", "fileAssets: [*a, *a]"))
	f.Add(spec("topology: &t", "  <<: *t"))
	f.Fuzz(func(t *testing.T, data []byte) {
		docs, problems := Decode("fuzz.yaml", data)
		lines := 2 + countLines(data) // what is missing at the end stands after the last line
		for _, p := range problems {
			if p.Line < 1 || p.Line > lines || p.Column < 1 || p.Message == "" {
				t.Errorf("problem without a place in %d lines: %+v", lines, p)
			}
		}
		sorted := slices.Clone(problems)
		if SortProblems(sorted); !slices.Equal(sorted, problems) {
			t.Error("problems are not sorted")
		}
		for _, c := range docs.Clusters {
			Complete(c, docs.InstanceGroups)
		}
	})
}

// countLines counts every line break that YAML knows.
func countLines(data []byte) int {
	n := 0
	for _, r := range string(data) {
		switch r {
		case '\n', '\r', '\u0085', '\u2028', '\u2029':
			n++
		}
	}
	return n
}
