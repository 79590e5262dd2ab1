// Package charts answers: does the Helm chart beside it make what Kubernetes takes, and what quorate can run
// as? It holds tests only; the chart itself is in quorate, and read best from values.yaml on.
package charts
