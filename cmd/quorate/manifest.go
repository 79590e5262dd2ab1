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
		names, err := manifestsBelow(root)
		if err != nil {
			return nil, fmt.Errorf("read manifests: %w", err)
		}
		for _, name := range names {
			data, err := os.ReadFile(name)
			if err != nil {
				return nil, fmt.Errorf("read manifests: %w", err)
			}
			files = append(files, desired.File{Name: name, Data: data})
		}
	}
	return files, nil
}

// manifestsBelow lists the YAML files below a folder; a file is itself, whatever its name.
func manifestsBelow(root string) ([]string, error) {
	var names []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != root && strings.HasPrefix(entry.Name(), "."):
			return filepath.SkipDir
		case !entry.IsDir() && (path == root || isYAML(path)):
			names = append(names, path)
		}
		return nil
	})
	if err == nil && len(names) == 0 {
		err = fmt.Errorf("no YAML file in %s", root)
	}
	return names, err
}

func isYAML(path string) bool {
	ext := strings.ToLower(filepath.Ext(path))
	return ext == ".yaml" || ext == ".yml"
}

// errProblems ends a command whose problems are printed already.
var errProblems = exitError(codeError)

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
	if len(clusters) == 0 {
		return desired.Cluster{}, nil, noCluster(path)
	}
	if len(clusters) > 1 {
		return desired.Cluster{}, nil, fmt.Errorf("%s holds %d clusters; name the manifest of one", path, len(clusters))
	}
	return clusters[0], warnings, nil
}

// namedCluster is the cluster of that name among the files, whatever is wrong with others; without a name it is
// the single one.
func namedCluster(w io.Writer, path, name string) (desired.Cluster, error) {
	if name == "" {
		c, _, err := oneCluster(w, path)
		return c, err
	}
	files, err := readManifests(path)
	if err != nil {
		return desired.Cluster{}, err
	}
	clusters, problems := desired.Build(files)
	for _, c := range clusters {
		if c.Name == name {
			return c, nil
		}
	}
	for _, p := range problems {
		if p.Severity == desired.Error {
			fmt.Fprintln(w, p)
		}
	}
	return desired.Cluster{}, fmt.Errorf("no cluster %s can be read in %s", name, path)
}

// noCluster is for files in which nothing is wrong, because nothing is in them.
func noCluster(paths ...string) error {
	return fmt.Errorf("no cluster in %s; a manifest holds a kops document of kind Cluster", strings.Join(paths, ", "))
}
