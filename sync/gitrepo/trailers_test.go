package gitrepo

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTrailersAreTheLastParagraphAndNothingElse(t *testing.T) {
	for name, c := range map[string]struct {
		message string
		want    Trailers
	}{
		"one":                         {"Roll\n\nQuorate-Override: it burns\n", Trailers{{"Quorate-Override", "it burns"}}},
		"several, one of them folded": {"Roll\n\nWhy.\n\nSigned-off-by: Ann <ann@example.com>\nQuorate-Override: it\n  burns\n", Trailers{{"Signed-off-by", "Ann <ann@example.com>"}, {"Quorate-Override", "it burns"}}},
		"other ends of lines":         {"Roll\r\n\r\nQuorate-Override: it burns\r\n", Trailers{{"Quorate-Override", "it burns"}}},
		"the subject is none":         {"Quorate-Override: it burns\n", nil},
		"in the midst of the text":    {"Roll\n\nQuorate-Override: it burns\n\nThat is the trailer to use.\n", nil},
		"among prose":                 {"Roll\n\nPeople write\nQuorate-Override: it burns\n", nil},
		"quoted":                      {"Revert\n\n> Quorate-Override: it burns\n", nil},
		"without any text":            {"", nil},
	} {
		if d := cmp.Diff(c.want, trailers(c.message)); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

func TestTheNameOfATrailerIsReadInAnyCase(t *testing.T) {
	said := trailers("Roll\n\nquorate-override: it burns\n")
	if got := said.Get("Quorate-Override"); got != "it burns" {
		t.Errorf("got %q", got)
	}
	if got := said.Get("Quorate-Overrid"); got != "" {
		t.Errorf("another name has %q", got)
	}
}
