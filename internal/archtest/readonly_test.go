package archtest

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// isRead is how AWS names calls that change nothing.
func isRead(call string) bool {
	return slices.ContainsFunc([]string{"Describe", "Get", "List", "Lookup"}, func(verb string) bool {
		return strings.HasPrefix(call, verb)
	})
}

// writes finds what could change AWS in one file: methods of interfaces that take the input of a
// call and are not named like a read, and inputs of such calls anywhere. No SDK call can be made
// without naming its input, so the second finds what a concrete client would allow.
func writes(file *ast.File) (calls int, found []string) {
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.InterfaceType:
			for _, m := range n.Methods.List {
				if f, ok := m.Type.(*ast.FuncType); ok && takesInput(f) {
					calls++
					if name := m.Names[0].Name; !isRead(name) {
						found = append(found, "the method "+name)
					}
				}
			}
		case *ast.SelectorExpr:
			if strings.HasSuffix(n.Sel.Name, "Input") && !isRead(n.Sel.Name) {
				found = append(found, fmt.Sprintf("the input %s.%s", n.X, n.Sel.Name))
			}
		}
		return true
	})
	return calls, found
}

func takesInput(f *ast.FuncType) bool {
	return slices.ContainsFunc(f.Params.List, func(p *ast.Field) bool {
		star, ok := p.Type.(*ast.StarExpr)
		if !ok {
			return false
		}
		sel, ok := star.X.(*ast.SelectorExpr)
		return ok && strings.HasSuffix(sel.Sel.Name, "Input")
	})
}

func TestDiscoveryCannotWrite(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "actual", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	vitals, err := filepath.Glob(filepath.Join(root, "actual", "vitals", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	history, err := filepath.Glob(filepath.Join(root, "actual", "history", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	files = append(append(files, vitals...), history...)
	all := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		calls, found := writes(file)
		all += calls
		for _, what := range found {
			t.Errorf("%s: %s: discovery only makes calls that start with Describe, Get, List or Lookup", filepath.Base(name), what)
		}
	}
	if all == 0 {
		t.Error("actual declares no call to AWS, so its names prove nothing")
	}
}

// wet finds inputs of mutating calls that would change something: those that are not written out with
// DryRun, whose value is one that the package's own tests see on the wire. Named in a signature they do
// nothing.
func wet(file *ast.File) (dry int, found []string) {
	harmless := map[*ast.SelectorExpr]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.StarExpr:
			if sel, ok := n.X.(*ast.SelectorExpr); ok {
				harmless[sel] = true
			}
		case *ast.CompositeLit:
			if sel, ok := n.Type.(*ast.SelectorExpr); ok && saysDryRun(n) {
				harmless[sel] = true
				dry++
			}
		case *ast.SelectorExpr:
			if strings.HasSuffix(n.Sel.Name, "Input") && !isRead(n.Sel.Name) && !harmless[n] {
				found = append(found, fmt.Sprintf("the input %s.%s", n.X, n.Sel.Name))
			}
		}
		return true
	})
	return dry, found
}

// saysDryRun reports whether a literal has the field with the package's constant answer.
func saysDryRun(lit *ast.CompositeLit) bool {
	return slices.ContainsFunc(lit.Elts, func(e ast.Expr) bool {
		kv, ok := e.(*ast.KeyValueExpr)
		if !ok {
			return false
		}
		key, isName := kv.Key.(*ast.Ident)
		value, isConstant := kv.Value.(*ast.Ident)
		return isName && isConstant && key.Name == "DryRun" && value.Name == "dry"
	})
}

func TestThePreflightOnlyMakesDryRuns(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "actual", "preflight", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	all := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		dry, found := wet(file)
		all += dry
		for _, what := range found {
			t.Errorf("%s: %s: the preflight writes DryRun: dry into every input of a mutating call", filepath.Base(name), what)
		}
	}
	if all == 0 {
		t.Error("actual/preflight makes no dry run, so its inputs prove nothing")
	}
}

func TestAWetInputInThePreflightWouldBeFound(t *testing.T) {
	for source, want := range map[string]int{
		"func f(*ec2.DeleteVpcInput) {}":                  0,
		"var x = &ec2.DescribeVpcsInput{}":                0,
		"var x = &ec2.DeleteVpcInput{DryRun: dry}":        0,
		"var x = &ec2.DeleteVpcInput{}":                   1,
		"var x = &ec2.DeleteVpcInput{DryRun: maybe()}":    1,
		"var x ec2.DeleteVpcInput":                        1,
		"var x = new(ec2.DeleteVpcInput)":                 1,
		"type T struct{ ec2.DeleteVpcInput }":             1,
		"var x = []ec2.DeleteVpcInput{{VpcId: wherever}}": 1,
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "x.go", "package preflight\n"+source, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, found := wet(file); len(found) != want {
			t.Errorf("%s: found %q", source, found)
		}
	}
}

func TestAWriteInDiscoveryWouldBeFound(t *testing.T) {
	const reader = `package actual
type subnetReader interface {
	DescribeSubnets(context.Context, *ec2.DescribeSubnetsInput, ...func(*ec2.Options)) (*ec2.DescribeSubnetsOutput, error)
}
`
	for name, c := range map[string]struct{ source, want string }{
		"a reader":              {reader, ""},
		"a method that deletes": {strings.ReplaceAll(reader, "DescribeSubnets", "DeleteSubnet"), "the method DeleteSubnet"},
		"a write named as read": {strings.Replace(reader, "*ec2.DescribeSubnetsInput", "*ec2.DeleteSubnetInput", 1), "the input ec2.DeleteSubnetInput"},
		"a concrete client":     {reader + "func f(c *ec2.Client) { c.DeleteVpc(nil, &ec2.DeleteVpcInput{}) }", "the input ec2.DeleteVpcInput"},
	} {
		t.Run(name, func(t *testing.T) {
			file, err := parser.ParseFile(token.NewFileSet(), "x.go", c.source, 0)
			if err != nil {
				t.Fatal(err)
			}
			calls, found := writes(file)
			got := strings.Join(found, "\n")
			if calls != 1 || (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
				t.Errorf("%d calls, found %q; want %q", calls, got, c.want)
			}
		})
	}
}
