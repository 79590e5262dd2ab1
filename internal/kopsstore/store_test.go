package kopsstore_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/internal/awssim"
	"github.com/quorate/quorate/internal/kopsstore"
)

const clusterDocument = "apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\nmetadata:\n  name: a.example.com # ours\nspec:\n  channel: stable\n"

var objects = map[string]string{
	"a.example.com/config":                                clusterDocument,
	"a.example.com/cluster-completed.spec":                "completed",
	"a.example.com/instancegroup/nodes":                   "kind: InstanceGroup # nodes\n",
	"a.example.com/pki/ssh/public/admin/aa:bb":            "ssh-ed25519 AAAA ada\n",
	"a.example.com/pki/private/kubernetes-ca/keyset.yaml": "a private key",
	"a.example.com/secrets/admin":                         "a secret",
	"b.example.com/config":                                "kind: Cluster\n",
}

// inFolder lays the store out on disk.
func inFolder(t *testing.T) string {
	dir := t.TempDir()
	for key, text := range objects {
		name := filepath.Join(dir, key)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// inBucket lays the store out in a bucket of another region than is asked first.
func inBucket(t *testing.T) (string, *awssim.Region) {
	region := awssim.New(awssim.Config{})
	t.Cleanup(region.Close)
	url, stop, err := region.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	t.Setenv("AWS_ENDPOINT_URL", url)
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	clients, err := awsapi.Load(t.Context(), awsapi.Options{Region: "eu-west-1", Guard: func(context.Context, string) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	bucket := aws.String("state-store")
	if _, err := clients.S3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: bucket, CreateBucketConfiguration: &types.CreateBucketConfiguration{
		LocationConstraint: types.BucketLocationConstraintEuWest1,
	}}); err != nil {
		t.Fatal(err)
	}
	for key, text := range objects {
		if _, err := clients.S3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: aws.String("kops/" + key), Body: strings.NewReader(text)}); err != nil {
			t.Fatal(err)
		}
	}
	region.ResetCalls()
	return "s3://state-store/kops/", region
}

func readOnly(ctx context.Context, region string) (awsapi.Clients, error) {
	return awsapi.Load(ctx, awsapi.Options{Region: region})
}

func TestAStoreGivesManifestsAsTheyWereWritten(t *testing.T) {
	bucket, region := inBucket(t)
	for _, url := range []string{inFolder(t), bucket} {
		store, err := kopsstore.Open(t.Context(), url, "us-east-1", readOnly)
		if err != nil {
			t.Fatal(err)
		}
		names, err := kopsstore.Clusters(t.Context(), store)
		if diff := cmp.Diff([]string{"a.example.com", "b.example.com"}, names); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", url, err, diff)
		}
		got, err := kopsstore.Read(t.Context(), store, "a.example.com")
		if err != nil {
			t.Fatal(err)
		}
		var texts []string
		for _, f := range got.Files {
			texts = append(texts, f.Name, string(f.Data))
		}
		want := []string{
			"cluster.yaml", clusterDocument, "instancegroup-nodes.yaml", "kind: InstanceGroup # nodes\n", "sshcredential-admin.yaml",
			"apiVersion: kops.k8s.io/v1alpha2\nkind: SSHCredential\nmetadata:\n  labels:\n    kops.k8s.io/cluster: a.example.com\n  name: admin\nspec:\n  publicKey: \"ssh-ed25519 AAAA ada\"\n",
		}
		if diff := cmp.Diff(want, texts); diff != "" {
			t.Errorf("%s (-want +got):\n%s", url, diff)
		}
		if diff := cmp.Diff([]string{"pki", "secrets"}, got.Untaken); diff != "" {
			t.Errorf("not taken (-want +got):\n%s", diff)
		}
	}
	for _, call := range region.Calls() {
		if call.Operation == "GetObject" && call.Count != 3 || call.Mutating {
			t.Errorf("%d calls of %s, want three objects read and nothing changed", call.Count, call.Operation)
		}
	}
}

func TestAClusterThatIsNotInTheStoreIsSaid(t *testing.T) {
	store, err := kopsstore.Open(t.Context(), inFolder(t), "us-east-1", readOnly)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kopsstore.Read(t.Context(), store, "c.example.com"); err == nil || !strings.Contains(err.Error(), "c.example.com/config") {
		t.Errorf("got %v", err)
	}
}

func TestAnAnnotationIsOneLineMore(t *testing.T) {
	for name, c := range map[string]struct {
		text, want string
		done       bool
	}{
		"no annotations": {clusterDocument, strings.Replace(clusterDocument, "metadata:\n", "metadata:\n  annotations:\n    x/y: z\n", 1), true},
		"some already": {"kind: Cluster\nmetadata:\n  name: a\n  annotations:\n    b: c # why\nspec: {}\n",
			"kind: Cluster\nmetadata:\n  name: a\n  annotations:\n    x/y: z\n    b: c # why\nspec: {}\n", true},
		"written on one line":          {"kind: Cluster\nmetadata: {name: a}\n", "kind: Cluster\nmetadata: {name: a}\n", false},
		"annotations on one line":      {"kind: Cluster\nmetadata:\n  annotations: {}\n", "kind: Cluster\nmetadata:\n  annotations: {}\n", false},
		"annotations of another block": {"kind: Cluster\nmetadata:\n  name: a\nspec:\n  annotations:\n", "kind: Cluster\nmetadata:\n  annotations:\n    x/y: z\n  name: a\nspec:\n  annotations:\n", true},
	} {
		t.Run(name, func(t *testing.T) {
			got, done := kopsstore.Annotate([]byte(c.text), "x/y", "z")
			if diff := cmp.Diff(c.want, string(got)); diff != "" || done != c.done {
				t.Errorf("done %t (-want +got):\n%s", done, diff)
			}
		})
	}
}

func TestEveryKeyGetsAFileAndEveryGroupItsCluster(t *testing.T) {
	store := memory{
		"a.example.com/config":                     clusterDocument,
		"a.example.com/instancegroup/bare":         "kind: InstanceGroup\nmetadata:\n  name: bare\nspec: {}\n",
		"a.example.com/instancegroup/labels":       "kind: InstanceGroup\nmetadata:\n  labels:\n    a: b\n  name: labels\n",
		"a.example.com/instancegroup/own":          "kind: InstanceGroup\nmetadata: {name: own}\n",
		"a.example.com/pki/ssh/public/admin/aa:bb": "ssh-ed25519 AAAA ada",
		"a.example.com/pki/ssh/public/admin/cc:dd": "ssh-ed25519 BBBB bob",
	}
	got, err := kopsstore.Read(t.Context(), store, "a.example.com")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, f := range got.Files {
		texts[f.Name] = string(f.Data)
	}
	for name, part := range map[string]string{
		"instancegroup-bare.yaml":    "metadata:\n  labels:\n    kops.k8s.io/cluster: a.example.com\n  name: bare\nspec",
		"instancegroup-labels.yaml":  "  labels:\n    kops.k8s.io/cluster: a.example.com\n    a: b\n  name: labels\n",
		"instancegroup-own.yaml":     "metadata: {name: own}\n",
		"sshcredential-admin.yaml":   "AAAA ada",
		"sshcredential-admin-2.yaml": "BBBB bob",
	} {
		if !strings.Contains(texts[name], part) {
			t.Errorf("%s is\n%s\nwithout\n%s", name, texts[name], part)
		}
	}
}

// memory is a store in a map.
type memory map[string]string

func (m memory) List(context.Context, string) ([]string, error) {
	return slices.Sorted(maps.Keys(m)), nil
}

func (m memory) Read(_ context.Context, key string) ([]byte, error) { return []byte(m[key]), nil }

func TestSecretsAreOpenedByOneFunctionAndNoOther(t *testing.T) {
	bucket, region := inBucket(t)
	for _, url := range []string{inFolder(t), bucket} {
		store, err := kopsstore.Open(t.Context(), url, "eu-west-1", readOnly)
		if err != nil {
			t.Fatal(err)
		}
		region.ResetCalls()
		for _, key := range []string{
			"a.example.com/pki/private/kubernetes-ca/keyset.yaml", "a.example.com/secrets/admin", "a.example.com/backups/etcd/main/x/etcd.backup.gz",
			"a.example.com//pki/./private/kubernetes-ca/keyset.yaml", "pki/private/kubernetes-ca/keyset.yaml",
		} {
			if _, err := store.Read(t.Context(), key); !errors.Is(err, kopsstore.ErrSecret) {
				t.Errorf("%s: %v", key, err)
			}
		}
		for _, call := range region.Calls() {
			t.Errorf("AWS was asked for a secret: %s", call.Operation)
		}
		if key, err := kopsstore.ReadPrivateKeyset(t.Context(), store, "a.example.com", "kubernetes-ca"); err != nil || string(key) != "a private key" {
			t.Errorf("the exception: %q, %v", key, err)
		}
	}
}
