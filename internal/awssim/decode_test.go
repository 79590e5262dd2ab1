package awssim

import (
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type decoded struct {
	Name    string
	Count   *int
	On      bool
	Ratio   float64
	Blob    []byte
	At      time.Time
	List    []string `wire:"Item"`
	Nested  *struct{ Inner string }
	Objects []struct {
		Key    string
		Values []int `wire:"Value"`
	} `wire:"Object"`
	embedded
}

type embedded struct{ Deep string }

func TestParametersAreDecodedByName(t *testing.T) {
	two := 2
	for _, c := range []struct {
		name string
		form string
		want decoded
	}{
		{"scalars", "Name=a&Count=2&On=true&Ratio=0.5", decoded{Name: "a", Count: &two, On: true, Ratio: 0.5}},
		{"nothing sent leaves pointers nil", "", decoded{}},
		{"base64 and time", "Blob=aGk%3D&At=2026-08-01T12:00:00Z", decoded{Blob: []byte("hi"), At: time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)}},
		{"lists in the order of their numbers", "Item.2=b&Item.10=c&Item.1=a", decoded{List: []string{"a", "b", "c"}}},
		{"lists of the query protocol", "Item.member.1=a&Item.member.2=b", decoded{List: []string{"a", "b"}}},
		{"an empty list of the query protocol", "Item=", decoded{}},
		{"structures", "Nested.Inner=x", decoded{Nested: &struct{ Inner string }{"x"}}},
		{"embedded structures are inlined", "Deep=x", decoded{embedded: embedded{"x"}}},
		{"lists in lists", "Object.1.Key=k&Object.1.Value.1=7&Object.1.Value.2=8", decoded{Objects: []struct {
			Key    string
			Values []int `wire:"Value"`
		}{{"k", []int{7, 8}}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			form, err := url.ParseQuery(c.form)
			if err != nil {
				t.Fatal(err)
			}
			var got decoded
			if err := decodeForm(form, &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(decoded{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParametersNobodyTakesAreRefused(t *testing.T) {
	for _, c := range []struct{ name, form, code string }{
		{"an unknown name", "Nam=a", "UnknownParameter"},
		{"an unknown name within", "Nested.Outer=a", "UnknownParameter"},
		{"a list entry that is no number", "Item.first=a", "UnknownParameter"},
		{"a number that is none", "Count=two", "InvalidParameterValue"},
		{"a flag that is none", "On=perhaps", "InvalidParameterValue"},
		{"broken base64", "Blob=%25", "InvalidParameterValue"},
		{"a time that is none", "At=noon", "InvalidParameterValue"},
		{"a structure where a value belongs", "Name.First=a", "InvalidParameterValue"},
	} {
		t.Run(c.name, func(t *testing.T) {
			form, err := url.ParseQuery(c.form)
			if err != nil {
				t.Fatal(err)
			}
			got := decodeForm(form, &decoded{})
			if got == nil || asAPIError(got).Code != c.code {
				t.Errorf("got %v, want %s", got, c.code)
			}
		})
	}
}

func FuzzDecodeForm(f *testing.F) {
	f.Add("Item.1=a&Object.1.Value.2=3&Nested.Inner=x")
	f.Fuzz(func(t *testing.T, s string) {
		form, err := url.ParseQuery(s)
		if err != nil {
			t.Skip()
		}
		// Whatever comes in, it is decoded or refused.
		if err := decodeForm(form, &decoded{}); err != nil && asAPIError(err).Status >= 500 {
			t.Errorf("internal error: %v", err)
		}
	})
}
