package actual_test

import (
	"context"
	"encoding/json"
	"os"
	"testing"

	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/internal/mototest"
)

func motoWorld(t *testing.T) *world {
	url := mototest.Start(t)
	t.Setenv("AWS_ENDPOINT_URL", url)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDTEST")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	w := &world{calls: &awsapi.Calls{}, t: t, ami: "ami-12c6146b"}
	c, err := awsapi.Load(t.Context(), awsapi.Options{Region: "us-east-1", Calls: w.calls, Guard: func(context.Context, string) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	w.Clients = c
	return w
}

func TestExplore(t *testing.T) {
	w := motoWorld(t)
	w.highlyAvailable()
	before := w.calls.Total()
	state := w.observe()
	t.Log(w.calls.Total() - before)
	e := json.NewEncoder(os.Stderr)
	e.SetIndent("", " ")
	e.Encode(state.Topology)
	e.Encode(state.Machines)
	e.Encode(state.Leftovers)
}
