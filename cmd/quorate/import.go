package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/internal/kopsstore"
)

// importing is what one import is asked for.
type importing struct {
	state, name, output, region string
	force, plain                bool
	reach                       *reach
}

func importCommand() *cobra.Command {
	var i importing
	c := &cobra.Command{
		Use:   "import --state s3://BUCKET/PREFIX --name CLUSTER",
		Short: "Write the manifests of a cluster that kops made",
		Long: `Read a kops state store and write a cluster's manifests as their user wrote them, into a
folder named after the cluster. Nothing of the store or of AWS is changed, and keys and
secrets are not opened. Without --name the clusters of the store are listed.

The Cluster gets the annotation quorate.dev/bootstrap: kops, so that machines keep the
user data of kops. Exits 1 if something in the manifests has to be mended first; the files
are written all the same.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return i.run(c.Context(), c) },
	}
	f := c.Flags()
	f.StringVar(&i.state, "state", "", "state store: s3://bucket/prefix, or a folder with a copy of one")
	f.StringVar(&i.name, "name", "", "cluster to import (default: list them)")
	f.StringVar(&i.output, "output", ".", "folder to make the cluster's folder in")
	f.StringVar(&i.region, "region", cmp.Or(os.Getenv("AWS_REGION"), "us-east-1"), "region to ask first where the bucket is")
	f.BoolVar(&i.force, "force", false, "write over files that differ")
	f.BoolVar(&i.plain, "no-bootstrap-annotation", false, "leave quorate.dev/bootstrap: kops out")
	i.reach = reachFlags(c)
	return c
}

func (i importing) run(ctx context.Context, c *cobra.Command) error {
	if i.state == "" {
		return errors.New("--state is required: s3://bucket/prefix, or a folder")
	}
	store, err := kopsstore.Open(ctx, i.state, i.region, func(ctx context.Context, region string) (awsapi.Clients, error) {
		return awsapi.Load(ctx, i.reach.options(desired.Cluster{Region: region}))
	})
	if err != nil {
		return explained(err)
	}
	if i.name == "" {
		names, err := kopsstore.Clusters(ctx, store)
		if err != nil {
			return explained(err)
		}
		for _, name := range names {
			fmt.Fprintln(c.OutOrStdout(), name)
		}
		return nil
	}
	cluster, err := kopsstore.Read(ctx, store, i.name)
	if err != nil {
		return explained(err)
	}
	return i.write(c, cluster)
}

func (i importing) write(c *cobra.Command, cluster kopsstore.Cluster) error {
	w, dir := c.OutOrStdout(), filepath.Join(i.output, i.name)
	var files []desired.File
	for n, f := range cluster.Files {
		if n == 0 && !i.plain {
			annotated, done := kopsstore.Annotate(f.Data, "quorate.dev/bootstrap", "kops")
			if !done {
				fmt.Fprintln(w, "the metadata of the Cluster is written in a form of its own; add the annotation quorate.dev/bootstrap: kops by hand")
			}
			f.Data = annotated
		}
		files = append(files, desired.File{Name: filepath.Join(dir, f.Name), Data: f.Data})
	}
	if err := i.writeFiles(dir, files); err != nil {
		return err
	}
	for _, f := range files {
		fmt.Fprintln(w, "wrote", f.Name)
	}
	if len(cluster.Untaken) > 0 {
		fmt.Fprintf(w, "not taken, and not opened: %s\n", strings.Join(cluster.Untaken, ", "))
	}
	clusters, problems := desired.Build(files)
	if err := printProblems(c, "text", clusters, problems); err != nil {
		return err
	}
	fmt.Fprintf(w, "next: quorate plan --file %s\n", dir)
	return nil
}

// writeFiles writes all or, if one is there and differs, none.
func (i importing) writeFiles(dir string, files []desired.File) error {
	for _, f := range files {
		there, err := os.ReadFile(f.Name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("import %s: %w", i.name, err)
		}
		if err == nil && !bytes.Equal(there, f.Data) && !i.force {
			return fmt.Errorf("%s is there and differs; --force writes over it", f.Name)
		}
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("import %s: %w", i.name, err)
	}
	for _, f := range files {
		if err := os.WriteFile(f.Name, f.Data, 0o600); err != nil {
			return fmt.Errorf("import %s: %w", i.name, err)
		}
	}
	return nil
}
