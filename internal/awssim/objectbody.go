package awssim

import (
	"bytes"
	"crypto/md5"  //nolint:gosec // one of S3's checksums
	"crypto/sha1" //nolint:gosec // one of S3's checksums
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// objectBody is what came, freed from the form in which it was sent.
type objectBody struct {
	data      []byte
	checksums map[string]string
}

// nvme is the polynomial of CRC-64/NVME, reversed as package crc64 wants it.
const nvme = 0x9a6c9329ac4bc9b5

// checksums are the headers by which S3 takes them.
var checksums = map[string]func() hash.Hash{
	"x-amz-checksum-crc32":     func() hash.Hash { return crc32.NewIEEE() },
	"x-amz-checksum-crc32c":    func() hash.Hash { return crc32.New(crc32.MakeTable(crc32.Castagnoli)) },
	"x-amz-checksum-crc64nvme": func() hash.Hash { return crc64.New(crc64.MakeTable(nvme)) },
	"x-amz-checksum-sha1":      sha1.New,
	"x-amz-checksum-sha256":    sha256.New,
}

// readBody takes chunks apart and checks every checksum that was sent, before the data or behind it.
// An object without any gets the CRC64 that S3 works out by itself.
func readBody(header http.Header, body []byte) (objectBody, error) {
	content := objectBody{data: body, checksums: map[string]string{}}
	sent := map[string]string{}
	if strings.HasPrefix(header.Get("x-amz-content-sha256"), "STREAMING-") {
		var err error
		if content.data, sent, err = unchunk(body); err != nil {
			return objectBody{}, err
		}
		if n := header.Get("x-amz-decoded-content-length"); n != strconv.Itoa(len(content.data)) {
			return objectBody{}, refuse("IncompleteBody", "You did not provide the number of bytes specified by the Content-Length HTTP header")
		}
	}
	for name := range checksums {
		if value := header.Get(name); value != "" {
			sent[name] = value
		}
	}
	for _, name := range slices.Sorted(maps.Keys(sent)) {
		if checksums[name] == nil {
			continue
		}
		if sent[name] != checksum(name, content.data) {
			return objectBody{}, refuse("BadDigest", "The %s you specified did not match the calculated checksum.", strings.ToUpper(strings.TrimPrefix(name, "x-amz-checksum-")))
		}
		content.checksums[name] = sent[name]
	}
	if len(content.checksums) == 0 {
		content.checksums["x-amz-checksum-crc64nvme"] = checksum("x-amz-checksum-crc64nvme", content.data)
	}
	return content, checkDigests(header, content.data)
}

func checksum(name string, data []byte) string {
	h := checksums[name]()
	h.Write(data)
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// checkDigests compares the two older ways to say what was sent.
func checkDigests(header http.Header, data []byte) error {
	sum := md5.Sum(data) //nolint:gosec // see above
	if said := header.Get("Content-Md5"); said != "" && said != base64.StdEncoding.EncodeToString(sum[:]) {
		return refuse("BadDigest", "The Content-MD5 you specified did not match what we received.")
	}
	whole := sha256.Sum256(data)
	if said := header.Get("x-amz-content-sha256"); len(said) == 2*sha256.Size && said != hex.EncodeToString(whole[:]) {
		return refuse("XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed.")
	}
	return nil
}

// unchunk reads the aws-chunked form: SIZE[;chunk-signature=…] CRLF data CRLF …, a chunk of no size,
// and trailers. Signatures are not checked, here as elsewhere.
func unchunk(body []byte) (data []byte, trailers map[string]string, err error) {
	broken := refuse("InvalidChunkSizeError", "Only the last chunk is allowed to have a size less than 8192 bytes")
	for {
		line, rest, found := bytes.Cut(body, []byte("\r\n"))
		hexSize, _, _ := strings.Cut(string(line), ";")
		size, err := strconv.ParseInt(hexSize, 16, 32)
		if !found || err != nil || size < 0 || size > int64(len(rest)) {
			return nil, nil, broken
		}
		if size == 0 {
			return data, trailersIn(rest), nil
		}
		data = append(data, rest[:size]...)
		body = bytes.TrimPrefix(rest[size:], []byte("\r\n"))
	}
}

func trailersIn(text []byte) map[string]string {
	trailers := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if name, value, found := strings.Cut(strings.TrimSpace(line), ":"); found {
			trailers[strings.ToLower(name)] = strings.TrimSpace(value)
		}
	}
	return trailers
}

// withoutChunks is a content encoding without the one that was only for the way.
func withoutChunks(encoding string) string {
	var kept []string
	for part := range strings.SplitSeq(encoding, ",") {
		if part = strings.TrimSpace(part); part != "" && part != "aws-chunked" {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, ",")
}
