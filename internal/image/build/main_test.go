package main

import (
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/quorate/quorate/internal/image"
)

func TestWhatIsLeftInTheFolderIsWhatIsPushed(t *testing.T) {
	t.Setenv("DOCKER_CONFIG", t.TempDir()) // nobody's logins
	module := t.TempDir()
	if err := errors.Join(
		os.MkdirAll(filepath.Join(module, "cmd", "quorate"), 0o700),
		os.WriteFile(filepath.Join(module, "go.mod"), []byte("module example.com/small\n\ngo 1.26.0\n"), 0o600),
		os.WriteFile(filepath.Join(module, "cmd", "quorate", "main.go"), []byte("package main\n\nfunc main() {}\n"), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(registry.New())
	defer server.Close()
	o := order{
		module: module, platforms: "linux/amd64,linux/arm64", out: filepath.Join(t.TempDir(), "image"),
		push:    strings.TrimPrefix(server.URL, "http://") + "/acme/quorate:1.2.3",
		release: image.Release{Version: "1.2.3", Created: time.Unix(1, 0)},
	}
	if err := o.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	index, err := layout.ImageIndexFromPath(o.out)
	if err != nil {
		t.Fatal(err)
	}
	left, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	ref, err := name.ParseReference(o.push)
	if err != nil {
		t.Fatal(err)
	}
	pushed, err := remote.Head(ref)
	if err != nil {
		t.Fatal(err)
	}
	if left.Manifests[0].Digest != pushed.Digest {
		t.Errorf("%s is in the folder, and %s in the registry", left.Manifests[0].Digest, pushed.Digest)
	}
}

func TestAPlatformThatGoDoesNotKnowIsSaidSo(t *testing.T) {
	o := order{module: t.TempDir(), platforms: "linux/abacus", out: filepath.Join(t.TempDir(), "image")}
	if err := o.run(t.Context()); err == nil || !strings.Contains(err.Error(), "compile for linux/abacus") {
		t.Error(err)
	}
	if _, err := os.Stat(o.out); err == nil {
		t.Error("something was left")
	}
}
