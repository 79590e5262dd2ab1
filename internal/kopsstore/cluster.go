package kopsstore

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
)

// File is a manifest to write, by its name in the cluster's folder.
type File struct {
	Name string
	Data []byte
}

// Cluster is what a store says of one cluster.
type Cluster struct {
	// Files are the manifests: the Cluster, then groups and keys by name.
	Files []File
	// Untaken are the folders of the store that hold something that is not read.
	Untaken []string
}

// Clusters lists the clusters of a store, sorted.
func Clusters(ctx context.Context, s Store) ([]string, error) {
	keys, err := s.List(ctx, "")
	var names []string
	for _, key := range keys {
		if cluster, file := path.Split(key); file == "config" && strings.Count(cluster, "/") == 1 {
			names = append(names, strings.TrimSuffix(cluster, "/"))
		}
	}
	return names, err
}

// Read reads the documents of a cluster as the user wrote them, verbatim; the completed specification,
// in which kops keeps its defaults, is not theirs.
func Read(ctx context.Context, s Store, name string) (Cluster, error) {
	keys, err := s.List(ctx, name)
	if err != nil {
		return Cluster{}, err
	}
	var c Cluster
	var others []File
	keysFound := 0
	untaken := map[string]bool{}
	for _, key := range keys {
		rest := strings.TrimPrefix(key, name+"/")
		top, below, _ := strings.Cut(rest, "/")
		switch {
		case rest == "config":
			data, err := s.Read(ctx, key)
			if err != nil {
				return Cluster{}, err
			}
			c.Files = append(c.Files, File{"cluster.yaml", data})
		case top == "instancegroup":
			data, err := s.Read(ctx, key)
			if err != nil {
				return Cluster{}, err
			}
			others = append(others, File{"instancegroup-" + path.Base(below) + ".yaml", labelled(name, data)})
		case strings.HasPrefix(rest, "pki/ssh/public/admin/"):
			data, err := s.Read(ctx, key)
			if err != nil {
				return Cluster{}, err
			}
			keysFound++
			others = append(others, File{credentialName(keysFound), credential(name, data)})
		case top != "cluster.spec" && top != "cluster-completed.spec" && !untaken[top]:
			untaken[top] = true
			c.Untaken = append(c.Untaken, top)
		}
	}
	if len(c.Files) == 0 {
		return Cluster{}, fmt.Errorf("the store has no cluster %s: there is no %s/config", name, name)
	}
	c.Files = append(c.Files, others...)
	return c, nil
}

// credentialName is the file of the n-th public key. A cluster has one; where the store has more, all are
// written, for somebody to choose.
func credentialName(n int) string {
	if n == 1 {
		return "sshcredential-admin.yaml"
	}
	return fmt.Sprintf("sshcredential-admin-%d.yaml", n)
}

// labelled is a group with the label of its cluster, which a group in a store can lack: there the key says
// whose it is. Metadata in a form of its own stays, and the manifest's problems tell of it.
func labelled(cluster string, data []byte) []byte {
	const label = "kops.k8s.io/cluster"
	if bytes.Contains(data, []byte(label)) {
		return data
	}
	before, after, found := bytes.Cut(data, []byte("\nmetadata:\n"))
	if !found {
		return data
	}
	entry := "    " + label + ": " + cluster + "\n"
	metadata := after
	if end := blockEnd(after); end >= 0 {
		metadata = after[:end]
	}
	at, text := 0, "  labels:\n"+entry
	if i := bytes.Index(append([]byte("\n"), metadata...), []byte("\n  labels:\n")); i >= 0 {
		at, text = i+len("  labels:\n"), entry
	} else if bytes.Contains(metadata, []byte("  labels:")) {
		return data
	}
	return slices.Concat(before, []byte("\nmetadata:\n"), after[:at], []byte(text), after[at:])
}

// credential is the document of a public key, which the store has as a line of authorized_keys.
func credential(cluster string, line []byte) []byte {
	return fmt.Appendf(nil, "apiVersion: kops.k8s.io/v1alpha2\nkind: SSHCredential\nmetadata:\n  labels:\n    kops.k8s.io/cluster: %s\n  name: admin\nspec:\n  publicKey: %q\n",
		cluster, bytes.TrimSpace(line))
}

// Annotate puts an annotation on a document, by lines: everything else stays as it was written. It
// reports false where the metadata is not written as kops writes it.
func Annotate(data []byte, key, value string) ([]byte, bool) {
	if bytes.Contains(data, []byte(key+":")) {
		return data, true
	}
	before, after, found := bytes.Cut(data, []byte("\nmetadata:\n"))
	if !found {
		return data, false
	}
	entry := "    " + key + ": " + value + "\n"
	metadata := after
	if end := blockEnd(after); end >= 0 {
		metadata = after[:end]
	}
	at := bytes.Index(append([]byte("\n"), metadata...), []byte("\n  annotations:\n"))
	text := "  annotations:\n" + entry
	switch {
	case at >= 0:
		at, text = at+len("  annotations:\n"), entry
	case bytes.Contains(metadata, []byte("  annotations:")):
		return data, false
	default:
		at = 0
	}
	out := append([]byte{}, before...)
	out = append(out, "\nmetadata:\n"...)
	out = append(out, after[:at]...)
	out = append(out, text...)
	return append(out, after[at:]...), true
}

// blockEnd is where the lines that belong to a block end; -1 if none follows.
func blockEnd(text []byte) int {
	for i := range text {
		if (i == 0 || text[i-1] == '\n') && text[i] != ' ' && text[i] != '\n' {
			return i
		}
	}
	return -1
}
