package mototest_test

import (
	"net/http"
	"testing"

	"github.com/quorate/quorate/internal/mototest"
)

func TestAServerAnswersUntilTheTestEnds(t *testing.T) {
	var url string
	t.Run("while it runs", func(t *testing.T) {
		url = mototest.Start(t)
		mototest.Reset(t, url)
	})
	if url == "" {
		t.Skip("moto is not installed")
	}
	if answer, err := http.Get(url); err == nil {
		answer.Body.Close()
		t.Errorf("%s still answers", url)
	}
}
