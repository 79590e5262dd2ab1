package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/quorate/quorate/desired"
)

// readManifests reads YAML files, and every YAML file below a folder. Hidden folders
// are left out: they hold other tools' business.
func readManifests(paths ...string) ([]desired.File, error) {
	var files []desired.File
	for _, root := range paths {
		before := len(files)
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if entry.IsDir() {
				if path != root && strings.HasPrefix(entry.Name(), ".") {
					return filepath.SkipDir
				}
				return nil
			}
			if path != root && !isYAML(path) {
				return nil
			}
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			files = append(files, desired.File{Name: path, Data: data})
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read manifests: %w", err)
		}
		if len(files) == before {
			return nil, fmt.Errorf("no YAML file in %s", root)
		}
	}
	return files, nil
}

func isYAML(path string) bool {
	ext := strings.ToLower(filepath.Ext(path))
	return ext == ".yaml" || ext == ".yml"
}

// errProblems ends a command whose problems are printed already.
var errProblems = exitCode(exitError)

// oneCluster builds the single cluster of the files, printing every problem to w. It
// returns the warnings.
func oneCluster(w io.Writer, path string) (desired.Cluster, []string, error) {
	if path == "" {
		return desired.Cluster{}, nil, errors.New("--file is required: a manifest, or a folder of manifests, of one cluster")
	}
	files, err := readManifests(path)
	if err != nil {
		return desired.Cluster{}, nil, err
	}
	clusters, problems := desired.Build(files)
	var warnings []string
	failed := false
	for _, p := range problems {
		if p.Severity == desired.Warning {
			warnings = append(warnings, p.String())
			continue
		}
		failed = true
		fmt.Fprintln(w, p)
	}
	if failed {
		return desired.Cluster{}, nil, errProblems
	}
	if len(clusters) != 1 {
		return desired.Cluster{}, nil, fmt.Errorf("%s holds %d clusters; name the manifest of one", path, len(clusters))
	}
	return clusters[0], warnings, nil
}
