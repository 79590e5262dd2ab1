package image

import (
	"archive/tar"
	"bytes"
	"crypto/x509"
	"debug/elf"
	"encoding/pem"
	"errors"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

var release = Release{Version: "1.2.3", Revision: "89e6c98d92887913cadf06b2adb97f26cde4849b", Created: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}

// small is a program that compiles in no time, in a module that lies somewhere else each time. With cgo it
// would be a dynamic one, as every program that asks who it is.
func small(t *testing.T) Source {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":           "module example.com/small\n\ngo 1.26.0\n",
		"cmd/small/run.go": "package main\n\nimport \"os/user\"\n\nvar version string\n\nfunc main() { println(user.Current()); println(version) }\n",
	} {
		file := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return Source{Dir: dir, Package: "./cmd/small", Version: release.Version}
}

// made is the image of a source for some platforms.
func made(t *testing.T, s Source, r Release, platforms ...string) v1.ImageIndex {
	t.Helper()
	binaries := map[string]string{}
	for _, p := range platforms {
		binaries[p] = filepath.Join(t.TempDir(), "program")
		if err := Compile(t.Context(), s, p, binaries[p]); err != nil {
			t.Fatal(err)
		}
	}
	index, err := Build(r, binaries)
	if err != nil {
		t.Fatal(err)
	}
	return index
}

var both = []string{"linux/amd64", "linux/arm64"}

// digest is the answer of a call that can fail.
func digest(t *testing.T, of interface{ Digest() (v1.Hash, error) }) v1.Hash {
	t.Helper()
	h, err := of.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// only is the image for the first platform.
func only(t *testing.T, index v1.ImageIndex) v1.Image {
	t.Helper()
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	one, err := index.Image(manifest.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	return one
}

func TestTheSameInputMakesTheSameImage(t *testing.T) {
	s := small(t)
	first := digest(t, made(t, s, release, both...))
	if again := digest(t, made(t, small(t), release, both...)); again != first {
		t.Errorf("made from another folder it is %s, not %s", again, first)
	}
	later := release
	later.Created = later.Created.Add(time.Hour)
	s.Version = "1.2.4"
	for what, other := range map[string]v1.ImageIndex{"another time": made(t, s, later, both...), "another program": made(t, s, release, both...)} {
		if digest(t, other) == first {
			t.Errorf("%s makes the same image", what)
		}
	}
}

func TestTheImageIsOneOfOCIForEachPlatform(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "image")
	if err := Write(folder, "1.2.3", made(t, small(t), release, both...)); err != nil {
		t.Fatal(err)
	}
	top, err := layout.ImageIndexFromPath(folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(top); err != nil {
		t.Error(err)
	}
	entry := manifests(t, top)[0]
	if entry.MediaType != types.OCIImageIndex || entry.Annotations["org.opencontainers.image.ref.name"] != "1.2.3" {
		t.Errorf("entry: %+v", entry)
	}
	index, err := top.ImageIndex(entry.Digest)
	if err != nil {
		t.Fatal(err)
	}
	var platforms []string
	for _, m := range manifests(t, index) {
		platforms = append(platforms, m.Platform.String())
		one, err := index.Image(m.Digest)
		if err != nil {
			t.Fatal(err)
		}
		saysWhatItIs(t, one, *m.Platform)
	}
	if !slices.Equal(platforms, both) {
		t.Errorf("platforms: %v", platforms)
	}
}

func manifests(t *testing.T, index v1.ImageIndex) []v1.Descriptor {
	t.Helper()
	m, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	return m.Manifests
}

func saysWhatItIs(t *testing.T, one v1.Image, platform v1.Platform) {
	t.Helper()
	c, err := one.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if c.OS != platform.OS || c.Architecture != platform.Architecture || !c.Created.Equal(release.Created) {
		t.Errorf("configuration: %s/%s of %s", c.OS, c.Architecture, c.Created)
	}
	if c.Config.User != "65532:65532" || !slices.Equal(c.Config.Entrypoint, []string{"/quorate"}) {
		t.Errorf("runs %v as %s", c.Config.Entrypoint, c.Config.User)
	}
	for label, want := range map[string]string{"version": release.Version, "revision": release.Revision, "created": "2026-03-01T12:00:00Z", "licenses": "Apache-2.0"} {
		if got := c.Config.Labels["org.opencontainers.image."+label]; got != want {
			t.Errorf("label %s is %q", label, got)
		}
	}
	m, err := one.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	if m.MediaType != types.OCIManifestSchema1 || m.Config.MediaType != types.OCIConfigJSON || m.Layers[0].MediaType != types.OCILayer {
		t.Errorf("media types: %s, %s, %s", m.MediaType, m.Config.MediaType, m.Layers[0].MediaType)
	}
}

func TestEachBinaryIsStaticAndOfItsPlatform(t *testing.T) {
	for platform, want := range map[string]elf.Machine{"linux/amd64": elf.EM_X86_64, "linux/arm64": elf.EM_AARCH64} {
		file := filepath.Join(t.TempDir(), "program")
		if err := Compile(t.Context(), small(t), platform, file); err != nil {
			t.Fatal(err)
		}
		binary, err := elf.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer binary.Close()
		if binary.Machine != want {
			t.Errorf("%s: the machine is %s", platform, binary.Machine)
		}
		if slices.ContainsFunc(binary.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
			t.Errorf("%s: it asks for a dynamic linker, which the image does not have", platform)
		}
	}
}

func TestOnlyAnImageIsOverwritten(t *testing.T) {
	folder, image := t.TempDir(), made(t, small(t), release, both[0])
	for range 2 {
		if err := Write(folder, "1.2.3", image); err != nil {
			t.Fatal(err)
		}
	}
	precious := t.TempDir()
	if err := os.WriteFile(filepath.Join(precious, "thesis"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Write(precious, "1.2.3", image); err == nil {
		t.Error("it was written over something else")
	}
	if _, err := os.Stat(filepath.Join(precious, "thesis")); err != nil {
		t.Error(err)
	}
}

func TestTheImageGoesToARegistryAndComesBack(t *testing.T) {
	t.Setenv("DOCKER_CONFIG", t.TempDir()) // nobody's logins
	server := httptest.NewServer(registry.New())
	defer server.Close()
	ref, err := name.ParseReference(strings.TrimPrefix(server.URL, "http://") + "/acme/quorate:1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	sent := made(t, small(t), release, both...)
	if err := Push(t.Context(), ref.String(), sent); err != nil {
		t.Fatal(err)
	}
	back, err := remote.Index(ref)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(back); err != nil {
		t.Error(err)
	}
	if got, want := digest(t, back), digest(t, sent); got != want {
		t.Errorf("%s was sent, and %s came back", want, got)
	}
}

// contents are the files of an image, as a container would find them.
func contents(t *testing.T, one v1.Image) map[string]*tar.Header {
	t.Helper()
	all := map[string]*tar.Header{}
	each(t, one, func(h *tar.Header, _ io.Reader) { all["/"+strings.TrimSuffix(h.Name, "/")] = h })
	return all
}

func each(t *testing.T, one v1.Image, visit func(*tar.Header, io.Reader)) {
	t.Helper()
	packed := mutate.Extract(one)
	defer packed.Close()
	for r := tar.NewReader(packed); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		visit(h, r)
	}
}

func TestNothingThatIsNotNeededIsInTheImage(t *testing.T) {
	want := []string{
		"/etc", "/etc/group", "/etc/passwd", "/etc/ssl", "/etc/ssl/certs", "/etc/ssl/certs/ca-certificates.crt",
		"/quorate", "/tmp", "/var", "/var/lib", "/var/lib/quorate",
	}
	var got []string
	for name, h := range contents(t, only(t, made(t, small(t), release, both[0]))) {
		got = append(got, name)
		if h.Uid != 0 && name != State || h.FileInfo().Mode().Perm()&0o022 != 0 && name != "/tmp" {
			t.Errorf("%s: owner %d, mode %s", name, h.Uid, h.FileInfo().Mode())
		}
		if !h.ModTime.Equal(release.Created) {
			t.Errorf("%s is of %s", name, h.ModTime)
		}
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("files: %v", got)
	}
}

func TestPublicAuthoritiesAreTrusted(t *testing.T) {
	var text []byte
	each(t, only(t, made(t, small(t), release, both[0])), func(h *tar.Header, r io.Reader) {
		if "/"+h.Name == certificates {
			text, _ = io.ReadAll(r)
		}
	})
	var names []string
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, c.Subject.CommonName)
	}
	for _, want := range []string{"Amazon Root CA 1", "ISRG Root X1", "DigiCert Global Root G2", "USERTrust ECC Certification Authority"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is not trusted", want)
		}
	}
	if slices.Contains(names, "Izenpe.com") {
		t.Error("an authority whose trust ends at a date is trusted for ever")
	}
	if bytes.Count(text, []byte("BEGIN CERTIFICATE")) < 100 {
		t.Errorf("%d authorities only", len(names))
	}
}
