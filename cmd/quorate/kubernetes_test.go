package main

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/internal/awssim"
	"github.com/quorate/quorate/internal/kubetest"
)

// exampleCluster is the cluster of the examples.
func exampleCluster(t *testing.T) desired.Cluster {
	t.Helper()
	c, _, err := oneCluster(t.Output(), "../../examples/ha.example.com")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// stateBucket is the bucket of the example's manifest with these objects in the cluster's folder.
func stateBucket(t *testing.T, objects map[string]string) *awssim.Region {
	t.Helper()
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
	clients, err := awsapi.Load(t.Context(), awsapi.Options{Region: "us-east-1", Guard: func(context.Context, string) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	bucket := aws.String("state.example.com")
	if _, err := clients.S3.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: bucket}); err != nil {
		t.Fatal(err)
	}
	for key, text := range objects {
		if _, err := clients.S3.PutObject(t.Context(), &s3.PutObjectInput{Bucket: bucket, Key: aws.String("ha.example.com/" + key), Body: strings.NewReader(text)}); err != nil {
			t.Fatal(err)
		}
	}
	region.ResetCalls()
	return region
}

func TestKubernetesIsOpenedWithTheAuthorityInTheStateStoreOnlyWhenAsked(t *testing.T) {
	k8s := kubetest.Start(t)
	k8s.Join(t, "one", "us-east-1a", "i-1", nil)
	region := stateBucket(t, map[string]string{"pki/private/kubernetes-ca/keyset.yaml": string(k8s.Authority.Keyset(true))})
	cluster := exampleCluster(t)
	var asked []string
	r := &reach{calls: &awsapi.Calls{}, dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		asked = append(asked, address)
		var d net.Dialer
		return d.DialContext(ctx, network, strings.TrimPrefix(k8s.Config.Host, "https://"))
	}}

	if k, err := r.kubernetes(t.Context(), cluster); k != nil || err != nil || len(region.Calls()) > 0 {
		t.Fatalf("nobody asked for it: %v, %v, %v", k, err, region.Calls())
	}
	r.fromState = true
	for range 2 {
		k, err := r.kubernetes(t.Context(), cluster)
		if err != nil {
			t.Fatal(err)
		}
		nodes, err := k.Nodes(t.Context())
		if err != nil || nodes["i-1"].Name != "one" {
			t.Fatalf("nodes %v, %v", nodes, err)
		}
	}
	if len(asked) != 1 || asked[0] != "api.ha.example.com:443" {
		t.Errorf("dialled %v, want the API's name once", asked)
	}
	for _, call := range region.Calls() {
		if call.Count != 1 || call.Operation != "GetBucketLocation" && call.Operation != "GetObject" {
			t.Errorf("%d calls of %s; the key is read once, and nothing else", call.Count, call.Operation)
		}
	}
}

func TestWithoutTheKeyThereIsOneClearSentence(t *testing.T) {
	stateBucket(t, nil)
	r := &reach{calls: &awsapi.Calls{}, fromState: true}
	k, err := r.kubernetes(t.Context(), exampleCluster(t))
	if k != nil || err == nil || !strings.Contains(err.Error(), "--kubernetes-from-state: read s3://state.example.com/ha.example.com/pki/private/kubernetes-ca/keyset.yaml") {
		t.Errorf("got %v, %v", k, err)
	}
}

// writeKubeconfig writes a file whose contexts lead to servers of their names.
func writeKubeconfig(t *testing.T, path, current string, contexts ...string) {
	t.Helper()
	config := clientcmdapi.Config{CurrentContext: current, Clusters: map[string]*clientcmdapi.Cluster{}, Contexts: map[string]*clientcmdapi.Context{}}
	for _, name := range contexts {
		config.Clusters[name] = &clientcmdapi.Cluster{Server: "https://" + name}
		config.Contexts[name] = &clientcmdapi.Context{Cluster: name}
	}
	if err := clientcmd.WriteToFile(config, path); err != nil {
		t.Fatal(err)
	}
}

func TestAKubeconfigIsAFileWithAContextOrAFolderWithAFileForEachCluster(t *testing.T) {
	dir := t.TempDir()
	file, folder := filepath.Join(dir, "config"), filepath.Join(dir, "mounted")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	writeKubeconfig(t, file, "other", "a.example.com", "other")
	writeKubeconfig(t, filepath.Join(folder, "a.example.com"), "other", "other")
	writeKubeconfig(t, filepath.Join(folder, "b.example.com.yaml"), "other", "b.example.com", "other")
	for _, c := range []struct{ path, cluster, host string }{
		{file, "a.example.com", "https://a.example.com"},
		{file, "b.example.com", ""}, // whose current context is somebody else's
		{folder, "a.example.com", "https://other"},
		{folder, "b.example.com", "https://b.example.com"},
		{folder, "c.example.com", ""},
		{"", "a.example.com", ""},
	} {
		config, err := (&reach{kubeconfig: c.path}).kubeconfigOf(c.cluster)
		got := ""
		if config != nil {
			got = config.Host
		}
		if err != nil || got != c.host {
			t.Errorf("%s in %s: %q, %v; want %q", c.cluster, c.path, got, err, c.host)
		}
	}

	r := &reach{kubeconfig: folder}
	writeKubeconfig(t, filepath.Join(folder, "a.example.com"), "moved", "moved")
	if config, err := r.kubeconfigOf("a.example.com"); err != nil || config.Host != "https://moved" {
		t.Errorf("a secret that changed: %v, %v", config, err)
	}
	if err := os.WriteFile(filepath.Join(folder, "d.example.com"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := r.kubeconfigOf("d.example.com"); err == nil {
		t.Error("a broken file counts as no file")
	}
}
