package desired

import (
	"path/filepath"
	"testing"

	"golang.org/x/tools/txtar"
)

// FuzzBuild looks for manifests that decode, and then make a rule or a kind panic.
func FuzzBuild(f *testing.F) {
	archives, _ := filepath.Glob("testdata/topology/*.txtar")
	for _, file := range archives {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(archive.Files[0].Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		clusters, problems := Build([]File{{"fuzz.yaml", data}})
		for _, c := range clusters {
			if c.Topology.Len() == 0 {
				t.Errorf("cluster %q has no resources, and these problems:\n%s", c.Name, listProblems(problems))
			}
		}
	})
}
