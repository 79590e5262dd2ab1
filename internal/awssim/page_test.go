package awssim

import (
	"slices"
	"testing"
)

func TestPagesCoverTheListOnceEvenWhileItChanges(t *testing.T) {
	list := []string{"a", "b", "c", "d", "e"}
	self := func(s string) string { return s }
	two := 2
	var seen []string
	p := paging{MaxResults: &two}
	for {
		cut, next, err := page(list, self, p, 100)
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, cut...)
		if next == "" {
			break
		}
		p.NextToken = next
		list = slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == "a" }) // already given
	}
	if want := []string{"a", "b", "c", "d", "e"}; !slices.Equal(seen, want) {
		t.Errorf("saw %q, want %q", seen, want)
	}
}

func TestBrokenPagingIsRefused(t *testing.T) {
	zero := 0
	for _, p := range []paging{{MaxResults: &zero}, {NextToken: "%"}} {
		if _, _, err := page([]string{"a"}, func(s string) string { return s }, p, 100); err == nil {
			t.Errorf("%+v was accepted", p)
		}
	}
}
