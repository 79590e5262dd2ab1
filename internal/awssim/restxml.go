package awssim

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// restXML is the protocol of Route 53: the operation is a method and a path, parameters stand in the
// path, in the query and in an XML body, and answers are XML.
type restXML struct {
	namespace string
	routes    []restRoute
}

// restRoute is how one operation is asked for.
type restRoute struct {
	method string
	// path has parameters in braces: /2013-04-01/hostedzone/{Id}.
	path      string
	operation string
	// status of the answer; 0 means 200.
	status int
}

func (p restXML) parse(r *http.Request, body []byte) (string, func(any) error, error) {
	query := r.URL.Query()
	for _, candidate := range p.routes {
		params, matches := candidate.match(r)
		if !matches {
			continue
		}
		return candidate.operation, func(in any) error { return decodeREST(in, params, query, body) }, nil
	}
	return "", nil, refuseStatus(http.StatusNotFound, "InvalidAction", "%s %s is no operation of this service.", r.Method, r.URL.Path)
}

func (p restXML) answer(operation, _ string, out any) (response, error) {
	inner, err := innerXML(out)
	if err != nil {
		return response{}, err
	}
	status := http.StatusOK
	for _, r := range p.routes {
		if r.operation == operation && r.status != 0 {
			status = r.status
		}
	}
	return xmlResponse(status, struct {
		XMLName xml.Name
		Inner   []byte `xml:",innerxml"`
	}{xml.Name{Space: p.namespace, Local: operation + "Response"}, inner})
}

func (p restXML) refusal(requestID string, e *apiError) response {
	return awsQuery{p.namespace}.refusal(requestID, e)
}

// match compares a request with the route and gives the parameters in its path.
func (r restRoute) match(req *http.Request) (url.Values, bool) {
	want := strings.Split(r.path, "/")
	got := strings.Split(strings.TrimSuffix(req.URL.Path, "/"), "/")
	if req.Method != r.method || len(want) != len(got) {
		return nil, false
	}
	params := url.Values{}
	for i, part := range want {
		if name, isParam := strings.CutPrefix(part, "{"); isParam {
			params.Set(strings.TrimSuffix(name, "}"), got[i])
		} else if part != got[i] {
			return nil, false
		}
	}
	return params, true
}

// unread takes the elements of a body that no field takes; inputs with a body embed it, because what
// is not simulated must not be ignored.
type unread struct {
	Elements []struct {
		XMLName xml.Name
	} `xml:",any"`
}

func (u unread) surplus() (string, bool) {
	if len(u.Elements) == 0 {
		return "", false
	}
	return u.Elements[0].XMLName.Local, true
}

// decodeREST fills the struct that in points to from the body, and its fields with a `path` or `query`
// tag from there. A parameter that no field takes is refused.
func decodeREST(in any, path, query url.Values, body []byte) error {
	if len(body) > 0 {
		if err := xml.NewDecoder(bytes.NewReader(body)).Decode(in); err != nil && !errors.Is(err, io.EOF) {
			return refuse("InvalidInput", "the body is not understood: %v", err)
		}
	}
	if strict, ok := in.(interface{ surplus() (string, bool) }); ok {
		if name, left := strict.surplus(); left {
			return refuse("InvalidInput", "The element %s is not recognized", name)
		}
	}
	v := reflect.ValueOf(in).Elem()
	var taken []string
	for i := range v.NumField() {
		tag := v.Type().Field(i).Tag
		if name, ok := tag.Lookup("path"); ok {
			v.Field(i).SetString(path.Get(name))
		}
		if name, ok := tag.Lookup("query"); ok {
			taken = append(taken, name)
			if err := setText(v.Field(i), name, query.Get(name)); err != nil {
				return err
			}
		}
	}
	for name := range query {
		if !slices.Contains(taken, name) {
			return refuse("InvalidInput", "The parameter %s is not recognized", name)
		}
	}
	return nil
}

func setText(field reflect.Value, name, text string) error {
	if field.Kind() != reflect.Int {
		field.SetString(text)
		return nil
	}
	if text == "" {
		return nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return refuse("InvalidInput", "%s is no number: %s", name, text)
	}
	field.SetInt(int64(n))
	return nil
}
