package contract

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"
)

func TestObjectsOfAStateStoreAreKeptAlikeInBothWorlds(t *testing.T) {
	for name, open := range map[string]func(*testing.T) world{"simulator": simulator, "moto": moto} {
		t.Run(name, func(t *testing.T) { tellObjects(t, open(t).clients.S3) })
	}
}

// tellObjects puts, lists, reads and deletes, as a state store has it done.
func tellObjects(t *testing.T, client *s3.Client) {
	bucket, ctx := aws.String("state-store"), t.Context()
	if _, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: bucket}); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"kops/a/config", "kops/a/instancegroup/nodes", "kops/b/config", "other"} {
		if _, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: bucket, Key: &key, Body: strings.NewReader("text of " + key)}); err != nil {
			t.Fatal(err)
		}
	}
	// One at a time, so that there is a second page.
	var keys []string
	pages := s3.NewListObjectsV2Paginator(client, &s3.ListObjectsV2Input{Bucket: bucket, Prefix: aws.String("kops/a/"), MaxKeys: aws.Int32(1)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Contents {
			keys = append(keys, *o.Key)
		}
	}
	if diff := cmp.Diff([]string{"kops/a/config", "kops/a/instancegroup/nodes"}, keys); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	config := aws.String("kops/a/config")
	head, err := client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: bucket, Key: config})
	if err != nil || aws.ToInt64(head.ContentLength) != int64(len("text of kops/a/config")) {
		t.Errorf("head: %v, %v", head, err)
	}
	got, err := client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: config})
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	if text, err := io.ReadAll(got.Body); err != nil || string(text) != "text of kops/a/config" {
		t.Errorf("read %q, %v", text, err)
	}
	if _, err := client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: bucket, Key: config}); err != nil {
		t.Fatal(err)
	}
	_, err = client.GetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: config})
	if answer, ok := errors.AsType[smithy.APIError](err); !ok || answer.ErrorCode() != "NoSuchKey" {
		t.Errorf("reading what was deleted: %v, want NoSuchKey", err)
	}
}
