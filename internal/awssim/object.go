package awssim

import (
	"crypto/md5" //nolint:gosec // S3's entity tags are MD5
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// object is the newest version of one; there are no older ones.
type object struct {
	Data     string // a string, so that a copy of the world shares it
	ETag     string
	Modified time.Time
	// Headers are given back as they came: the content type and whatever the user added.
	Headers map[string]string
	// Checksums by header name.
	Checksums map[string]string
}

// keptHeaders come back with the object.
var keptHeaders = []string{"Content-Type", "Cache-Control", "Content-Disposition", "Content-Language", "Content-Encoding"}

const maxKey = 1024 // bytes, https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html

func (w *world) putObject(in s3Request) (s3Answer, error) {
	b, err := w.bucket(in)
	if err != nil {
		return s3Answer{}, err
	}
	if len(in.Key) > maxKey {
		return s3Answer{}, refuse("KeyTooLongError", "Your key is too long")
	}
	old := b.Objects[in.Key]
	if err := mayPut(old, in.Header); err != nil {
		return s3Answer{}, err
	}
	content, err := readBody(in.Header, in.Body)
	if err != nil {
		return s3Answer{}, err
	}
	sum := md5.Sum(content.data) //nolint:gosec // see above
	made := &object{
		Data: string(content.data), ETag: strconv.Quote(hex.EncodeToString(sum[:])), Modified: w.now(),
		Headers: objectHeaders(in.Header), Checksums: content.checksums,
	}
	b.Objects[in.Key] = made
	header := map[string]string{"ETag": made.ETag, "x-amz-server-side-encryption": "AES256"}
	maps.Copy(header, made.Checksums)
	return s3Answer{header: header}, nil
}

// mayPut judges the conditions of a conditional write.
func mayPut(old *object, header http.Header) error {
	failed := refuseStatus(http.StatusPreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
	match, none := header.Get("If-Match"), header.Get("If-None-Match")
	switch {
	case none == "*" && old != nil:
		return failed
	case none != "" && none != "*":
		return notImplemented("If-None-Match with an entity tag")
	case match != "" && old == nil:
		return noSuchKey()
	case match != "" && strings.Trim(match, `"`) != strings.Trim(old.ETag, `"`):
		return failed
	}
	return nil
}

func objectHeaders(header http.Header) map[string]string {
	kept := map[string]string{"Content-Type": "binary/octet-stream"}
	for name := range header {
		if strings.HasPrefix(strings.ToLower(name), "x-amz-meta-") {
			kept[strings.ToLower(name)] = header.Get(name)
		}
	}
	for _, name := range keptHeaders {
		if value := header.Get(name); value != "" {
			kept[name] = value
		}
	}
	if encoding := withoutChunks(kept["Content-Encoding"]); encoding != "" {
		kept["Content-Encoding"] = encoding
	} else {
		delete(kept, "Content-Encoding")
	}
	return kept
}

func noSuchKey() *apiError {
	return refuseStatus(http.StatusNotFound, "NoSuchKey", "The specified key does not exist.")
}

func (w *world) object(in s3Request) (*object, error) {
	b, err := w.bucket(in)
	if err != nil {
		return nil, err
	}
	o, found := b.Objects[in.Key]
	if !found {
		return nil, noSuchKey()
	}
	match, none := in.Header.Get("If-Match"), in.Header.Get("If-None-Match")
	switch {
	case match != "" && match != "*" && strings.Trim(match, `"`) != strings.Trim(o.ETag, `"`):
		return nil, refuseStatus(http.StatusPreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
	case none != "" && (none == "*" || strings.Trim(none, `"`) == strings.Trim(o.ETag, `"`)):
		return nil, refuseStatus(http.StatusNotModified, "NotModified", "Not Modified")
	}
	return o, nil
}

// getObject gives the whole object or one range of it.
func (w *world) getObject(in s3Request) (s3Answer, error) {
	o, err := w.object(in)
	if err != nil {
		return s3Answer{}, err
	}
	answer := s3Answer{header: o.header(in.Header), data: o.Data}
	asked := in.Header.Get("Range")
	if asked == "" {
		return answer, nil
	}
	from, to, err := byteRange(asked, len(o.Data))
	if err != nil {
		return s3Answer{}, err
	}
	answer.status, answer.data = http.StatusPartialContent, o.Data[from:to]
	answer.header["Content-Range"] = fmt.Sprintf("bytes %d-%d/%d", from, to-1, len(o.Data))
	for name := range o.Checksums { // they are of the whole
		delete(answer.header, name)
	}
	return answer, nil
}

func (w *world) headObject(in s3Request) (s3Answer, error) {
	in.Header = in.Header.Clone()
	in.Header.Del("Range")
	return w.getObject(in)
}

func (o *object) header(asked http.Header) map[string]string {
	header := maps.Clone(o.Headers)
	header["ETag"], header["Accept-Ranges"] = o.ETag, "bytes"
	header["Last-Modified"] = o.Modified.UTC().Format(http.TimeFormat)
	header["x-amz-server-side-encryption"] = "AES256"
	if asked.Get("x-amz-checksum-mode") == "ENABLED" {
		maps.Copy(header, o.Checksums)
	}
	return header
}

// byteRange reads bytes=FROM-TO, bytes=FROM- and bytes=-LAST; the end is exclusive.
func byteRange(text string, size int) (from, to int, err error) {
	bad := refuseStatus(http.StatusRequestedRangeNotSatisfiable, "InvalidRange", "The requested range is not satisfiable")
	first, last, ok := strings.Cut(strings.TrimPrefix(text, "bytes="), "-")
	if !ok {
		return 0, 0, bad
	}
	to = size
	if first == "" {
		n, err := strconv.Atoi(last)
		if err != nil || n <= 0 || size == 0 {
			return 0, 0, bad
		}
		return max(0, size-n), size, nil
	}
	if from, err = strconv.Atoi(first); err != nil || from >= size {
		return 0, 0, bad
	}
	if last != "" {
		n, err := strconv.Atoi(last)
		if err != nil || n < from {
			return 0, 0, bad
		}
		to = min(n+1, size)
	}
	return from, to, nil
}

// deleteObject succeeds for objects that are not there.
func (w *world) deleteObject(in s3Request) (s3Answer, error) {
	b, err := w.bucket(in)
	if err != nil {
		return s3Answer{}, err
	}
	delete(b.Objects, in.Key)
	return s3Answer{status: http.StatusNoContent}, nil
}
