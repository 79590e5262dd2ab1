package awssim

import (
	"encoding/base64"
	"encoding/xml"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const maxObjectsPage = 1000

type objectXML struct {
	Key          string
	LastModified time.Time
	ETag         string
	Size         int
	StorageClass string
}

type prefixXML struct {
	Prefix string
}

type listObjectsXML struct {
	XMLName               xml.Name `xml:"http://s3.amazonaws.com/doc/2006-03-01/ ListBucketResult"`
	Name                  string
	Prefix                string
	Delimiter             string `xml:",omitempty"`
	StartAfter            string `xml:",omitempty"`
	EncodingType          string `xml:",omitempty"`
	ContinuationToken     string `xml:",omitempty"`
	NextContinuationToken string `xml:",omitempty"`
	KeyCount, MaxKeys     int
	IsTruncated           bool
	Contents              []objectXML
	CommonPrefixes        []prefixXML
}

// listObjects lists keys in the order of their bytes. Keys that have the delimiter behind the prefix
// are told by their common prefixes alone, each of which counts as one.
func (w *world) listObjects(in s3Request) (s3Answer, error) {
	b, err := w.bucket(in)
	if err != nil {
		return s3Answer{}, err
	}
	q := in.Query
	out := listObjectsXML{
		Name: b.Name, Prefix: q.Get("prefix"), Delimiter: q.Get("delimiter"), StartAfter: q.Get("start-after"),
		ContinuationToken: q.Get("continuation-token"), EncodingType: q.Get("encoding-type"), MaxKeys: maxObjectsPage,
	}
	if asked := q.Get("max-keys"); asked != "" {
		n, err := strconv.Atoi(asked)
		if err != nil || n < 0 {
			return s3Answer{}, refuse("InvalidArgument", "Provided max-keys not an integer or within integer range")
		}
		out.MaxKeys = min(n, maxObjectsPage)
	}
	after := out.StartAfter
	if out.ContinuationToken != "" {
		text, err := base64.RawURLEncoding.DecodeString(out.ContinuationToken)
		if err != nil {
			return s3Answer{}, refuse("InvalidArgument", "The continuation token provided is incorrect")
		}
		after = string(text)
	}
	out.fill(b, after)
	if out.EncodingType == "url" {
		out.encode()
	}
	return s3Answer{xml: out}, nil
}

// fill takes what comes behind a key or a common prefix, up to the page's size.
func (out *listObjectsXML) fill(b *bucket, after string) {
	last := ""
	for _, key := range slices.Sorted(maps.Keys(b.Objects)) {
		rest, below := strings.CutPrefix(key, out.Prefix)
		if !below {
			continue
		}
		name, folder := key, false
		if first, _, found := strings.Cut(rest, out.Delimiter); out.Delimiter != "" && found {
			name, folder = out.Prefix+first+out.Delimiter, true
		}
		if name <= after || name == last {
			continue
		}
		if out.KeyCount == out.MaxKeys {
			out.IsTruncated, out.NextContinuationToken = out.MaxKeys > 0, base64.RawURLEncoding.EncodeToString([]byte(last))
			return
		}
		out.KeyCount++
		last = name
		if folder {
			out.CommonPrefixes = append(out.CommonPrefixes, prefixXML{name})
			continue
		}
		o := b.Objects[key]
		out.Contents = append(out.Contents, objectXML{key, o.Modified.UTC().Truncate(time.Second), o.ETag, len(o.Data), "STANDARD"})
	}
}

// encode writes names so that XML can hold them, which the aws command asks for.
func (out *listObjectsXML) encode() {
	escape := func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "%2F", "/") }
	out.Prefix, out.Delimiter, out.StartAfter = escape(out.Prefix), escape(out.Delimiter), escape(out.StartAfter)
	for i := range out.Contents {
		out.Contents[i].Key = escape(out.Contents[i].Key)
	}
	for i := range out.CommonPrefixes {
		out.CommonPrefixes[i].Prefix = escape(out.CommonPrefixes[i].Prefix)
	}
}
