package desired

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/quorate/quorate/desired/kopsspec"
)

// The limits of AWS for tags (Tagging AWS Resources User Guide, "Tag naming limits and requirements").
const (
	maxTags     = 50
	maxTagKey   = 128
	maxTagValue = 256
)

// tagRule asks of cloudLabels what AWS asks of tags. On machines the cluster's labels and those of the
// group come together, with those that kops writes itself.
func tagRule(m manifest, r *report) {
	checkTags(r, m.Source, m.Spec.CloudLabels)
	for _, g := range m.groups {
		checkTags(r, g.Source, g.Spec.CloudLabels)
		if n := len(m.machineTags(g)); n > maxTags {
			r.errorf(m.Source, "spec.cloudLabels", "AWS takes at most %d tags, and the machines of group %s would have %d; remove some of cloudLabels or nodeLabels", maxTags, g.Name(), n)
			return
		}
	}
}

func checkTags(r *report, s kopsspec.Source, labels map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		switch path := entry("spec.cloudLabels", key); {
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			r.errorf(s, path, "AWS keeps the keys that begin with aws: to itself; choose another one")
		case utf8.RuneCountInString(key) > maxTagKey:
			r.errorf(s, path, "a key has at most %d characters; shorten it", maxTagKey)
		case utf8.RuneCountInString(labels[key]) > maxTagValue:
			r.errorf(s, path, "a value has at most %d characters; shorten it", maxTagValue)
		}
	}
}
