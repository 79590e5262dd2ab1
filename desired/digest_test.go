package desired

import (
	"strings"
	"testing"

	"github.com/quorate/quorate/examples"
)

func TestAnAnswerToDriftIsNoNewManifest(t *testing.T) {
	of := func(annotations string) Cluster {
		clusters, problems := Build([]File{{Name: "a.yaml", Data: []byte(strings.Replace(string(examples.HA), "name: ha.example.com\n", "name: ha.example.com\n"+annotations, 1))}})
		if len(clusters) != 1 {
			t.Fatalf("%d clusters: %v", len(clusters), problems)
		}
		return clusters[0]
	}
	none := of("")
	for annotations, c := range map[string]struct {
		answer string
		asNone bool
	}{
		"  annotations: {quorate.dev/correct-drift: \"0123456789ab\"}\n":                              {"0123456789ab", true},
		"  annotations: {quorate.dev/correct-drift: \" fedcba987654 \"}\n":                            {"fedcba987654", true},
		"  annotations: {quorate.dev/correct-drift: please}\n":                                        {"", false},
		"  annotations: {quorate.dev/correct-drift: \"0123456789ab\", quorate.dev/resume: seen it}\n": {"0123456789ab", false},
	} {
		c2 := of(annotations)
		if c2.Policy.Answer != c.answer || (c2.Unanswered == none.Unanswered) != c.asNone || c2.Digest == none.Digest {
			t.Errorf("%s: answer %q, as without: %t, the same digest: %t", annotations, c2.Policy.Answer, c2.Unanswered == none.Unanswered, c2.Digest == none.Digest)
		}
	}
	if none.Unanswered != none.Digest {
		t.Error("without an answer there are two digests")
	}
}

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
