package awssim_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/internal/awssim"
)

func (w *world) s3(region string, options ...func(*s3.Options)) *s3.Client {
	cfg := w.aws.Copy()
	cfg.Region = region
	return s3.NewFromConfig(cfg, options...)
}

// bucket makes one in the simulated region.
func (w *world) bucket(t *testing.T, name string) *s3.Client {
	t.Helper()
	client := w.s3("us-east-1")
	call(client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name})).must(t)
	return client
}

func put(t *testing.T, client *s3.Client, bucket, key, text string) {
	t.Helper()
	call(client.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &bucket, Key: &key, Body: strings.NewReader(text)})).must(t)
}

func get(t *testing.T, client *s3.Client, in *s3.GetObjectInput) string {
	t.Helper()
	out := call(client.GetObject(t.Context(), in)).must(t)
	defer out.Body.Close()
	text, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestObjectsComeBackAsTheyWere(t *testing.T) {
	w := newWorld(t)
	client := w.bucket(t, "store")
	bucket, key := aws.String("store"), aws.String("kops/ha.example.com/a b+c%/ü")
	call(client.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: bucket, Key: key, Body: strings.NewReader("hello, world"), ContentType: aws.String("text/yaml"), Metadata: map[string]string{"by": "kops"},
	})).must(t)
	if text := get(t, client, &s3.GetObjectInput{Bucket: bucket, Key: key}); text != "hello, world" {
		t.Errorf("got %q", text)
	}
	for asked, want := range map[string]string{"bytes=0-4": "hello", "bytes=7-": "world", "bytes=-3": "rld", "bytes=7-99": "world"} {
		if text := get(t, client, &s3.GetObjectInput{Bucket: bucket, Key: key, Range: aws.String(asked)}); text != want {
			t.Errorf("%s is %q, want %q", asked, text, want)
		}
	}
	head := call(client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: bucket, Key: key})).must(t)
	if *head.ContentLength != 12 || *head.ContentType != "text/yaml" || head.Metadata["by"] != "kops" || *head.ETag != `"e4d7f1b4ed2e42d15898f4b27b019da4"` {
		t.Errorf("head %+v", head)
	}
	call(client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: bucket, Key: key})).must(t)
	call(client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: bucket, Key: key})).must(t)
	call(client.GetObject(t.Context(), &s3.GetObjectInput{Bucket: bucket, Key: key})).refused(t, "NoSuchKey")
}

// Clients of today send a checksum before the data or behind it, and check the one they get.
func TestChecksumsOfEveryAlgorithmAreChecked(t *testing.T) {
	w := newWorld(t)
	client := w.bucket(t, "store")
	for _, algorithm := range types.ChecksumAlgorithmCrc32.Values() {
		if strings.HasPrefix(string(algorithm), "XXHASH") || algorithm == "SHA512" || algorithm == "MD5" {
			continue
		}
		t.Run(string(algorithm), func(t *testing.T) {
			call(client.PutObject(t.Context(), &s3.PutObjectInput{
				Bucket: aws.String("store"), Key: aws.String("x"), Body: strings.NewReader("data"), ChecksumAlgorithm: algorithm,
			})).must(t)
			if text := get(t, client, &s3.GetObjectInput{Bucket: aws.String("store"), Key: aws.String("x"), ChecksumMode: types.ChecksumModeEnabled}); text != "data" {
				t.Errorf("got %q", text)
			}
		})
	}
	call(client.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: aws.String("store"), Key: aws.String("x"), Body: strings.NewReader("data"), ChecksumCRC32: aws.String("AAAAAA=="),
	})).refused(t, "BadDigest")
}

func TestChunksAndTrailersAreTakenApart(t *testing.T) {
	w := newWorld(t)
	client := w.bucket(t, "store")
	body := "5;chunk-signature=aa\r\nhello\r\n7\r\n, world\r\n0\r\nx-amz-checksum-crc32:%s\r\n\r\n"
	for sum, want := range map[string]int{"/6tyOg==": http.StatusOK, "AAAAAA==": http.StatusBadRequest} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, *w.aws.BaseEndpoint+"/store/chunked", strings.NewReader(fmt.Sprintf(body, sum)))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKID/20260801/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0")
		request.Header.Set("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
		request.Header.Set("x-amz-decoded-content-length", "12")
		request.Header.Set("Content-Encoding", "aws-chunked")
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("the checksum %s got %s", sum, answer.Status)
		}
	}
	if text := get(t, client, &s3.GetObjectInput{Bucket: aws.String("store"), Key: aws.String("chunked")}); text != "hello, world" {
		t.Errorf("got %q", text)
	}
}

func TestListingGoesPageByPageAndFolderByFolder(t *testing.T) {
	w := newWorld(t)
	client := w.bucket(t, "store")
	for _, key := range []string{"a/config", "a/instancegroup/nodes", "a/instancegroup/masters", "a.b/config", "b", "c/config"} {
		put(t, client, "store", key, key)
	}
	var folders, keys []string
	for _, in := range []*s3.ListObjectsV2Input{
		{Bucket: aws.String("store"), Delimiter: aws.String("/"), MaxKeys: aws.Int32(1)},
		{Bucket: aws.String("store"), Prefix: aws.String("a/"), MaxKeys: aws.Int32(2)},
	} {
		for pages := s3.NewListObjectsV2Paginator(client, in); pages.HasMorePages(); {
			page := call(pages.NextPage(t.Context())).must(t)
			if len(page.Contents)+len(page.CommonPrefixes) > int(*in.MaxKeys) || len(page.Contents)+len(page.CommonPrefixes) != int(*page.KeyCount) {
				t.Errorf("a page has %d and %d", len(page.Contents), len(page.CommonPrefixes))
			}
			for _, o := range page.Contents {
				keys = append(keys, *o.Key)
			}
			for _, p := range page.CommonPrefixes {
				folders = append(folders, *p.Prefix)
			}
		}
	}
	if diff := cmp.Diff([]string{"a.b/", "a/", "c/"}, folders); diff != "" {
		t.Errorf("folders (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"b", "a/config", "a/instancegroup/masters", "a/instancegroup/nodes"}, keys); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}

func TestBucketsAreRefusedAsInS3(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	client := w.bucket(t, "store")
	put(t, client, "store", "x", "y")
	irish := &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraintEuWest1}
	call(client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("irish"), CreateBucketConfiguration: irish})).must(t)
	try(t, []refusal{
		{"a bucket that is not there", func() error {
			return only(client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String("nobodys")}))
		}, "NoSuchBucket"},
		{"or asked for without a body in the answer", func() error {
			return only(client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: aws.String("nobodys")}))
		}, "NotFound"},
		{"a bucket that is elsewhere", func() error {
			return only(client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: aws.String("irish")}))
		}, "PermanentRedirect"},
		{"a bucket with something in it", func() error {
			return only(client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: aws.String("store")}))
		}, "BucketNotEmpty"},
		{"a bucket outside the region that is asked", func() error {
			return only(w.s3("eu-central-1").CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("x-bucket")}))
		}, "IllegalLocationConstraintException"},
		{"a name in capitals", func() error {
			return only(client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String("STORE")}))
		}, "InvalidBucketName"},
		{"an object that is there, if it must not be", func() error {
			return only(client.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String("store"), Key: aws.String("x"), IfNoneMatch: aws.String("*"), Body: strings.NewReader("z")}))
		}, "PreconditionFailed"},
		{"what is not simulated", func() error {
			return only(client.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{Bucket: aws.String("store"), VersioningConfiguration: &types.VersioningConfiguration{}}))
		}, "NotImplemented"},
	})
	where := call(client.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: aws.String("irish")})).must(t)
	if where.LocationConstraint != types.BucketLocationConstraintEuWest1 {
		t.Errorf("it is in %q", where.LocationConstraint)
	}
	put(t, w.s3("eu-west-1"), "irish", "x", "y")
	w.SetIntercept(awssim.OnOperation("s3", "GetObject", awssim.Deny))
	call(client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("store"), Key: aws.String("x")})).refused(t, "AccessDenied")
}

// The bucket may stand in the name of the host, as it does in AWS.
func TestVirtualHostsAreBuckets(t *testing.T) {
	w := newWorld(t)
	endpoint, err := url.Parse(*w.aws.BaseEndpoint)
	if err != nil {
		t.Fatal(err)
	}
	w.aws.BaseEndpoint = nil
	w.aws.HTTPClient = roundTrip(func(r *http.Request) (*http.Response, error) {
		if !strings.HasPrefix(r.URL.Host, "store.s3.") {
			t.Errorf("the host is %s", r.URL.Host)
		}
		r.Host, r.URL.Scheme, r.URL.Host = r.URL.Host, "http", endpoint.Host
		return http.DefaultClient.Do(r)
	})
	client := w.bucket(t, "store")
	// Over https, as the SDK believes, the checksum comes behind the data.
	_, err = client.PutObject(context.WithoutCancel(t.Context()), &s3.PutObjectInput{Bucket: aws.String("store"), Key: aws.String("a/b"), Body: bytes.NewReader([]byte("data"))})
	if err != nil {
		t.Fatal(err)
	}
	if text := get(t, client, &s3.GetObjectInput{Bucket: aws.String("store"), Key: aws.String("a/b")}); text != "data" {
		t.Errorf("got %q", text)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) Do(r *http.Request) (*http.Response, error) { r.RequestURI = ""; return f(r) }
