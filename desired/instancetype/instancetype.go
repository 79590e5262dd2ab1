package instancetype

import (
	_ "embed"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A Type is what AWS sells under one name.
type Type struct {
	Name string
	// Architectures are AWS's words, sorted: "arm64", "i386", "x86_64", and "arm64_mac" or "x86_64_mac"
	// for machines that only run macOS.
	Architectures []string
	VCPUs         int
	MemoryMiB     int
	// GPUs counts graphics processors; other accelerators are not counted.
	GPUs int
	// Nitro is true of types on the Nitro hypervisor, and of bare metal, which has none.
	Nitro     bool
	BareMetal bool
	// Burstable types earn CPU credits while they idle.
	Burstable bool
	// Interfaces is how many network interfaces a machine can have, and AddressesEach how many private
	// IPv4 addresses each of them.
	Interfaces    int
	AddressesEach int
}

// Runs reports whether an image of that architecture starts on the type.
func (t Type) Runs(architecture string) bool { return slices.Contains(t.Architectures, architecture) }

//go:embed types.csv
var table string

// all are the types of the table, sorted by name.
var all = sync.OnceValue(func() []Type {
	var types []Type
	for line := range strings.Lines(table) {
		if strings.HasPrefix(line, "#") || strings.HasPrefix(line, Columns[0]+",") {
			continue
		}
		t, err := parse(strings.TrimSpace(line))
		if err != nil {
			panic("types.csv is part of this program: " + err.Error())
		}
		types = append(types, t)
	}
	slices.SortFunc(types, func(a, b Type) int { return strings.Compare(a.Name, b.Name) })
	return types
})

// All lists every type, sorted by name.
func All() iter.Seq[Type] { return slices.Values(all()) }

// Find returns the type of a name, such as "m5.large".
func Find(name string) (Type, bool) {
	i, found := slices.BinarySearchFunc(all(), name, func(t Type, name string) int { return strings.Compare(t.Name, name) })
	if !found {
		return Type{}, false
	}
	return all()[i], true
}

// Columns are the columns of types.csv, whose lines [Type.Line] writes.
var Columns = []string{"type", "architectures", "vcpus", "memory-mib", "gpus", "nitro", "bare-metal", "burstable", "interfaces", "addresses-each"}

// Line is the type as a line of types.csv, without the line's end.
func (t Type) Line() string {
	return strings.Join([]string{
		t.Name, strings.Join(t.Architectures, " "), strconv.Itoa(t.VCPUs), strconv.Itoa(t.MemoryMiB), strconv.Itoa(t.GPUs),
		flag(t.Nitro), flag(t.BareMetal), flag(t.Burstable), strconv.Itoa(t.Interfaces), strconv.Itoa(t.AddressesEach),
	}, ",")
}

func flag(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// parse reads what [Type.Line] wrote.
func parse(line string) (Type, error) {
	fields := strings.Split(line, ",")
	if len(fields) != len(Columns) {
		return Type{}, fmt.Errorf("%q has %d columns, and should have %d", line, len(fields), len(Columns))
	}
	numbers := make([]int, len(fields))
	for i := 2; i < len(fields); i++ {
		n, err := strconv.Atoi(fields[i])
		if err != nil {
			return Type{}, fmt.Errorf("%q: column %s: %w", line, Columns[i], err)
		}
		numbers[i] = n
	}
	return Type{
		Name: fields[0], Architectures: strings.Fields(fields[1]),
		VCPUs: numbers[2], MemoryMiB: numbers[3], GPUs: numbers[4],
		Nitro: numbers[5] == 1, BareMetal: numbers[6] == 1, Burstable: numbers[7] == 1,
		Interfaces: numbers[8], AddressesEach: numbers[9],
	}, nil
}
