package rules

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheLastLineThatMatchesNamesTheOwners(t *testing.T) {
	const file = `# who looks after what
*                 @acme/platform
/clusters/prod/   @acme/sre ann@example.com
/clusters/prod/free/
`
	for _, c := range []struct {
		paths, want []string
	}{
		{[]string{"clusters/dev/cluster.yaml"}, []string{"@acme/platform"}},
		{[]string{"clusters/prod/cluster.yaml"}, []string{"@acme/sre", "ann@example.com"}},
		{[]string{"clusters/prod/free/cluster.yaml"}, nil},
		{[]string{"clusters/prod/a.yaml", "README.md"}, []string{"@acme/platform", "@acme/sre", "ann@example.com"}},
	} {
		got, err := Owners([]byte(file), c.paths)
		if d := cmp.Diff(c.want, got); d != "" || err != nil {
			t.Errorf("%v: %v\n%s", c.paths, err, d)
		}
	}
	if _, err := Owners([]byte("* not-an-owner\n"), nil); err == nil {
		t.Error("a file that no host could read is read")
	}
}
