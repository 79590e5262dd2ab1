package gitrepo

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// Unit is what is read together to get a cluster.
//
// One folder or one file per cluster, nested as you like:
//
//   - A folder with a kops Cluster document is a cluster's folder, and all YAML files in it
//     belong together.
//   - Files with other kops documents further down belong to the nearest such folder above
//     them, so instance groups may have a folder of their own.
//   - If several files belong together and each one holds a Cluster, they are one unit each: that
//     is a folder of one-file clusters, and a mistake in one must not stop the others.
//   - kops documents without any Cluster above them are a unit too, so that somebody is told.
type Unit struct {
	Path string // of the folder, or of the file for a one-file cluster, from the repository root
	// TreeHash changes if and only if a file of the unit was added, removed, renamed or edited.
	TreeHash string
	Files    []File // sorted by path
	// Refused lists YAML files that belong to the unit and could not be read. A cluster must not
	// be planned from what is left: a missing file looks like deleted instance groups.
	Refused []Refused
}

// File is one manifest file.
type File struct {
	Path string // from the repository root
	Data []byte
}

// Listing is what a commit has below the path.
type Listing struct {
	Units   []Unit    // sorted by path
	Refused []Refused // what was skipped and belongs to no unit
}

// Units lists the cluster manifests of a commit below a folder (or in one file) of the
// repository; "" is its root. It only reads the mirror. Its errors wrap ErrPathMissing,
// ErrTooLarge or ErrCorrupt; after the last one the next Head repairs the mirror.
func (r *Repo) Units(commit, dir string) (Listing, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	w := walk{store: r.store, limits: r.cfg.Limits}
	c, err := object.GetCommit(r.store, plumbing.NewHash(commit))
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrCorrupt, err)
	} else {
		err = w.from(c.TreeHash, dir)
	}
	if err != nil {
		r.corrupt = r.corrupt || errors.Is(err, ErrCorrupt)
		return Listing{}, fmt.Errorf("list clusters of commit %.12s: %w", commit, err)
	}
	return group(w.manifests, w.refused), nil
}

// group applies the rule written at Unit.
func group(all []manifest, refused []Refused) Listing {
	out := Listing{Refused: refused}
	clusterDirs := map[string]bool{}
	for _, m := range all {
		if m.content.cluster {
			clusterDirs[path.Dir(m.path)] = true
		}
	}
	units := map[string][]manifest{}
	for _, m := range all {
		switch dir, ok := home(m, clusterDirs); {
		case ok:
			units[dir] = append(units[dir], m)
		case m.refused != "":
			out.Refused = append(out.Refused, Refused{m.path, m.refused})
		}
	}
	for dir, files := range units {
		out.Units = append(out.Units, split(dir, files)...)
	}
	slices.SortFunc(out.Units, func(a, b Unit) int { return cmp.Compare(a.Path, b.Path) })
	return out
}

// home is the folder whose unit the file belongs to, if any.
func home(m manifest, clusterDirs map[string]bool) (string, bool) {
	dir := path.Dir(m.path)
	if clusterDirs[dir] {
		return dir, true
	}
	// A file that could not be read may well hold instance groups.
	if !m.content.kops && m.refused == "" {
		return "", false
	}
	for up := dir; up != "."; {
		up = path.Dir(up)
		if clusterDirs[up] {
			return up, true
		}
	}
	return dir, m.refused == ""
}

// split makes one unit of the files, or one of each if every file is a cluster of its own.
func split(dir string, files []manifest) []Unit {
	alone := func(m manifest) bool { return m.content.cluster }
	if len(files) == 1 || slices.ContainsFunc(files, func(m manifest) bool { return !alone(m) }) {
		return []Unit{newUnit(dir, files)}
	}
	var units []Unit
	for _, m := range files {
		units = append(units, newUnit(m.path, []manifest{m}))
	}
	return units
}

func newUnit(at string, files []manifest) Unit {
	slices.SortFunc(files, func(a, b manifest) int { return cmp.Compare(a.path, b.path) })
	u := Unit{Path: at}
	sum := sha256.New()
	for _, m := range files {
		_, _ = fmt.Fprintf(sum, "%s %s\n", m.hash, m.path) // a hash takes all; names hold no newline
		if m.refused != "" {
			u.Refused = append(u.Refused, Refused{m.path, m.refused})
			continue
		}
		u.Files = append(u.Files, File{m.path, m.data})
	}
	u.TreeHash = hex.EncodeToString(sum.Sum(nil))
	return u
}

// content says which kops documents a text holds.
type content struct{ kops, cluster bool }

var (
	separator   = regexp.MustCompile(`(?m)^---`)
	comment     = regexp.MustCompile(`(?m)^\s*#.*$`)
	kopsVersion = regexp.MustCompile(`(^|[\s{,"'])apiVersion["']?\s*:\s*["']?kops[./]`)
	clusterKind = regexp.MustCompile(`(^|[\s{,"'])kind["']?\s*:\s*["']?Cluster["']?\s*([,}#\n\r]|$)`)
)

// contents looks at the text without decoding it, so that a file with a syntax error still
// reaches the decoder, which can say where the error is.
func contents(data []byte) content {
	var c content
	for doc := range strings.SplitSeq(separator.ReplaceAllString(string(data), "\x00"), "\x00") {
		doc = comment.ReplaceAllString(doc, "")
		if !kopsVersion.MatchString(doc) {
			continue
		}
		c.kops = true
		c.cluster = c.cluster || clusterKind.MatchString(doc)
	}
	return c
}
