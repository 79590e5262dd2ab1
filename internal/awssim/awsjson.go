package awssim

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
)

// awsJSON is the protocol of SQS and EventBridge: the operation in a header, JSON in and out.
type awsJSON struct {
	contentType string
	// shapes is the namespace of error names.
	shapes string
	// legacy are the error codes of the service's former query protocol. Clients are told them too,
	// and show them in place of the new ones.
	legacy map[string]string
}

func (awsJSON) parse(r *http.Request, body []byte) (string, func(any) error, error) {
	_, operation, found := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if !found {
		return "", nil, refuse("UnknownOperationException", "the request has no X-Amz-Target")
	}
	decode := func(in any) error {
		strict := json.NewDecoder(bytes.NewReader(body))
		strict.DisallowUnknownFields() // what is not simulated must not be ignored
		if err := strict.Decode(in); err != nil {
			return refuse("SerializationException", "%v", err)
		}
		return nil
	}
	return operation, decode, nil
}

func (p awsJSON) answer(_, requestID string, out any) (response, error) {
	body, err := json.Marshal(out)
	return response{
		status: http.StatusOK, contentType: p.contentType, body: body,
		header: map[string]string{"X-Amzn-RequestId": requestID},
	}, err
}

func (p awsJSON) refusal(requestID string, e *apiError) response {
	body, _ := json.Marshal(map[string]string{"__type": p.shapes + "#" + e.Code, "message": e.Message})
	header := map[string]string{"X-Amzn-RequestId": requestID}
	if code, exists := p.legacy[e.Code]; exists {
		header["X-Amzn-Query-Error"] = code + ";Sender"
	}
	return response{status: e.Status, contentType: p.contentType, body: body, header: header}
}
