package awssim

import (
	"encoding/xml"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// s3Operations is all of S3 that the simulator knows: buckets and whole objects. Reads are of the
// present even where other services read stale, as S3 promises.
var s3Operations = map[string]operation{
	"ListBuckets":       present((*world).listBuckets),
	"CreateBucket":      mutates((*world).createBucket),
	"HeadBucket":        present((*world).headBucket),
	"GetBucketLocation": present((*world).getBucketLocation),
	"DeleteBucket":      mutates((*world).deleteBucket),
	"ListObjectsV2":     present((*world).listObjects),
	"PutObject":         mutates((*world).putObject),
	"GetObject":         present((*world).getObject),
	"HeadObject":        present((*world).headObject),
	"DeleteObject":      mutates((*world).deleteObject),
}

// present makes the row of a read that is never stale.
func present[In, Out any](f func(*world, In) (Out, error)) operation {
	return operation{strong: true, run: typed(f)}
}

// s3Request is the input of all operations: S3 says more in headers than other services do.
type s3Request struct {
	// Region is the one that the request is signed for.
	Region      string
	Bucket, Key string
	Query       url.Values
	Header      http.Header
	Body        []byte
}

// s3Answer is the output of all operations.
type s3Answer struct {
	status int // 0 means 200
	header map[string]string
	xml    any // nil for none
	data   string
}

// s3Route is how an operation is asked for: a method, on an object or not, with certain parameters.
type s3Route struct {
	method, level string
	operation     string
	required      string // a parameter, perhaps with =value
	optional      []string
}

const onAccount, onBucket, onObject = "account", "bucket", "object"

var s3Routes = []s3Route{
	{http.MethodGet, onAccount, "ListBuckets", "", nil},
	{http.MethodPut, onBucket, "CreateBucket", "", nil},
	{http.MethodHead, onBucket, "HeadBucket", "", nil},
	{http.MethodDelete, onBucket, "DeleteBucket", "", nil},
	{http.MethodGet, onBucket, "GetBucketLocation", "location", nil},
	{http.MethodGet, onBucket, "ListObjectsV2", "list-type=2",
		[]string{"prefix", "delimiter", "max-keys", "continuation-token", "start-after", "encoding-type", "fetch-owner"}},
	{http.MethodPut, onObject, "PutObject", "", nil},
	{http.MethodGet, onObject, "GetObject", "", nil},
	{http.MethodHead, onObject, "HeadObject", "", nil},
	{http.MethodDelete, onObject, "DeleteObject", "", nil},
}

// takes reports whether the parameters are those of the route. The SDK names the operation in one
// more, x-id.
func (r s3Route) takes(query url.Values) bool {
	name, value, _ := strings.Cut(r.required, "=")
	if name != "" && (!query.Has(name) || query.Get(name) != value) {
		return false
	}
	for parameter := range query {
		if parameter != name && parameter != "x-id" && !slices.Contains(r.optional, parameter) {
			return false
		}
	}
	return true
}

// s3XML is the protocol of S3: like Route 53's in kind, and in no detail.
type s3XML struct{}

func (s3XML) parse(r *http.Request, body []byte) (string, func(any) error, error) {
	bucket, key := bucketAndKey(r.Host, r.URL.Path)
	level := onObject
	switch {
	case bucket == "":
		level = onAccount
	case key == "":
		level = onBucket
	}
	for _, route := range s3Routes {
		if route.method != r.Method || route.level != level || !route.takes(r.URL.Query()) {
			continue
		}
		if name, strange := strangeHeader(r.Header); strange {
			return "", nil, notImplemented("the header " + name)
		}
		request := s3Request{Region: signedRegion(r), Bucket: bucket, Key: key, Query: r.URL.Query(), Header: r.Header, Body: body}
		return route.operation, func(in any) error { *in.(*s3Request) = request; return nil }, nil
	}
	return "", nil, notImplemented(r.Method + " of " + level + " with ?" + r.URL.RawQuery)
}

// notImplemented is S3's own refusal; what is not simulated must not be ignored.
func notImplemented(what string) *apiError {
	return refuseStatus(http.StatusNotImplemented, "NotImplemented", "A header or parameter you provided implies functionality that is not implemented: %s", what)
}

// bucketAndKey reads both styles: the bucket as the first label of the host, or of the path.
func bucketAndKey(host, path string) (bucket, key string) {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	for _, mark := range []string{".s3.", ".s3-", ".localhost"} {
		if before, _, found := strings.Cut(host+".", mark); found && net.ParseIP(host) == nil {
			return before, strings.TrimPrefix(path, "/")
		}
	}
	bucket, key, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return bucket, key
}

func signedRegion(r *http.Request) string {
	if m := credentialScope.FindStringSubmatch(r.Header.Get("Authorization")); m != nil {
		return m[2]
	}
	return ""
}

func (s3XML) answer(_, requestID string, out any) (response, error) {
	a := out.(s3Answer)
	answer := response{status: max(a.status, http.StatusOK), contentType: "application/xml", header: map[string]string{"x-amz-request-id": requestID}}
	maps.Copy(answer.header, a.header)
	if answer.header["Content-Type"] != "" {
		answer.contentType = answer.header["Content-Type"]
	}
	answer.body = []byte(a.data)
	if a.xml != nil {
		text, err := xml.Marshal(a.xml)
		if err != nil {
			return response{}, err
		}
		answer.body = append([]byte(xml.Header), text...)
	}
	return answer, nil
}

func (s3XML) refusal(requestID string, e *apiError) response {
	if e.Code == "Throttling" { // S3's word for it
		e = refuseStatus(http.StatusServiceUnavailable, "SlowDown", "Please reduce your request rate.")
	}
	r, _ := xmlResponse(e.Status, struct {
		XMLName   xml.Name `xml:"Error"`
		Code      string
		Message   string
		Region    string `xml:",omitempty"`
		RequestID string `xml:"RequestId"`
	}{Code: e.Code, Message: e.Message, Region: e.Region, RequestID: requestID})
	r.contentType = "application/xml"
	if e.Region != "" {
		r.header = map[string]string{"x-amz-bucket-region": e.Region}
	}
	return r
}

// plainHeaders are those that S3 reads and the simulator need not, or keeps as they are.
var plainHeaders = []string{
	"x-amz-date", "x-amz-content-sha256", "x-amz-security-token", "x-amz-user-agent", "x-amz-decoded-content-length", "x-amz-trailer",
	"x-amz-sdk-checksum-algorithm", "x-amz-checksum-mode", "x-amz-checksum-algorithm", "x-amz-request-payer", "x-amz-expected-bucket-owner",
}

// strangeHeader finds one that asks for something that the simulator does not do.
func strangeHeader(header http.Header) (string, bool) {
	for name := range header {
		name = strings.ToLower(name)
		kept := strings.HasPrefix(name, "x-amz-meta-") || strings.HasPrefix(name, "x-amz-checksum-") || strings.HasPrefix(name, "x-amz-server-side-encryption")
		if strings.HasPrefix(name, "x-amz-") && !kept && !slices.Contains(plainHeaders, name) {
			return name, true
		}
	}
	return "", false
}
