package awssim_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/quorate/quorate/internal/awssim"
)

func TestListeningRegionAnswersUntilItIsStopped(t *testing.T) {
	const latency = 20 * time.Millisecond
	w := newWorld(t, func(c *awssim.Config) { c.Latency = latency })
	url, stop, err := w.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg := w.aws
	cfg.BaseEndpoint = &url
	api := ec2.NewFromConfig(cfg)
	begin := time.Now()
	call(api.DescribeVpcs(t.Context(), nil)).must(t)
	if took := time.Since(begin); took < latency {
		t.Errorf("answered after %s", took)
	}
	if _, _, err := w.Listen(strings.TrimPrefix(url, "http://")); err == nil {
		t.Error("two listen at one address")
	}
	stop()
	if err := only(api.DescribeVpcs(t.Context(), nil)); err == nil {
		t.Error("answered after it was stopped")
	}
}

func TestRequestWithoutSignatureIsTurnedAway(t *testing.T) {
	w := newWorld(t)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, *w.aws.BaseEndpoint, strings.NewReader("Action=DescribeVpcs"))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusForbidden {
		t.Errorf("status %s", answer.Status)
	}
}
