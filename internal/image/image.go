package image

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// What the image promises to whoever runs it.
const (
	// Program is the entry point.
	Program = "/quorate"
	// State is the folder that is to outlive the container, and the home of its user.
	State = "/var/lib/quorate"
	// User is the uid and the gid: a number, since Kubernetes' runAsNonRoot believes no name.
	User = 65532
)

// Release is what an image says of itself.
type Release struct {
	Version string
	// Revision is the commit, all 40 digits; empty if it is not known.
	Revision string
	// Created is the time of the commit rather than that of the build, so that the same commit makes the same
	// image: it is in the configuration and on every file.
	Created time.Time
}

// labels are those of https://specs.opencontainers.org/image-spec/annotations/.
func (r Release) labels() map[string]string {
	all := map[string]string{
		"org.opencontainers.image.title":         "quorate",
		"org.opencontainers.image.description":   "Keeps highly available Kubernetes clusters on AWS equal to what a Git repository says",
		"org.opencontainers.image.url":           "https://github.com/quorate/quorate",
		"org.opencontainers.image.source":        "https://github.com/quorate/quorate",
		"org.opencontainers.image.documentation": "https://github.com/quorate/quorate/blob/main/docs/deploying.md",
		"org.opencontainers.image.licenses":      "Apache-2.0",
		"org.opencontainers.image.version":       r.Version,
		"org.opencontainers.image.revision":      r.Revision,
		"org.opencontainers.image.created":       r.Created.UTC().Format(time.RFC3339),
	}
	maps.DeleteFunc(all, func(_, value string) bool { return value == "" })
	return all
}

// Build puts an image together for each platform, such as linux/arm64, from the file that holds its binary.
func Build(r Release, binaries map[string]string) (v1.ImageIndex, error) {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, name := range slices.Sorted(maps.Keys(binaries)) {
		platform, err := v1.ParsePlatform(name)
		if err != nil {
			return nil, fmt.Errorf("platform %q: %w", name, err)
		}
		one, err := build(r, *platform, binaries[name])
		if err != nil {
			return nil, fmt.Errorf("image for %s: %w", name, err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: one, Descriptor: v1.Descriptor{Platform: platform}})
	}
	return mutate.Annotations(index, r.labels()).(v1.ImageIndex), nil
}

// build makes two layers: the one around the binary stays the same over many releases.
func build(r Release, platform v1.Platform, binary string) (v1.Image, error) {
	root, err := around()
	if err != nil {
		return nil, err
	}
	program, err := os.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	base, err = mutate.ConfigFile(base, &v1.ConfigFile{
		OS: platform.OS, Architecture: platform.Architecture, Variant: platform.Variant,
		Created: v1.Time{Time: r.Created.UTC()}, RootFS: v1.RootFS{Type: "layers"}, Config: config(r),
	})
	if err != nil {
		return nil, err
	}
	var layers []mutate.Addendum
	for _, l := range []struct {
		says  string
		files []file
	}{
		{"certificates, user and folders", root},
		{"quorate " + cmp.Or(r.Version, "without a version"), []file{{name: Program, mode: 0o755, data: program}}},
	} {
		layer, err := pack(l.files, r.Created)
		if err != nil {
			return nil, err
		}
		layers = append(layers, mutate.Addendum{Layer: layer, History: v1.History{Created: v1.Time{Time: r.Created.UTC()}, CreatedBy: "make image", Comment: l.says}})
	}
	one, err := mutate.Append(base, layers...)
	if err != nil {
		return nil, err
	}
	return mutate.Annotations(one, r.labels()).(v1.Image), nil
}

func config(r Release) v1.Config {
	return v1.Config{
		Entrypoint: []string{Program},
		User:       fmt.Sprintf("%d:%d", User, User),
		WorkingDir: State,
		Env:        []string{"HOME=" + State, "PATH=/"},
		Labels:     r.labels(),
	}
}
