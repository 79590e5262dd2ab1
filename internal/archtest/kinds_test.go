package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// stages are the packages in which each kind has a file of its name; those with a table have a
// row for it in their kinds.go, too.
var stages = []struct {
	dir   string
	table bool
}{
	{"topology", false},
	{"desired", true},
	{"actual", true},
	{"diff", true},
	{"internal/awssim", false},
	{"apply", true},
	{"internal/terraform", true},
}

func parse(t *testing.T, name string) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, name), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// kinds are the names that the function topology.Kinds returns, without the Kind in front.
func kinds(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, d := range parse(t, "topology/kind.go").Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Name.Name != "Kinds" {
			continue
		}
		ast.Inspect(f.Body, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && strings.HasPrefix(id.Name, "Kind") && id.Name != "Kind" {
				names = append(names, strings.TrimPrefix(id.Name, "Kind"))
			}
			return true
		})
	}
	if len(names) == 0 {
		t.Fatal("topology.Kinds lists nothing")
	}
	return names
}

// tableKeys are the kinds that are keys of a map literal in the file.
func tableKeys(file *ast.File) map[string]bool {
	found := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		pair, ok := n.(*ast.KeyValueExpr)
		if !ok {
			return true
		}
		if sel, ok := pair.Key.(*ast.SelectorExpr); ok && strings.HasPrefix(sel.Sel.Name, "Kind") {
			found[strings.TrimPrefix(sel.Sel.Name, "Kind")] = true
		}
		return true
	})
	return found
}

func TestEveryKindHasItsFileAndItsRowInEveryStage(t *testing.T) {
	all := kinds(t)
	for _, stage := range stages {
		for _, kind := range all {
			file := stage.dir + "/" + strings.ToLower(kind) + ".go"
			if _, err := os.Stat(filepath.Join(root, file)); err != nil {
				t.Errorf("the kind %s has no %s", kind, file)
			}
		}
		if !stage.table {
			continue
		}
		rows := tableKeys(parse(t, stage.dir+"/kinds.go"))
		for _, kind := range all {
			if !rows[kind] {
				t.Errorf("the kind %s has no row in %s/kinds.go", kind, stage.dir)
			}
		}
	}
}
