package machine

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"
)

const (
	// apiPort is where kops has the API servers listen and the load balancer probe.
	apiPort = 443
	// probeInterval and probeTimeout are those of a kubelet's readiness probe in spirit, and lighter on
	// two cores: each probe is a read that a majority has to confirm.
	probeInterval = 500 * time.Millisecond
	probeTimeout  = 2 * time.Second
	// tolerated failures in a row, so that an election does not take the endpoint down.
	tolerated = 1
)

// serveAPI stands for the API server: it listens while serving returns nil, and answers GET /readyz.
func serveAPI(ctx context.Context, addr string, serving func(context.Context) error, logger *slog.Logger) {
	e := &endpoint{addr: addr, logger: logger}
	again := time.NewTicker(probeInterval)
	defer again.Stop()
	for {
		e.update(probe(ctx, serving))
		select {
		case <-again.C:
		case <-ctx.Done():
			e.down()
			return
		}
	}
}

func probe(ctx context.Context, serving func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	return serving(ctx)
}

// endpoint is a listener that is there or not.
type endpoint struct {
	addr   string
	logger *slog.Logger
	failed int // probes in a row

	listener net.Listener // nil while down
	server   *http.Server
}

func (e *endpoint) update(unready error) {
	if unready == nil {
		e.failed = 0
		e.up()
		return
	}
	if e.failed++; e.failed > tolerated {
		e.down()
	}
}

func (e *endpoint) up() {
	if e.listener != nil {
		return
	}
	l, err := net.Listen("tcp", e.addr)
	if err != nil {
		e.logger.Error("the API endpoint cannot listen", "error", err)
		return
	}
	e.listener = l
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("ok")) })
	e.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go e.server.Serve(l)
}

func (e *endpoint) down() {
	if e.listener == nil {
		return
	}
	e.listener.Close() // the server does not know of it before Serve has run
	e.server.Close()
	e.listener = nil
}
