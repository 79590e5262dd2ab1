package image

import (
	"context"
	"fmt"
	"os"
	"os/exec"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Source is what is compiled.
type Source struct {
	// Dir is a folder of the module, and Package the path of the command from there.
	Dir, Package string
	// Version is what the program is told that it is, in its variable main.version.
	Version string
}

// Compile makes a static binary for a platform such as linux/arm64. It is the same wherever the module lies
// and whatever else is in the folder.
func Compile(ctx context.Context, s Source, platform, binary string) error {
	p, err := v1.ParsePlatform(platform)
	if err != nil {
		return fmt.Errorf("platform %q: %w", platform, err)
	}
	// Neither paths, nor the state of the working tree, nor symbols that only a debugger reads.
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -buildid= -X main.version="+s.Version, "-o", binary, s.Package)
	cmd.Dir = s.Dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+p.OS, "GOARCH="+p.Architecture, "GOAMD64=v1", "GOARM64=v8.0", "GOFLAGS=", "GOWORK=off")
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("compile for %s: %w\n%s", platform, err, said)
	}
	return nil
}
