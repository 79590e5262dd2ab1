// Package kopsstore answers one question: what does a kops state store say of a cluster?
//
// Start reading at Open, then at Read (cluster.go). Objects that hold keys, secrets, tokens or the data of
// etcd are listed and never opened: the stores that Open gives refuse to. The one exception has a name,
// [ReadPrivateKeyset], and one user, internal/kopskeys. It imports awsapi, and nothing else of the product.
package kopsstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/quorate/quorate/internal/awsapi"
)

// A Store is a tree of named objects.
type Store interface {
	// List gives the keys below a folder, sorted; an empty one means all.
	List(ctx context.Context, folder string) ([]string, error)
	// Read refuses with [ErrSecret] what only the cluster itself may open.
	Read(ctx context.Context, key string) ([]byte, error)
}

// ErrSecret says that an object was not opened.
var ErrSecret = errors.New("it holds keys or secrets, and is not opened")

// secretFolders are where kops keeps private keys, secrets and the backups of etcd, which hold every secret
// of the cluster.
var secretFolders = []string{"/pki/private/", "/secrets/", "/backups/"}

// closed is a store that does not open secrets.
type closed struct{ Store }

func (c closed) Read(ctx context.Context, key string) ([]byte, error) {
	for _, folder := range secretFolders {
		if strings.Contains("/"+path.Clean(key), folder) {
			return nil, fmt.Errorf("read %s: %w", key, ErrSecret)
		}
	}
	return c.Store.Read(ctx, key)
}

// ReadPrivateKeyset opens a keyset with its private keys, in the folder of a cluster. It is the only way to:
// who calls it was told by a person that it may.
func ReadPrivateKeyset(ctx context.Context, s Store, cluster, name string) ([]byte, error) {
	if c, ok := s.(closed); ok {
		s = c.Store
	}
	return s.Read(ctx, path.Join(cluster, "pki/private", name, "keyset.yaml"))
}

// PublicKeyset is the key of the half of a keyset that holds certificates only.
func PublicKeyset(cluster, name string) string {
	return path.Join(cluster, "pki/issued", name, "keyset.yaml")
}

// Open opens s3://bucket/prefix, file:///folder or a path. The bucket may be in any region; the
// clients of another region than the first are made by load.
func Open(ctx context.Context, url, region string, load func(ctx context.Context, region string) (awsapi.Clients, error)) (Store, error) {
	rest, isS3 := strings.CutPrefix(url, "s3://")
	if !isS3 {
		return closed{folder{os.DirFS(strings.TrimPrefix(url, "file://"))}}, nil
	}
	name, prefix, _ := strings.Cut(rest, "/")
	clients, err := load(ctx, region)
	if err != nil {
		return nil, err
	}
	where, err := clients.S3.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: aws.String(name)})
	if err != nil {
		return nil, fmt.Errorf("find the region of bucket %s: %w", name, err)
	}
	if home := regionOf(string(where.LocationConstraint)); home != region {
		if clients, err = load(ctx, home); err != nil {
			return nil, err
		}
	}
	return closed{bucket{clients.S3, name, strings.Trim(prefix, "/")}}, nil
}

// regionOf reads a location constraint, two of which are older than the regions' names.
func regionOf(constraint string) string {
	switch constraint {
	case "":
		return "us-east-1"
	case "EU":
		return "eu-west-1"
	}
	return constraint
}

type folder struct{ root fs.FS }

func (f folder) List(_ context.Context, below string) ([]string, error) {
	var keys []string
	err := fs.WalkDir(f.root, path.Clean("./"+below), func(name string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && name != "." {
			return nil
		}
		if err == nil && !entry.IsDir() {
			keys = append(keys, filepath.ToSlash(name))
		}
		return err
	})
	slices.Sort(keys)
	return keys, err
}

func (f folder) Read(_ context.Context, key string) ([]byte, error) { return fs.ReadFile(f.root, key) }

type bucket struct {
	client       *s3.Client
	name, prefix string
}

func (b bucket) List(ctx context.Context, below string) ([]string, error) {
	prefix := strings.TrimPrefix(path.Join(b.prefix, below)+"/", "/")
	var keys []string
	pages := s3.NewListObjectsV2Paginator(b.client, &s3.ListObjectsV2Input{Bucket: aws.String(b.name), Prefix: aws.String(prefix)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list s3://%s/%s: %w", b.name, prefix, err)
		}
		for _, o := range page.Contents {
			keys = append(keys, strings.TrimPrefix(strings.TrimPrefix(aws.ToString(o.Key), b.prefix), "/"))
		}
	}
	slices.Sort(keys)
	return keys, nil
}

// maxObject is far above any manifest.
const maxObject = 4 << 20

func (b bucket) Read(ctx context.Context, key string) ([]byte, error) {
	out, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(b.name), Key: aws.String(path.Join(b.prefix, key))})
	if err != nil {
		return nil, fmt.Errorf("read s3://%s/%s: %w", b.name, path.Join(b.prefix, key), err)
	}
	defer out.Body.Close()
	return io.ReadAll(io.LimitReader(out.Body, maxObject))
}
