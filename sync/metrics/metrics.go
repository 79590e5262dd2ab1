// Package metrics answers: how has the service been doing, in numbers?
//
// Start reading at New, which holds every metric by name; docs/metrics.md explains them, and a test compares
// the two. Whatever becomes a label comes from a list that is known beforehand, but for the names of
// clusters, of which there are as many as the repository holds. It imports what a pass and its parts come
// to, and changes nothing.
package metrics

import (
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Metrics are those of one service. The methods may be called from many goroutines at once.
type Metrics struct {
	registry *prometheus.Registry

	passes      *prometheus.CounterVec
	passSeconds *prometheus.HistogramVec
	converged   *prometheus.GaugeVec
	steps       *prometheus.CounterVec
	waits       *prometheus.CounterVec
	margin      *prometheus.GaugeVec
	calls       *prometheus.CounterVec
	throttles   *prometheus.CounterVec
	drift       *prometheus.GaugeVec
	notices     *prometheus.CounterVec
	// of are those with a label for the cluster.
	of []interface {
		DeletePartialMatch(labels prometheus.Labels) int
	}

	mu     sync.Mutex
	spools []Spool
}

// Spool is where statuses wait to be posted.
type Spool interface{ Len() int }

// passBuckets are in seconds: a look that finds nothing takes one or two, and a pass never waits.
var passBuckets = []float64{0.5, 1, 2, 5, 10, 20, 60, 120, 300, 900}

// New makes the metrics, and those of the process and of Go's runtime.
func New(version string) *Metrics {
	m := &Metrics{
		registry:    prometheus.NewRegistry(),
		passes:      counter("passes_total", "Passes by how they ended.", "cluster", "outcome"),
		passSeconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "quorate_pass_seconds", Help: "How long passes took.", Buckets: passBuckets}, []string{"cluster"}),
		converged:   gauge("converged_timestamp_seconds", "When a pass last found the cluster to be what its manifest says.", "cluster"),
		steps:       counter("steps_total", "Steps that began, by what they do and how they ended in their pass.", "effect", "outcome"),
		waits:       counter("waits_total", "What passes had to wait for, by sort.", "class"),
		margin:      gauge("quorum_margin", "How many voters more than a majority are healthy.", "cluster", "etcd"),
		calls:       counter("aws_calls_total", "Requests to AWS that ended, retries included.", "service", "operation"),
		throttles:   counter("aws_throttles_total", "Requests that AWS refused because there were too many.", "service", "operation"),
		drift:       gauge("drift_changes", "Resources that were not as the manifest says when drift was last looked for, by what mending them can do.", "cluster", "class"),
		notices:     counter("notifications_total", "Notifications by what became of them.", "service", "outcome"),
	}
	build := gauge("build_info", "Always 1, with the version of quorate.", "version")
	build.WithLabelValues(version).Set(1)
	spooled := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "quorate_statuses_spooled", Help: "Commit statuses that wait to be posted."}, m.spooled)
	m.registry.MustRegister(m.passes, m.passSeconds, m.converged, m.steps, m.waits, m.margin, m.calls, m.throttles, m.drift, m.notices, build, spooled,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.of = append(m.of, m.passes.MetricVec, m.passSeconds.MetricVec, m.converged.MetricVec, m.margin.MetricVec, m.drift.MetricVec)
	return m
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "quorate_" + name, Help: help}, labels)
}

func gauge(name, help string, labels ...string) *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "quorate_" + name, Help: help}, labels)
}

// Handler answers Prometheus.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second})
}

// Watch adds a spool to those whose statuses are counted when somebody looks.
func (m *Metrics) Watch(s Spool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.spools = append(m.spools, s)
}

func (m *Metrics) spooled() float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	sum := 0
	for _, s := range m.spools {
		sum += s.Len()
	}
	return float64(sum)
}

// Called counts a request to AWS, by the SDK's names of service and operation: those that this program uses.
func (m *Metrics) Called(service, operation string, throttled bool) {
	m.calls.WithLabelValues(service, operation).Inc()
	throttles := m.throttles.WithLabelValues(service, operation)
	if throttled {
		throttles.Inc()
	}
}

// Notified counts a notification to a service, such as "slack": sent, or given up.
func (m *Metrics) Notified(service string, sent bool) {
	outcome := "sent"
	if !sent {
		outcome = "given-up"
	}
	m.notices.WithLabelValues(service, outcome).Inc()
}
