package pricelist

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/pricing"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/quorate/quorate/internal/awssim"
	"github.com/quorate/quorate/internal/prices"
)

// client talks to the pricing API of a simulated AWS with these prices.
func client(t *testing.T, table prices.Table) *pricing.Client {
	t.Helper()
	region := awssim.New(awssim.Config{Prices: table})
	t.Cleanup(region.Close)
	url, stop, err := region.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	cfg, err := config.LoadDefaultConfig(t.Context(), config.WithRegion("us-east-1"),
		config.WithBaseEndpoint(url), config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("x", "x", "")))
	if err != nil {
		t.Fatal(err)
	}
	return pricing.NewFromConfig(cfg)
}

func bundled(t *testing.T) prices.Table {
	t.Helper()
	table, err := prices.Bundled()
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestWhatAWSAsksTodayIsWrittenDown(t *testing.T) {
	table := bundled(t)
	table.Regions["us-east-1"].Instances.Prices["m5.large"] = 0.123
	table.Regions["us-east-1"].Rates.Prices["gp3/mibps"] = 0.05
	got, missing, err := Fetch(t.Context(), client(t, table), "us-east-1")
	if err != nil || len(missing) > 0 {
		t.Fatalf("missing %v, error %v", missing, err)
	}
	want := table.Regions["us-east-1"]
	want.Instances.Source, want.Rates.Source = got.Instances.Source, got.Rates.Source
	if d := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-9)); d != "" {
		t.Errorf("prices (-want +got):\n%s", d)
	}
	if !strings.HasPrefix(got.Instances.Source, Source) {
		t.Errorf("the source is %q", got.Instances.Source)
	}
}

func TestChinaIsInYuanAndLacksWhatTheListLacks(t *testing.T) {
	got, missing, err := Fetch(t.Context(), client(t, bundled(t)), "cn-north-1")
	if err != nil {
		t.Fatal(err)
	}
	if got.Currency != "CNY" || got.Instances.Prices["m5.large"] == 0 {
		t.Errorf("m5.large is %v %s", got.Instances.Prices["m5.large"], got.Currency)
	}
	if d := cmp.Diff(prices.Rates(), missing); d != "" {
		t.Errorf("missing (-want +got):\n%s", d)
	}
	if Endpoint("cn-north-1") != "cn-northwest-1" || Endpoint("eu-west-1") != "us-east-1" {
		t.Error("the pricing API is asked in the wrong place")
	}
}

func TestARegionThatIsNoneIsAnError(t *testing.T) {
	if _, _, err := Fetch(t.Context(), client(t, bundled(t)), "eu-nowhere-1"); err == nil || !strings.Contains(err.Error(), "no instances in eu-nowhere-1") {
		t.Errorf("error %v", err)
	}
}

// answers is a price list with the same documents on every shelf.
type answers []string

func (a answers) GetProducts(context.Context, *pricing.GetProductsInput, ...func(*pricing.Options)) (*pricing.GetProductsOutput, error) {
	if a == nil {
		return nil, errors.New("AccessDeniedException")
	}
	return &pricing.GetProductsOutput{PriceList: a, FormatVersion: aws.String("aws_v1")}, nil
}

func machine(kind, attributes, dimensions string) string {
	return fmt.Sprintf(`{"product": {"attributes": {"instanceType": %q %s}},
		"terms": {"OnDemand": {"A.B": {"priceDimensions": {%s}}}}, "publicationDate": "2026-02-03T04:05:06Z"}`, kind, attributes, dimensions)
}

func TestWhatIsNotOnePriceOfTheRegionIsLeftOut(t *testing.T) {
	hourly := func(price string) string {
		return `"A.B.C": {"unit": "Hrs", "pricePerUnit": {"USD": "` + price + `"}}`
	}
	list := answers{
		machine("good.large", "", hourly("0.10")),
		machine("good.large", "", hourly("0.10")),
		machine("two.large", "", hourly("0.10")), machine("two.large", "", hourly("0.20")), machine("two.large", "", hourly("0.10")),
		machine("gift.large", "", hourly("0.00")),
		machine("local.large", `, "locationType": "AWS Local Zone"`, hourly("0.30")),
		machine("monthly.large", "", `"A.B.C": {"unit": "Mo", "pricePerUnit": {"USD": "70"}}`),
		machine("stepped.large", "", `"A.B.C": {"unit": "Hrs", "beginRange": "0", "pricePerUnit": {"USD": "0"}},
			"A.B.E": {"unit": "Hrs", "beginRange": "100", "pricePerUnit": {"USD": "0.4"}}, "A.B.D": {"unit": "Hrs", "beginRange": "10", "pricePerUnit": {"USD": "0.5"}}`),
	}
	got, _, err := Fetch(t.Context(), list, "us-test-1")
	if err != nil {
		t.Fatal(err)
	}
	want := prices.Section{Date: "2026-02-03", Source: got.Instances.Source, Prices: map[string]float64{"good.large": 0.10, "stepped.large": 0.5}}
	if d := cmp.Diff(want, got.Instances); d != "" {
		t.Errorf("instances (-want +got):\n%s", d)
	}
}

func TestAnAnswerThatCannotBeReadIsAnError(t *testing.T) {
	for name, list := range map[string]answers{
		"refused": nil, "no JSON": {"price"}, "no number": {machine("m5.large", "", `"A.B.C": {"unit": "Hrs", "pricePerUnit": {"USD": "dear"}}`)},
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := Fetch(t.Context(), list, "us-test-1"); err == nil || !strings.Contains(err.Error(), "prices of instances in us-test-1") {
				t.Errorf("error %v", err)
			}
		})
	}
}
