package host_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// described is a server whose every request, and every success, must be as the host's description of its
// API says. What is not ends the test.
type described struct {
	t      *testing.T
	doc    *openapi3.T
	router routers.Router
	next   http.Handler
}

func describe(t *testing.T, file, root string, next http.Handler) *described {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile(file)
	if err != nil {
		t.Fatal(err)
	}
	doc.Servers = openapi3.Servers{{URL: root}}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return &described{t, doc, router, next}
}

func (d *described) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		d.t.Errorf("%s %s: %v", r.Method, r.URL, err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	route, params, err := d.router.FindRoute(r)
	if err != nil {
		d.t.Errorf("%s %s is no request of this host: %v", r.Method, r.URL, err)
		http.Error(w, "{}", http.StatusNotFound)
		return
	}
	options := &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true}
	input := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, Options: options}
	if err := openapi3filter.ValidateRequest(r.Context(), input); err != nil {
		d.t.Errorf("%s %s: %s", r.Method, r.URL, brief(err))
	}
	d.unknown(r, route)
	r.Body = io.NopCloser(bytes.NewReader(body))
	answer := httptest.NewRecorder()
	d.next.ServeHTTP(answer, r)
	if answer.Code < http.StatusBadRequest {
		err := openapi3filter.ValidateResponse(r.Context(), &openapi3filter.ResponseValidationInput{
			RequestValidationInput: input, Status: answer.Code, Header: answer.Header(), Options: options,
			Body: io.NopCloser(bytes.NewReader(answer.Body.Bytes())),
		})
		if err != nil {
			d.t.Errorf("the test's own answer to %s %s: %s", r.Method, r.URL, brief(err))
		}
	}
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	w.Write(answer.Body.Bytes())
}

// brief leaves out the schema and the value, which are long.
func brief(err error) string {
	text, _, _ := strings.Cut(err.Error(), "Schema:")
	return text
}

// unknown finds parameters that the description does not have, which hosts take without a word.
func (d *described) unknown(r *http.Request, route *routers.Route) {
	for name := range r.URL.Query() {
		if route.Operation.Parameters.GetByInAndName("query", name) == nil {
			d.t.Errorf("%s %s: there is no parameter %s", r.Method, r.URL, name)
		}
	}
}

// example is a copy of one of the examples that come with the description.
func (d *described) example(name string) any {
	text, err := json.Marshal(d.doc.Components.Examples[name].Value.Value)
	if err != nil {
		d.t.Fatal(err)
	}
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		d.t.Fatal(err)
	}
	return value
}

// object is an example, or the first of a list of them, with some fields as they are here.
func (d *described) object(name string, fields map[string]any) map[string]any {
	value := d.example(name)
	if list, ok := value.([]any); ok {
		value = list[0]
	}
	object := value.(map[string]any)
	for k, v := range fields {
		if part, ok := v.(map[string]any); ok {
			if old, ok := object[k].(map[string]any); ok {
				maps.Copy(old, part)
				continue
			}
		}
		object[k] = v
	}
	return object
}

func reply(w http.ResponseWriter, code int, value any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(value)
}

// page cuts out what was asked for, and returns the number of the next page or zero.
func page[T any](r *http.Request, all []T) ([]T, int) {
	number, err := strconv.Atoi(r.URL.Query().Get("page"))
	if err != nil {
		number = 1
	}
	size, err := strconv.Atoi(r.URL.Query().Get("per_page"))
	if err != nil {
		size = 20
	}
	size = min(size, 100)
	begin, end := min((number-1)*size, len(all)), min(number*size, len(all))
	if end < len(all) {
		return all[begin:end], number + 1
	}
	return all[begin:end], 0
}

// linkNext is how GitHub says where the next page is.
func linkNext(w http.ResponseWriter, r *http.Request, next int) {
	if next == 0 {
		return
	}
	query := r.URL.Query()
	query.Set("page", fmt.Sprint(next))
	w.Header().Set("Link", fmt.Sprintf(`<%s>; rel="next"`, &url.URL{Scheme: "http", Host: r.Host, Path: r.URL.Path, RawQuery: query.Encode()}))
}
