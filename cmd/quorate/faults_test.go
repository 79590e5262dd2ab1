package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/quorate/quorate/internal/awssim"
)

func TestFaultsHaveTheFateThatAWSWouldGiveThem(t *testing.T) {
	create := awssim.Call{Service: "ec2", Operation: "CreateVpc", Mutating: true, N: 6}
	look := awssim.Call{Service: "ec2", Operation: "DescribeVpcs", N: 6}
	cases := []struct {
		name         string
		faults       faults
		create, look awssim.Fate
	}{
		{"a good day", faults{}, awssim.Proceed, awssim.Proceed},
		{"one action denied", faults{Deny: []string{"ec2:CreateVpc"}}, awssim.Deny, awssim.Proceed},
		{"actions denied as IAM writes them", faults{Deny: []string{"EC2:describe*"}}, awssim.Proceed, awssim.Deny},
		{"every third call throttled", faults{Throttle: 3}, awssim.Throttle, awssim.Throttle},
		{"every fourth call throttled", faults{Throttle: 4}, awssim.Proceed, awssim.Proceed},
		{"every second call an internal error", faults{ServerErrors: 2}, awssim.ServerError, awssim.ServerError},
		{"answers to changing calls lost", faults{LoseAnswers: 1}, awssim.LoseAnswer, awssim.Proceed},
		{"denied before throttled", faults{Deny: []string{"ec2:*"}, Throttle: 1}, awssim.Deny, awssim.Deny},
		{"refused before denied", faults{RefuseKeys: true, Deny: []string{"ec2:*"}}, awssim.BadKeys, awssim.BadKeys},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			if got := tc.faults.intercept(create); got != tc.create {
				t.Errorf("CreateVpc: fate %d, want %d", got, tc.create)
			}
			if got := tc.faults.intercept(look); got != tc.look {
				t.Errorf("DescribeVpcs: fate %d, want %d", got, tc.look)
			}
		})
	}
}

func TestFaultsAreSetAndReadOverHTTP(t *testing.T) {
	s := &switchboard{region: awssim.New(awssim.Config{}), zones: []string{"us-east-1a", "us-east-1b"}}
	cases := []struct {
		name, method, body string
		code               int
		says               string
	}{
		{"none at first", http.MethodGet, "", http.StatusOK, `"throttle": 0`},
		{"set", http.MethodPut, `{"throttle": 3, "stale": "5s", "zonesDown": ["us-east-1b"]}`, http.StatusOK, `"stale": "5s"`},
		{"read", http.MethodGet, "", http.StatusOK, `"us-east-1b"`},
		{"an unknown fault", http.MethodPut, `{"throtle": 3}`, http.StatusBadRequest, `unknown field "throtle"`},
		{"an unknown zone", http.MethodPut, `{"zonesDown": ["us-east-1f"]}`, http.StatusBadRequest, `zone "us-east-1f": the region has us-east-1a, us-east-1b`},
		{"no action", http.MethodPut, `{"deny": ["CreateVpc"]}`, http.StatusBadRequest, `deny "CreateVpc": write it as IAM does`},
		{"a pattern that is none", http.MethodPut, `{"deny": ["ec2:[a"]}`, http.StatusBadRequest, `write it as IAM does`},
		{"what was refused changed nothing", http.MethodGet, "", http.StatusOK, `"throttle": 3`},
		{"healed", http.MethodPut, `{}`, http.StatusOK, `"throttle": 0`},
		{"another method", http.MethodPost, `{}`, http.StatusMethodNotAllowed, "use GET or PUT"},
	}
	for _, tc := range cases {
		answer := httptest.NewRecorder()
		s.ServeHTTP(answer, httptest.NewRequest(tc.method, faultsPath, strings.NewReader(tc.body)))
		if answer.Code != tc.code || !strings.Contains(answer.Body.String(), tc.says) {
			t.Errorf("%s: %d %s", tc.name, answer.Code, answer.Body)
		}
	}
}
