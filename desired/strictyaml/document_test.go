package strictyaml

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/quorate/quorate/desired/kopsspec"
)

type settings struct {
	Name string   `yaml:"name"`
	At   int      `yaml:"at"`
	On   []string `yaml:"on"`
	Each map[string]struct {
		Size int `yaml:"size"`
	} `yaml:"each"`
}

// read is what an author is told.
func read(text string) (settings, string) {
	var s settings
	d, problems := Parse("f.yaml", []byte(text))
	if len(problems) == 0 {
		problems = d.Decode(&s)
	}
	var told []string
	for _, p := range problems {
		told = append(told, p.String())
	}
	return s, strings.Join(told, "\n")
}

func TestWhatCannotBeReadIsToldWithItsPlace(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"good":             {"name: x\nat: 1\non: [a]\n", ""},
		"with aliases":     {"name: &x x\non: [*x, *x]\n", ""},
		"empty":            {"", "f.yaml:1:1: it is empty"},
		"only a remark":    {"# nothing\n", "f.yaml:1:1: it is empty"},
		"no YAML":          {"name: x\non: [\n", "f.yaml:3:1: it cannot be read as YAML: did not find expected node content"},
		"no such anchor":   {"name: x\non: *y\n", "f.yaml:2:5: it cannot be read as YAML: unknown anchor 'y' referenced"},
		"an unknown field": {"name: x\ncall: y\n", `f.yaml:2:1: "call" is no field here`},
		"a key twice":      {"name: x\nat: 1\nname: y\n", `f.yaml:3:1: "name" is already written in line 1; keep one`},
		"a key twice below": {
			"each:\n  a: {size: 1}\n  a: {size: 2}\n", `f.yaml:3:3: "a" is already written in line 2; keep one`,
		},
		"a list as a key":    {"? [a]\n: 1\n", "f.yaml:1:3: a key must be one word"},
		"another type":       {"at: many\n", `f.yaml:1:5: a text, "many", does not belong here`},
		"a list":             {"- 1\n", "f.yaml:1:1: a list does not belong here"},
		"two documents":      {"name: x\n---\nname: y\n", "f.yaml:2:1: another document begins here; the file holds one"},
		"a broken second":    {"name: x\n---\nname: [\n", "f.yaml:4:1: it cannot be read as YAML: did not find expected node content"},
		"not UTF-8":          {"name: \xff\n", "f.yaml:1:1: it cannot be read as YAML: "},
		"two faults at once": {"call: y\nat: many\n", "f.yaml:1:1: \"call\" is no field here\nf.yaml:2:5: a text, \"many\", does not belong here"},
	} {
		if _, told := read(c.text); !strings.HasPrefix(told, c.want) || (c.want == "") != (told == "") {
			t.Errorf("%s: %q, want %q", name, told, c.want)
		}
	}
}

func TestAValueIsFoundByItsPath(t *testing.T) {
	text := "name: x\neach:\n  a: {size: 1}\n  a.example.com:\n    size: 2\non:\n- &it one\n- *it\nlong: |\n  text\n"
	d, problems := Parse("f.yaml", []byte(text))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for path, want := range map[string]string{
		"name": "1:7", "each.a.size": "3:13", "each.a.example.com.size": "5:11", "each.a.example.com.colour": "5:5", "each.b": "3:3",
		"on[0]": "7:3", "on[1]": "7:3", "on[7]": "7:1", "none": "1:1", "": "1:1", "name.x[3]": "1:7",
	} {
		p := d.Problem(path, "x")
		if got := fmt.Sprintf("%d:%d", p.Line, p.Column); got != want || p.Path != path {
			t.Errorf("%q is at %s, want %s", path, got, want)
		}
	}
	if inline, literal, none := d.Text("name"), d.Text("long"), d.Text("each.none"); inline != 1 || literal != 10 || none != 0 {
		t.Errorf("texts begin at %d, %d and %d", inline, literal, none)
	}
	section, ok := d.Section("each")
	if p := section.Problem("each.a.size", "x"); !ok || p.Line != 3 || p.Column != 13 {
		t.Errorf("in a section: %+v", p)
	}
	if _, ok := d.Section("nothing"); ok {
		t.Error("a section that is not there was found")
	}
}

// bombs are of less than a megabyte each, and cost a careless reader gigabytes or minutes.
func bombs() map[string]struct{ text, want string } {
	laughs := "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
	for i := range 11 {
		laughs += fmt.Sprintf("a%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i), 10), ","))
	}
	var keys, anchors, stairs strings.Builder
	anchors.WriteString("a: [")
	for i := 0; keys.Len() < MaxBytes-20; i++ {
		fmt.Fprintf(&keys, "k%x:\n", i)
	}
	for i := 0; anchors.Len() < MaxBytes-40; i++ {
		fmt.Fprintf(&anchors, "&k%x x,", i)
	}
	for i := range 1400 {
		stairs.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	const values, deep = "more than 20000 values", "max depth of 64"
	return map[string]struct{ text, want string }{
		"a billion laughs":          {laughs, values},
		"one list many times":       {"a: &a [" + strings.Repeat("x,", 100_000) + "]\nb: [" + strings.Repeat("*a,", 200_000) + "]\n", values},
		"an alias to itself":        {"a: &a [*a]\n", "f.yaml:1:"},
		"brackets":                  {"a: " + strings.Repeat("[", 500_000), deep},
		"braces":                    {strings.Repeat("{a: ", 200_000), deep},
		"stairs":                    {stairs.String(), deep},
		"many keys":                 {keys.String(), values},
		"one key many times":        {strings.Repeat("a:\n", 340_000), `f.yaml:2:1: "a" is already written`},
		"one huge key":              {"? " + strings.Repeat("k", 1000) + "\n: x\n", `"kkkkkkkkkk`},
		"a huge key over much":      {"? " + strings.Repeat("k", 500_000) + "\n: [" + strings.Repeat("x,", 100_000) + "]\n", "f.yaml:"},
		"many anchors":              {anchors.String() + "]\n", values},
		"many documents":            {strings.Repeat("---\n", 260_000), "another document begins here"},
		"a huge text":               {"call: " + strings.Repeat("x", MaxBytes-10), `"call" is no field here`},
		"a huge text of wrong type": {"at: " + strings.Repeat("x", MaxBytes-10), "does not belong here"},
		"a huge number":             {"at: " + strings.Repeat("9", MaxBytes-10), "does not belong here"},
		"binary":                    {"at: !!binary " + strings.Repeat("A", MaxBytes-20), "f.yaml:1:"},
		"too large":                 {"#" + strings.Repeat("x", MaxBytes), "the file has more than 1048576 bytes"},
	}
}

func TestABombIsRefusedWithItsPlaceInLittleMemory(t *testing.T) {
	for name, c := range bombs() {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, told := read(c.text)
		runtime.ReadMemStats(&after)
		if !strings.HasPrefix(told, "f.yaml:") || !strings.Contains(told, c.want) {
			t.Errorf("%s: %.300q, want %q", name, told, c.want)
		}
		// What is allocated in all bounds the time, too.
		if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 256 {
			t.Errorf("%s: %d MiB were allocated", name, used)
		}
		if len(told) > 4<<20 {
			t.Errorf("%s: told in %d bytes", name, len(told))
		}
	}
}

// FuzzParse holds that whatever is read has its place, and that what is taken is taken whole.
func FuzzParse(f *testing.F) {
	f.Add("name: x\nat: 1\non: [a]\n", "on[0]")
	f.Add("a: &a [*a]\nb: {<<: *a}\n", "a[0][0]")
	f.Add("? [a]\n: 1\n---\n", "..[")
	f.Fuzz(func(t *testing.T, text, path string) {
		d, problems := Parse("f.yaml", []byte(text))
		if len(problems) == 0 {
			var s settings
			problems = append(d.Decode(&s), d.Problem(path, "x"))
			d.Text(path)
			d.Section(path)
		}
		for _, p := range problems {
			if p.Line < 1 || p.Column < 1 || p.Severity != kopsspec.Error || p.Message == "" {
				t.Errorf("%+v", p)
			}
		}
	})
}
