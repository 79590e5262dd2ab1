package kopsspec

import "testing"

func TestQuantitiesAreWholeNumbersAsKubernetesRoundsThem(t *testing.T) {
	for text, want := range map[string]int{
		"4": 4, "500m": 1, "2.5": 3, "1k": 1000, "2Ki": 2048, "4Gi": 4 << 30, "1e3": 1000, "1E": 1e18, "-2": -2,
		"": 0, "many": 0, "4GB": 0, "1e999999": 0, "9Ei": 0,
	} {
		if got := Quantity(text); got != want {
			t.Errorf("%q is %d, want %d", text, got, want)
		}
	}
}
