package archtest

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPrivateKeysAreOpenedInOnePlace finds every mention of the function that opens private keys.
func TestPrivateKeysAreOpenedInOnePlace(t *testing.T) {
	const opens = "ReadPrivateKeyset("
	mentions := map[string]int{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && path != root && outside(path) {
			return filepath.SkipDir
		}
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		mentions[filepath.ToSlash(filepath.Dir(path))] += strings.Count(string(text), opens)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for dir, n := range mentions {
		allowed := strings.HasSuffix(dir, "internal/kopsstore") || strings.HasSuffix(dir, "internal/kopskeys")
		if n > 0 && !allowed {
			t.Errorf("%s opens private keys; only internal/kopskeys may", dir)
		}
	}
	if mentions["../../internal/kopskeys"] != 1 {
		t.Errorf("internal/kopskeys opens private keys in %d places, so this test finds nothing", mentions["../../internal/kopskeys"])
	}
}
