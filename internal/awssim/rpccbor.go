package awssim

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/http"
	"path"
	"reflect"
)

// rpcCBOR is the protocol of CloudWatch, Smithy's rpcv2Cbor: the operation in the path, CBOR in and out.
type rpcCBOR struct {
	// shapes is the namespace of error names.
	shapes string
	// legacy are the error codes of the service's former query protocol, as in [awsJSON].
	legacy map[string]string
}

const cborProtocol = "rpc-v2-cbor"

func (rpcCBOR) parse(r *http.Request, body []byte) (string, func(any) error, error) {
	if r.Header.Get("Smithy-Protocol") != cborProtocol {
		return "", nil, refuse("UnknownOperationException", "the simulated service speaks %s only", cborProtocol)
	}
	decode := func(in any) error {
		if len(body) == 0 {
			return nil
		}
		sent, err := decodeCBOR(body)
		if err != nil {
			return refuse("SerializationException", "%v", err)
		}
		text, err := json.Marshal(sent)
		if err != nil {
			return refuse("SerializationException", "%v", err)
		}
		strict := json.NewDecoder(bytes.NewReader(text))
		strict.DisallowUnknownFields() // what is not simulated must not be ignored
		if err := strict.Decode(in); err != nil {
			return refuse("SerializationException", "%v", err)
		}
		return nil
	}
	return path.Base(r.URL.Path), decode, nil
}

func (rpcCBOR) answer(_, requestID string, out any) (response, error) {
	return cborResponse(http.StatusOK, requestID, encodeCBOR(reflect.ValueOf(out))), nil
}

func (p rpcCBOR) refusal(requestID string, e *apiError) response {
	body := struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}{p.shapes + "#" + e.Code, e.Message}
	r := cborResponse(e.Status, requestID, encodeCBOR(reflect.ValueOf(body)))
	r.header["X-Amzn-Query-Error"] = cmp.Or(p.legacy[e.Code], e.Code) + ";Sender"
	return r
}

func cborResponse(status int, requestID string, body []byte) response {
	return response{
		status: status, contentType: "application/cbor", body: body,
		header: map[string]string{"X-Amzn-RequestId": requestID, "Smithy-Protocol": cborProtocol},
	}
}
