package desired

import (
	"net/url"
	"slices"
	"strings"
)

// location is a path in an S3 bucket.
type location struct{ bucket, path string }

// parseStore reads s3://BUCKET/PATH. Stores in memory (memfs://) exist in kops for tests; it grants them
// placeholder buckets, one for reading and one for writing, and so do we.
func parseStore(store, placeholder string) (location, bool) {
	u, err := url.Parse(store)
	if err != nil || u.Host == "" {
		return location{}, false
	}
	path := strings.Trim(u.Path, "/")
	switch u.Scheme {
	case "s3":
		return location{u.Host, path}, true
	case "memfs":
		return location{placeholder, strings.Trim(u.Host+"/"+path, "/")}, true
	}
	return location{}, false
}

func (m manifest) readStore() location {
	l, _ := parseStore(m.Spec.ConfigBase, "placeholder-read-bucket")
	return l
}

func (m manifest) backupStores() []location {
	var stores []location
	for _, e := range m.Spec.EtcdClusters {
		l, _ := parseStore(e.Backups.Store, "placeholder-write-bucket")
		stores = append(stores, l)
	}
	return stores
}

func (m manifest) objects(l location) string {
	return m.arn("s3:::" + strings.TrimSuffix(l.bucket+"/"+l.path, "/") + "/*")
}

func (m manifest) readStoreStatements() []statement {
	return []statement{allow(actions("s3", "Get*"), nil, m.objects(m.readStore()))}
}

func (m manifest) backupStatements() []statement {
	var list []statement
	for _, store := range m.backupStores() {
		list = append(list, allow(actions("s3", "DeleteObject", "DeleteObjectVersion", "GetObject", "PutObject"), nil, m.objects(store)))
	}
	return list
}

// bucketStatements let machines look into the buckets they use.
func (m manifest) bucketStatements(backups bool) []statement {
	buckets := []string{m.readStore().bucket}
	if backups {
		for _, store := range m.backupStores() {
			buckets = append(buckets, store.bucket)
		}
	}
	slices.Sort(buckets)
	var list []statement
	for _, bucket := range slices.Compact(buckets) {
		list = append(list, allow(actions("s3", "GetBucketLocation", "GetEncryptionConfiguration", "ListBucket", "ListBucketVersions"), nil, m.arn("s3:::"+bucket)))
	}
	return list
}
