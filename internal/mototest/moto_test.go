package mototest_test

import (
	"net/http"
	"testing"

	"github.com/quorate/quorate/internal/mototest"
)

func TestAServerAnswersUntilItIsStopped(t *testing.T) {
	var moto mototest.Server
	defer moto.Stop()
	url := moto.URL(t)
	if again := moto.URL(t); again != url {
		t.Errorf("the second test got another server: %s, then %s", url, again)
	}
	moto.Stop()
	if answer, err := http.Get(url); err == nil {
		answer.Body.Close()
		t.Errorf("%s still answers", url)
	}
}
