package topology_test

import (
	"testing"

	"github.com/quorate/quorate/topology"
)

// The names are what kops 1.37 made of these clusters.
func TestNamesAreShortenedAsKopsDoes(t *testing.T) {
	const long = "this.is.truly.a.really.really.really.really.really.long.cluster-name.minimal.example.com"
	for text, want := range map[string]string{
		"masters.ha.example.com": "masters.ha.example.com",
		"masters." + long:        "masters.this.is.truly.a.really.really.really.really.reall-g6fsnu",
		"nodes." + long:          "nodes.this.is.truly.a.really.really.really.really.really.-d86ibl",
	} {
		if got := topology.IAMName(text); got != want {
			t.Errorf("IAMName(%q) = %q, want %q", text, got, want)
		}
	}
	for got, want := range map[string]string{
		topology.TerminationQueueName("ha.example.com"):          "ha-example-com-nth",
		topology.TerminationQueueName(long):                      "this-is-truly-a-really-really-really-really-really-long-cluster-name-ueip1f-nth",
		topology.EventRuleName("ha.example.com", "ASGLifecycle"): "ha.example.com-ASGLifecycle",
		topology.EventRuleName(long, "ASGLifecycle"):             "this.is.truly.a.really.really.rea-cbmd7d-ASGLifecycle",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if got, want := topology.HashedName("api-privatecalico-example-com", 32), "api-privatecalico-example-0uch4k"; got != want {
		t.Errorf("HashedName = %q, want %q", got, want)
	}
}
