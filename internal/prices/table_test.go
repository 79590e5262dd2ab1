package prices

import (
	"strings"
	"testing"
)

func TestTheBundledTableKnowsTheRegionsItNames(t *testing.T) {
	table, err := Bundled()
	if err != nil {
		t.Fatal(err)
	}
	// Well-known list prices, so that a column that slipped is noticed.
	for _, c := range []struct {
		region, instance string
		want             float64
	}{
		{"us-east-1", "m5.large", 0.096},
		{"us-east-1", "t3.medium", 0.0416},
		{"us-gov-west-1", "m5.large", 0.121},
	} {
		if got := table.Regions[c.region].instance(c.instance); got != (amount{c.want, true}) {
			t.Errorf("%s in %s is %v, want %v", c.instance, c.region, got, c.want)
		}
	}
	if currency := table.Regions["cn-north-1"].Currency; currency != "CNY" {
		t.Errorf("China is billed in %s", currency)
	}
	for name, region := range table.Regions {
		for _, s := range []Section{region.Instances, region.Rates} {
			if len(s.Prices) > 0 && s.Source == "" {
				t.Errorf("%s has prices without a source", name)
			}
		}
		if region.Currency != currencyOf(name) {
			t.Errorf("%s is in %s, want %s", name, region.Currency, currencyOf(name))
		}
	}
	for _, rate := range Rates() {
		if !table.Regions["us-east-1"].rate(rate).known {
			t.Errorf("us-east-1 has no %s", rate)
		}
	}
}

func TestATableThatWouldMisleadIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"no JSON":         {"prices", "invalid character"},
		"empty":           {"{}", "there is no region"},
		"no currency":     {`{"regions": {"r": {}}}`, "r: there is no currency"},
		"an unknown rate": {`{"regions": {"r": {"currency": "USD", "rates": {"date": "2026-01-02", "prices": {"gp3/gb": 1}}}}}`, `"gp3/gb" is no rate`},
		"no date":         {`{"regions": {"r": {"currency": "USD", "instances": {"prices": {"m5.large": 1}}}}}`, "is not like 2006-01-02"},
		"a price of zero": {`{"regions": {"r": {"currency": "USD", "instances": {"date": "2026-01-02", "prices": {"m5.large": 0}}}}}`, "the price of m5.large is 0"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Parse([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestAnOwnTableOverridesByRegion(t *testing.T) {
	own := Table{map[string]Region{"b": {Currency: "USD"}, "c": {Currency: "USD"}}}
	merged := Table{map[string]Region{"a": {Currency: "EUR"}, "b": {Currency: "EUR"}}}.With(own)
	for region, want := range map[string]string{"a": "EUR", "b": "USD", "c": "USD"} {
		if got := merged.Regions[region].Currency; got != want {
			t.Errorf("%s is %q, want %q", region, got, want)
		}
	}
}
