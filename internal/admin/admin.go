package admin

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/throngd/throng/internal/hosts"
)

// State is the answer of /readyz.
type State int32

// The states of a process, in order. Only Ready is answered with 200.
const (
	Starting State = iota
	Ready
	Draining
)

func (s State) String() string { return [...]string{"starting", "ready", "draining"}[s] }

// Options are the settings of a Server.
type Options struct {
	// Hosts are further names that requests may have in Host; see [hosts.Admin].
	Hosts []string
	// Profiles serves profiles to GET, too. Otherwise they need a POST.
	Profiles bool
	// MaxConns bounds the connections; one more closes the one that has been without a request for
	// longest. 0 means 32.
	MaxConns int
}

// Server is the admin listener. Its methods may be called from any goroutine.
type Server struct {
	ln      net.Listener
	http    http.Server
	state   atomic.Int32
	options Options
	hosts   hosts.Rule
	conns   conns

	// Metrics answers /metrics; nil: 404. Health returns the reason why /healthz fails, or nil; a nil
	// Health never fails. Set both before Serve.
	Metrics http.Handler
	Health  func() error
}

// Listen binds the address. The server answers once Serve runs.
func Listen(addr string, o Options) (*Server, error) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	return On(ln, o), nil
}

// On returns a server for an open listener.
func On(ln net.Listener, o Options) *Server {
	s := &Server{ln: ln, options: o, hosts: hosts.Admin(ln.Addr(), o.Hosts)}
	s.conns.limit, s.conns.of = cmp.Or(o.MaxConns, 32), map[net.Conn]*conn{}
	s.http = http.Server{
		Handler: s.conns.serve(s.Handler()), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute,
		ConnState: s.conns.changed, ConnContext: s.conns.context,
	}
	return s
}

// Closed returns the number of connections that were closed because of MaxConns.
func (s *Server) Closed() int64 { return s.conns.closed.Load() }

// Addr is the bound address.
func (s *Server) Addr() net.Addr { return s.ln.Addr() }

// Serve answers requests until Close; it returns http.ErrServerClosed then.
func (s *Server) Serve() error { return s.http.Serve(s.ln) }

// SetState sets the state that /readyz answers with.
func (s *Server) SetState(state State) { s.state.Store(int32(state)) }

// Close ends the listener. Requests in flight may continue until ctx is done.
func (s *Server) Close(ctx context.Context) error {
	if err := s.http.Shutdown(ctx); err != nil {
		return s.http.Close()
	}
	return nil
}

// Handler serves the pages of the listener.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", s.healthz)
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.HandleFunc("GET /metrics", s.metrics)
	profiles(mux, s.options.Profiles)
	return s.guard(mux)
}

func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	if s.Health != nil {
		if err := s.Health(); err != nil {
			answer(w, http.StatusServiceUnavailable, err.Error())
			return
		}
	}
	answer(w, http.StatusOK, "ok")
}

func (s *Server) metrics(w http.ResponseWriter, r *http.Request) {
	if s.Metrics == nil {
		http.NotFound(w, r)
		return
	}
	s.Metrics.ServeHTTP(w, r)
}

func (s *Server) readyz(w http.ResponseWriter, _ *http.Request) {
	state, status := State(s.state.Load()), http.StatusServiceUnavailable
	if state == Ready {
		status = http.StatusOK
	}
	answer(w, status, state.String())
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n")) // an error means that the client has gone
}
