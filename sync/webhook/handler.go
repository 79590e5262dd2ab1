// Package webhook answers: what has just happened to the repository, says its host?
//
// Start reading at Handler. A delivery goes through it in this order: how it comes (method, type, size),
// who it is from (signature.go), whether it was seen before (replay.go), and what it says (event.go).
// An event is a hint to look now rather than at the next poll: whoever acts on it asks the host or the
// repository again, so a lost delivery costs only time, and a forged one nothing. It imports host for the
// makes of hosts.
package webhook

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/quorate/quorate/sync/host"
)

const (
	// maxBody bounds a delivery in bytes. GitHub sends up to 25 MB
	// (https://docs.github.com/en/webhooks/webhook-events-and-payloads#payload-cap), but only for pushes of
	// thousands of commits; what is refused is found by the next poll.
	maxBody = 5 << 20
	// maxAtOnce bounds the deliveries that are read side by side, and so the memory they take.
	maxAtOnce = 8
)

// Config says whose deliveries are taken.
type Config struct {
	Kind host.Kind
	// Repository is its path on the host: owner/name. Deliveries about others are refused.
	Repository string
	// Secret is asked for each delivery, so that it may be rotated. A GitLab signing token is one that
	// starts with whsec_; other GitLab secrets are compared with what the delivery shows.
	Secret func() (string, error)
	// Deliver hears of each event, from several goroutines. It must not wait.
	Deliver func(Event)
	Log     *slog.Logger
}

// Handler is the address that the host is told.
type Handler struct {
	cfg   Config
	seen  *memory
	slots chan struct{}
}

// New makes a handler.
func New(cfg Config) *Handler {
	return &Handler{cfg: cfg, seen: newMemory(), slots: make(chan struct{}, maxAtOnce)}
}

// refusal is an answer that is not a success.
type refusal struct {
	status int
	reason string // for the people who look at the host's list of deliveries
}

func (r *refusal) Error() string { return r.reason }

// ServeHTTP answers 202 to what is of use, and 204 to what is genuine but of none.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case h.slots <- struct{}{}:
		defer func() { <-h.slots }()
	default:
		w.Header().Set("Retry-After", "10")
		h.refuse(w, r, &refusal{http.StatusServiceUnavailable, "too many deliveries at once"})
		return
	}
	event, err := h.take(w, r)
	if refused, ok := errors.AsType[*refusal](err); ok {
		h.refuse(w, r, refused)
		return
	}
	if event == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	h.cfg.Deliver(event)
	w.WriteHeader(http.StatusAccepted)
}

func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, why *refusal) {
	if why.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", http.MethodPost)
	}
	h.cfg.Log.Info("refused a webhook delivery", "reason", why.reason, "status", why.status, "from", r.RemoteAddr)
	http.Error(w, why.reason, why.status)
}

// take returns what happened, or nothing if it is of no use.
func (h *Handler) take(w http.ResponseWriter, r *http.Request) (Event, error) {
	if err := wellFormed(r); err != nil {
		return nil, err
	}
	secret, err := h.cfg.Secret()
	if err != nil {
		h.cfg.Log.Error("the webhook's secret cannot be read", "error", err)
		return nil, &refusal{http.StatusServiceUnavailable, "the secret cannot be read"}
	}
	proof, err := proofOf(h.cfg.Kind, r.Header, secret)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return nil, tooLarge()
		}
		return nil, &refusal{http.StatusBadRequest, "the delivery ended early"}
	}
	if !proof.holds(body, secret, time.Now()) {
		return nil, unsigned()
	}
	if !h.seen.add(proof.identity(body)...) {
		return nil, &refusal{http.StatusConflict, "this delivery was taken before"}
	}
	return h.read(r.Header, body)
}

func (h *Handler) read(header http.Header, body []byte) (Event, error) {
	var p payload
	if err := json.Unmarshal(body, &p); err != nil {
		return nil, &refusal{http.StatusBadRequest, "the delivery is no JSON of the sort that is expected"}
	}
	event, repository := p.event(h.cfg.Kind, header)
	if event == nil {
		return nil, nil
	}
	if !strings.EqualFold(repository, h.cfg.Repository) {
		return nil, &refusal{http.StatusUnprocessableEntity, "the delivery is about another repository"}
	}
	return event, nil
}

func wellFormed(r *http.Request) error {
	if r.Method != http.MethodPost {
		return &refusal{http.StatusMethodNotAllowed, "deliveries are posted"}
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return &refusal{http.StatusUnsupportedMediaType, "deliveries must have the content type application/json"}
	}
	if r.ContentLength > maxBody {
		return tooLarge()
	}
	return nil
}

func tooLarge() error {
	return &refusal{http.StatusRequestEntityTooLarge, "the delivery is larger than 5 MiB"}
}

func unsigned() error {
	return &refusal{http.StatusUnauthorized, "the delivery does not prove that it knows the secret"}
}
