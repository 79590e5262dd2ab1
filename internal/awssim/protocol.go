package awssim

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"maps"
	"net/http"
	"net/url"
	"strings"
)

// protocol is one of AWS's wire formats.
type protocol interface {
	// parse names the operation of a request and returns what decodes its parameters.
	parse(r *http.Request, body []byte) (operation string, decode func(in any) error, err error)
	// answer encodes the result of an operation.
	answer(operation, requestID string, out any) (response, error)
	// refusal encodes an error.
	refusal(requestID string, e *apiError) response
}

// response is an encoded answer, complete before the first byte is sent.
type response struct {
	status      int
	contentType string
	header      map[string]string // beyond the content type; may be nil
	body        []byte
}

// ec2Query is the protocol of EC2: form parameters in, XML out, an error envelope of its own.
type ec2Query struct{}

func (ec2Query) parse(r *http.Request, body []byte) (string, func(any) error, error) {
	return parseForm(r, body, "DryRun")
}

func (ec2Query) answer(operation, requestID string, out any) (response, error) {
	inner, err := innerXML(out)
	if err != nil {
		return response{}, err
	}
	return xmlResponse(http.StatusOK, struct {
		XMLName   xml.Name
		RequestID string `xml:"requestId"`
		Inner     []byte `xml:",innerxml"`
	}{
		XMLName:   xml.Name{Space: "http://ec2.amazonaws.com/doc/2016-11-15/", Local: operation + "Response"},
		RequestID: requestID,
		Inner:     inner,
	})
}

func (ec2Query) refusal(requestID string, e *apiError) response {
	r, _ := xmlResponse(e.Status, struct {
		XMLName   xml.Name `xml:"Response"`
		Code      string   `xml:"Errors>Error>Code"`
		Message   string   `xml:"Errors>Error>Message"`
		RequestID string   `xml:"RequestID"`
	}{Code: e.Code, Message: e.Message, RequestID: requestID})
	return r
}

// awsQuery is the protocol of Auto Scaling, Elastic Load Balancing, IAM and STS.
type awsQuery struct {
	namespace string
}

func (awsQuery) parse(r *http.Request, body []byte) (string, func(any) error, error) {
	return parseForm(r, body)
}

func (q awsQuery) answer(operation, requestID string, out any) (response, error) {
	inner, err := innerXML(out)
	if err != nil {
		return response{}, err
	}
	type result struct {
		XMLName xml.Name
		Inner   []byte `xml:",innerxml"`
	}
	return xmlResponse(http.StatusOK, struct {
		XMLName   xml.Name
		Result    result
		RequestID string `xml:"ResponseMetadata>RequestId"`
	}{
		XMLName:   xml.Name{Space: q.namespace, Local: operation + "Response"},
		Result:    result{XMLName: xml.Name{Local: operation + "Result"}, Inner: inner},
		RequestID: requestID,
	})
}

func (q awsQuery) refusal(requestID string, e *apiError) response {
	blame := "Sender"
	if e.Status >= http.StatusInternalServerError {
		blame = "Receiver"
	}
	r, _ := xmlResponse(e.Status, struct {
		XMLName   xml.Name
		Type      string `xml:"Error>Type"`
		Code      string `xml:"Error>Code"`
		Message   string `xml:"Error>Message"`
		RequestID string `xml:"RequestId"`
	}{
		XMLName: xml.Name{Space: q.namespace, Local: "ErrorResponse"},
		Type:    blame, Code: e.Code, Message: e.Message, RequestID: requestID,
	})
	return r
}

// parseForm reads the parameters of either query protocol. The ones it keeps to itself are those of
// the envelope: Action, Version, and whatever else is named.
func parseForm(r *http.Request, body []byte, envelope ...string) (string, func(any) error, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return "", nil, refuse("MalformedQueryString", "The query string is malformed: %v", err)
	}
	maps.Copy(form, r.URL.Query())
	action, dryRun := form.Get("Action"), form.Get("DryRun")
	for _, key := range append(envelope, "Action", "Version") {
		delete(form, key)
	}
	decode := func(in any) error {
		if err := decodeForm(form, in); err != nil {
			return err
		}
		if dryRun == "true" {
			return refuseStatus(http.StatusPreconditionFailed, "DryRunOperation",
				"Request would have succeeded, but DryRun flag is set.")
		}
		return nil
	}
	return action, decode, nil
}

// version is the API version that a request of a query protocol names; empty for the other protocols.
func version(r *http.Request, body []byte) string {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return ""
	}
	return cmp.Or(form.Get("Version"), r.URL.Query().Get("Version"))
}

// isDryRun reports whether a call to EC2 only asks what would be said to it.
func isDryRun(service string, body []byte) bool {
	form, err := url.ParseQuery(string(body))
	return err == nil && service == "ec2" && form.Get("DryRun") == "true"
}

// innerXML encodes the fields of a struct without an element around them; nil encodes as nothing.
func innerXML(out any) ([]byte, error) {
	if out == nil {
		return nil, nil
	}
	var b bytes.Buffer
	if err := xml.NewEncoder(&b).EncodeElement(out, xml.StartElement{Name: xml.Name{Local: "x"}}); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(bytes.TrimPrefix(b.Bytes(), []byte("<x>")), []byte("</x>")), nil
}

func xmlResponse(status int, v any) (response, error) {
	body, err := xml.Marshal(v)
	if err != nil {
		return response{}, err
	}
	return response{status: status, contentType: "text/xml;charset=UTF-8", body: append([]byte(strings.TrimSuffix(xml.Header, "\n")), body...)}, nil
}

// items is a list as EC2 writes it: <vpcSet><item>…</item></vpcSet>, present even when empty.
type items[T any] struct {
	Items []T `xml:"item"`
}

// itemsOf wraps each element of a list for the wire.
func itemsOf[S, T any](list []S, wrap func(S) T) items[T] {
	out := items[T]{}
	for _, v := range list {
		out.Items = append(out.Items, wrap(v))
	}
	return out
}

// members is a list as the query protocol writes it: <Subnets><member>…</member></Subnets>.
type members[T any] struct {
	Members []T `xml:"member"`
}

// done is EC2's answer to operations that have nothing to say: <return>true</return>.
type done struct {
	Return bool `xml:"return"`
}

var ok = done{Return: true}
