package apply

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

func TestTagChangeSetsDropsAndLeavesAWSsOwnAlone(t *testing.T) {
	want := aVolume()
	want.Tags = topology.Tags{"Name": "new", "kept": "same", "aws:wanted": "no"}
	change := diff.Change{Want: want}
	for _, path := range []string{"tags[Name]", "tags[stray]", "tags[another]", "tags[aws:wanted]", "tags[aws:autoscaling:groupName]", "sizeGiB"} {
		change.Fields = append(change.Fields, diff.FieldChange{Path: path})
	}
	got := tagChangeOf(change)
	if diff := cmp.Diff(topology.Tags{"Name": "new"}, got.set); diff != "" {
		t.Errorf("set (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"another", "stray"}, got.drop); diff != "" {
		t.Errorf("drop (-want +got):\n%s", diff)
	}
}

// Two equal calls must be equal requests: a client token stands for both.
func TestTagsAreWrittenInOneOrder(t *testing.T) {
	var keys []string
	for _, tag := range ec2Tags(topology.Tags{"b": "", "d": "", "a": "", "c": ""}) {
		keys = append(keys, *tag.Key)
	}
	if diff := cmp.Diff([]string{"a", "b", "c", "d"}, keys); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}
