package main

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/internal/kopsmade"
)

// kopsMain is the program kops of the scripts, which does what kops has done before anybody looks:
//
//	kops make CLUSTER DOCUMENT.json   makes a cluster's resources from a Terraform document
//	kops store BUCKET MANIFEST        keeps the documents of a manifest in a new bucket, below kops/
//	kops backup BUCKET PREFIX AGE     keeps a backup of that age there, as etcd-manager does, in a new bucket
func kopsMain() {
	if err := kops(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "kops:", err)
		os.Exit(1)
	}
}

func kops(ctx context.Context, args []string) error {
	if len(args) < 3 {
		return fmt.Errorf("unknown arguments %q", args)
	}
	clients, err := awsapi.Load(ctx, awsapi.Options{Region: "us-east-1", Guard: func(context.Context, string) error { return nil }})
	if err != nil {
		return err
	}
	if args[0] == "backup" {
		return backUp(ctx, clients.S3, args[1], args[2], args[3])
	}
	data, err := os.ReadFile(args[2])
	if err != nil {
		return err
	}
	switch args[0] {
	case "make":
		zone, err := clients.Route53.ListHostedZonesByName(ctx, &route53.ListHostedZonesByNameInput{DNSName: aws.String("example.com")})
		if err != nil {
			return err
		}
		id := strings.TrimPrefix(*zone.HostedZones[0].Id, "/hostedzone/")
		_, err = kopsmade.Make(ctx, clients, data, kopsmade.Setting{Cluster: args[1], Zone: id, Variables: map[string]string{"hosted_zone_id": id}})
		return err
	case "store":
		return keep(ctx, clients.S3, args[1], string(data))
	}
	return fmt.Errorf("unknown command %s", args[0])
}

// backUp writes what etcd-manager does, its mark last.
func backUp(ctx context.Context, client *s3.Client, bucket, prefix, age string) error {
	old, err := time.ParseDuration(age)
	if err != nil {
		return err
	}
	if _, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
		return err
	}
	folder := prefix + "/" + time.Now().Add(-old).UTC().Format(time.RFC3339) + "-000001/"
	for _, file := range []string{"etcd.backup.gz", "_etcd_backup.meta"} {
		if _, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: aws.String(folder + file), Body: strings.NewReader("backup")}); err != nil {
			return err
		}
	}
	return nil
}

var (
	documentKind = regexp.MustCompile(`(?m)^kind: (\w+)$`)
	documentName = regexp.MustCompile(`(?m)^  name: (\S+)$`)
)

// keep lays a state store out as kops does, with keys and secrets that nobody is to open.
func keep(ctx context.Context, client *s3.Client, bucket, manifest string) error {
	if _, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &bucket}); err != nil {
		return err
	}
	objects, cluster := map[string]string{}, ""
	for _, document := range documentEnd.Split(manifest, -1) {
		kind, name := documentKind.FindStringSubmatch(document), documentName.FindStringSubmatch(document)
		switch {
		case kind == nil || name == nil:
		case kind[1] == "Cluster":
			cluster = name[1]
			objects["config"], objects["cluster-completed.spec"] = document, document
		case kind[1] == "InstanceGroup":
			objects["instancegroup/"+name[1]] = document
		}
	}
	objects["pki/private/kubernetes-ca/keyset.yaml"] = "a private key"
	objects["secrets/admin"] = "a secret"
	for key, text := range objects {
		_, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: aws.String("kops/" + cluster + "/" + key), Body: strings.NewReader(text)})
		if err != nil {
			return err
		}
	}
	return nil
}

var documentEnd = regexp.MustCompile(`(?m)^---[ \t]*$`)
