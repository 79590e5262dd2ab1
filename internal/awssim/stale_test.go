package awssim

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCloneSharesNothing(t *testing.T) {
	type thing struct {
		Block netip.Prefix
		List  []int
		Map   map[string]*int
		Self  *thing
	}
	n := 1
	original := &thing{netip.MustParsePrefix("10.0.0.0/8"), []int{1}, map[string]*int{"a": &n}, &thing{List: []int{2}}}
	copied := clone(original)
	compare := cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })
	if diff := cmp.Diff(original, copied, compare); diff != "" {
		t.Fatal(diff)
	}
	copied.List[0], *copied.Map["a"], copied.Self.List[0] = 9, 9, 9
	if original.List[0] != 1 || n != 1 || original.Self.List[0] != 2 {
		t.Errorf("the original changed: %+v", original)
	}
	if c := clone(&thing{}); c.Map != nil || c.List != nil {
		t.Errorf("nil came back as something: %+v", c)
	}
}
