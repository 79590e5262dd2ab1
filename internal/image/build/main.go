// Command build makes the container image of quorate: it compiles the program for each platform, and leaves
// the image in a folder in the layout of OCI; with -push it sends it to a registry, too. `make image` runs it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/quorate/quorate/internal/image"
)

// order is what the command line asks for.
type order struct {
	module, platforms, out, push string
	release                      image.Release
}

func main() {
	var o order
	var created int64
	flag.StringVar(&o.module, "module", ".", "folder of the module to compile")
	flag.StringVar(&o.platforms, "platforms", "linux/amd64,linux/arm64", "platforms, separated by commas")
	flag.StringVar(&o.out, "out", "image", "folder to leave the image in")
	flag.StringVar(&o.push, "push", "", "where to send it, such as ghcr.io/acme/quorate:1.2.3")
	flag.StringVar(&o.release.Version, "version", "", "version of the program")
	flag.StringVar(&o.release.Revision, "revision", "", "commit that it is made from")
	flag.Int64Var(&created, "created", 0, "time of that commit, in seconds since 1970")
	flag.Parse()
	o.release.Created = time.Unix(created, 0)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := o.run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
}

func (o order) run(ctx context.Context) error {
	work, err := os.MkdirTemp("", "quorate-image-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work) //nolint:errcheck // what is left lies in the folder for such things
	binaries := map[string]string{}
	for platform := range strings.SplitSeq(o.platforms, ",") {
		binary := filepath.Join(work, strings.ReplaceAll(platform, "/", "-"))
		fmt.Fprintln(os.Stderr, "compiling for", platform)
		if err := image.Compile(ctx, image.Source{Dir: o.module, Package: "./cmd/quorate", Version: o.release.Version}, platform, binary); err != nil {
			return err
		}
		binaries[platform] = binary
	}
	made, err := image.Build(o.release, binaries)
	if err != nil {
		return err
	}
	if err := image.Write(o.out, o.release.Version, made); err != nil {
		return err
	}
	if o.push != "" {
		if err := image.Push(ctx, o.push, made); err != nil {
			return err
		}
	}
	return o.tell(made)
}

// tell prints what was made, with the digest alone on standard output: scripts pin the image by it.
func (o order) tell(made v1.ImageIndex) error {
	digest, err := made.Digest()
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "the image is in", o.out)
	if o.push != "" {
		fmt.Fprintln(os.Stderr, "and at", o.push)
	}
	fmt.Println(digest)
	return nil
}
