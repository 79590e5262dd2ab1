package desired

import (
	"strings"
	"testing"

	"github.com/quorate/quorate/examples"
)

func TestTheDigestStandsForWhatIsSaidAndNotForHow(t *testing.T) {
	of := func(name, manifest string) string {
		clusters, problems := Build([]File{{Name: name, Data: []byte(manifest)}})
		if len(clusters) != 1 {
			t.Fatalf("%d clusters: %v", len(clusters), problems)
		}
		return clusters[0].Digest
	}
	manifest := string(examples.HA)
	first := of("a.yaml", manifest)
	if got := of("moved.yaml", "# A comment.\n"+manifest); got != first {
		t.Error("a comment and another file name change it")
	}
	for _, e := range []edit{
		{"maxSize: 6", "maxSize: 7"},
		{"name: ha.example.com\n", "name: ha.example.com\n  annotations: {quorate.dev/resume: seen it}\n"},
	} {
		if got := of("a.yaml", strings.Replace(manifest, e.old, e.new, 1)); got == first {
			t.Errorf("%q does not change it", e)
		}
	}
}
