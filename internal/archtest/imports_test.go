package archtest

import (
	"errors"
	"go/build"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/quorate/quorate/"

// root is the module's folder, seen from this package.
const root = "../.."

// packageImports maps each package of the module, by its path below it, to what it imports as
// the product is built: tests may import what they like.
func packageImports(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	err := filepath.WalkDir(root, func(dir string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if dir != root && outside(dir) {
			return filepath.SkipDir
		}
		p, err := build.ImportDir(dir, 0)
		if _, empty := errors.AsType[*build.NoGoError](err); empty {
			return nil
		}
		name, relErr := filepath.Rel(root, dir)
		all[filepath.ToSlash(name)] = p.Imports
		return errors.Join(err, relErr)
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 2 {
		t.Fatalf("found %d packages, so there is nothing this test could find out", len(all))
	}
	return all
}

// outside folders hold no package of this module: the go command skips the same ones.
func outside(dir string) bool {
	name := filepath.Base(dir)
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return name == "testdata" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || err == nil
}

// covers says whether a list of packages and patterns names the package.
func covers(list []string, pkg string) bool {
	return slices.ContainsFunc(list, func(entry string) bool {
		if below, ok := strings.CutSuffix(entry, "/..."); ok {
			return pkg == below || strings.HasPrefix(pkg, below+"/")
		}
		return pkg == entry
	})
}

// violations lists what is wrong with one package's imports.
func violations(pkg string, imports []string) []string {
	r, known := table[pkg]
	if !known {
		return []string{"package " + pkg + " has no row in internal/archtest/table_test.go: write down what it may import, and why"}
	}
	var wrong []string
	for _, path := range imports {
		inside, ours := strings.CutPrefix(path, module)
		switch {
		case ours && !covers(r.imports, inside):
			wrong = append(wrong, pkg+" must not import "+inside+": "+r.why)
		case !ours && strings.Contains(path, ".") && slices.Contains(pure, pkg):
			wrong = append(wrong, pkg+" must not import "+path+": it imports only the standard library")
		}
		for _, o := range outsiders {
			if strings.HasPrefix(path, o.prefix) && !covers(o.users, pkg) {
				wrong = append(wrong, pkg+" must not import "+path+": "+o.why)
			}
		}
	}
	return wrong
}

func TestPackagesImportOnlyWhatTheTableAllows(t *testing.T) {
	for name, imports := range packageImports(t) {
		for _, wrong := range violations(name, imports) {
			t.Error(wrong)
		}
	}
}

func TestTheTableNoticesWhatItIsFor(t *testing.T) {
	for name, c := range map[string]struct {
		pkg, imports string
		wrong        string // part of the message; empty if the import is fine
	}{
		"a new package":                 {"brandnew", "fmt", "has no row"},
		"a stage imports a stage":       {"desired", module + "actual", "desired must not import actual: it is a function"},
		"a stage imports the loop":      {"diff", module + "sync", "diff must not import sync"},
		"a subfolder imports its stage": {"apply/order", module + "apply", "apply/order must not import apply"},
		"apply reads a plan":            {"apply", module + "diff", ""},
		"sync joins the stages":         {"sync", module + "diff/render", ""},
		"a pattern is no prefix":        {"sync", module + "diffuse", "sync must not import diffuse"},
		"the model uses a library":      {"topology", "golang.org/x/exp/maps", "only the standard library"},
		"the model uses the standard":   {"topology", "net/netip", ""},
		"AWS types in the middle":       {"diff", "github.com/aws/aws-sdk-go-v2/service/ec2/types", "stay at the edges"},
		"a second package talks Git":    {"sync", "github.com/go-git/go-git/v5", "only one package talks Git"},
	} {
		t.Run(name, func(t *testing.T) {
			got := strings.Join(violations(c.pkg, []string{c.imports}), "\n")
			if (c.wrong == "") != (got == "") || !strings.Contains(got, c.wrong) {
				t.Errorf("violations = %q, want %q", got, c.wrong)
			}
		})
	}
}

func TestEveryRowSaysWhy(t *testing.T) {
	for name, r := range table {
		if r.why == "" {
			t.Errorf("the row of %s has no reason", name)
		}
	}
}
