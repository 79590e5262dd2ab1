package instancetype

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTypesAreWhatAWSDocuments(t *testing.T) {
	for _, want := range []Type{
		{Name: "m5.large", Architectures: []string{"x86_64"}, VCPUs: 2, MemoryMiB: 8192, Nitro: true, Interfaces: 3, AddressesEach: 10},
		{Name: "t4g.nano", Architectures: []string{"arm64"}, VCPUs: 2, MemoryMiB: 512, Nitro: true, Burstable: true, Interfaces: 2, AddressesEach: 2},
		{Name: "g4dn.12xlarge", Architectures: []string{"x86_64"}, VCPUs: 48, MemoryMiB: 196608, GPUs: 4, Nitro: true, Interfaces: 8, AddressesEach: 30},
		{Name: "c6g.metal", Architectures: []string{"arm64"}, VCPUs: 64, MemoryMiB: 131072, Nitro: true, BareMetal: true, Interfaces: 15, AddressesEach: 50},
		{Name: "t2.medium", Architectures: []string{"i386", "x86_64"}, VCPUs: 2, MemoryMiB: 4096, Burstable: true, Interfaces: 3, AddressesEach: 6},
	} {
		got, found := Find(want.Name)
		if d := cmp.Diff(want, got); !found || d != "" {
			t.Errorf("%s: found %v\n%s", want.Name, found, d)
		}
	}
}

func TestTheListSaysWhereItIsFrom(t *testing.T) {
	head, _, _ := strings.Cut(table, "\n"+Columns[0])
	for _, word := range []string{"regions sell", " on 20", "make instance-types"} {
		if !strings.Contains(head, word) {
			t.Errorf("the head %q does not say %q", head, word)
		}
	}
}

func TestEveryLineIsWhatItWasReadFrom(t *testing.T) {
	_, lines, _ := strings.Cut(table, strings.Join(Columns, ",")+"\n")
	var again strings.Builder
	for typ := range All() {
		again.WriteString(typ.Line() + "\n")
		if len(typ.Architectures) == 0 || typ.VCPUs < 1 || typ.MemoryMiB < 1 {
			t.Errorf("no machine is like this: %+v", typ)
		}
	}
	if d := cmp.Diff(lines, again.String()); d != "" {
		t.Errorf("%s", d)
	}
}

func TestAllNamesOfAWSArePlausible(t *testing.T) {
	for name := range Names {
		if !Plausible(name) {
			t.Errorf("%s exists", name)
		}
	}
}

func TestNamesAreToldApartByTheirForm(t *testing.T) {
	for name, want := range map[string]bool{
		"m19i.large": true, "c9gd-flex.4xlarge": true, "u9i-64tb.224xlarge": true, "p7-b900.48xlarge": true, "g3s.xlarge": true,
		"large": false, "m5": false, "m5.lagre": false, "m5.tiny": false, "M5.large": false, "": false,
		"m5.large,m5.xlarge": false, "m5 .large": false, "m.large": false, "5m.large": false, "m5.large ": false, ".": false,
	} {
		if got := Plausible(name); got != want {
			t.Errorf("Plausible(%q) = %v", name, got)
		}
	}
}

func TestNamesAreSortedSoThatTheyAreFound(t *testing.T) {
	if !slices.IsSorted(slices.Collect(Names)) {
		t.Error("the names are not sorted")
	}
	if _, found := Find("m5.tiny"); found {
		t.Error("found a type that does not exist")
	}
}
