package image

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Write leaves the image in a folder in the layout of OCI, under a tag. What was in the folder goes, if it
// is such a layout; anything else is not ours to remove.
func Write(folder, tag string, image v1.ImageIndex) error {
	if err := clean(folder); err != nil {
		return err
	}
	path, err := layout.Write(folder, empty.Index)
	if err != nil {
		return fmt.Errorf("write %s: %w", folder, err)
	}
	if err := path.AppendIndex(image, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": tag})); err != nil {
		return fmt.Errorf("write %s: %w", folder, err)
	}
	return nil
}

func clean(folder string) error {
	found, err := os.ReadDir(folder)
	if errors.Is(err, os.ErrNotExist) || (err == nil && len(found) == 0) {
		return nil
	}
	if _, err := layout.FromPath(folder); err != nil {
		return fmt.Errorf("%s holds something else than an image: %w", folder, err)
	}
	return os.RemoveAll(folder)
}

// Push sends the image to a registry, such as ghcr.io/acme/quorate:1.2.3, with the credentials that `docker
// login` and its like left.
func Push(ctx context.Context, to string, image v1.ImageIndex) error {
	ref, err := name.ParseReference(to)
	if err != nil {
		return fmt.Errorf("push: %w", err)
	}
	if err := remote.WriteIndex(ref, image, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain)); err != nil {
		return fmt.Errorf("push to %s: %w", to, err)
	}
	return nil
}
