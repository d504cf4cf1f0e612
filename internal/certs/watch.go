package certs

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/throngd/throng/internal/clierr"
)

// lookEvery is the time between two checks of the files.
const lookEvery = 2 * time.Second

// soon is the remaining time from which warnings are logged. Certificates of 90 days are renewed 30 days before their end, so
// by then the renewal has failed.
const soon = 14 * 24 * time.Hour

// Watch replaces the certificate when its files change, until ctx ends.
func (s *Store) Watch(ctx context.Context, log *slog.Logger) { s.watch(ctx, log, lookEvery) }

func (s *Store) watch(ctx context.Context, log *slog.Logger, every time.Duration) {
	t := time.NewTicker(every)
	defer t.Stop()
	warned := time.Time{}
	if s.Problem() != nil {
		warned = time.Now() // the caller of Open has logged it
	}
	for {
		warned = s.warn(log, warned)
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			s.look(log)
		}
	}
}

// look loads the files if they differ from those of the last attempt and have not changed since the last check.
func (s *Store) look(log *slog.Logger) {
	cert, key := s.files()
	now := stampOf(cert, key)
	s.mu.Lock()
	settled := now.equal(s.seen)
	changed := settled && !now.equal(s.loaded)
	s.seen = now
	if changed {
		s.loaded = now // each state of the files is tried once
	}
	early := s.early
	s.mu.Unlock()
	switch {
	case changed:
		s.try(log, cert, key)
	case early != nil && early.validAt(time.Now()) && s.Take(early) == nil:
		s.Log(log)
	}
}

// try uses the pair in the files, or logs why it cannot be used.
func (s *Store) try(log *slog.Logger, cert, key string) {
	p, err := Read(cert, key)
	if err == nil {
		err = s.Take(p)
	}
	if err != nil {
		log.Error("the certificate has changed and cannot be used; the old one stays", "error", err, "hint", hint(err))
		return
	}
	s.Log(log)
}

// files are those of the pair in use.
func (s *Store) files() (cert, key string) {
	p := s.current.Load()
	return p.certFile, p.keyFile
}

// Log logs the certificate in use, and why clients refuse it, if they do.
func (s *Store) Log(log *slog.Logger) {
	leaf := s.Leaf()
	log.Info("certificate", "names", leaf.DNSNames, "subject", leaf.Subject.String(), "expires", leaf.NotAfter.UTC().Format(time.RFC3339))
	s.LogProblem(log)
}

// LogProblem logs why clients refuse the certificate in use, if they do.
func (s *Store) LogProblem(log *slog.Logger) {
	if err := s.Problem(); err != nil {
		log.Error("clients refuse the certificate; a renewed file is used as soon as it is there", "error", err, "hint", hint(err))
	}
}

// warn logs once a day that the certificate expires soon, or has expired.
func (s *Store) warn(log *slog.Logger, last time.Time) time.Time {
	left := time.Until(s.Leaf().NotAfter)
	if left > soon || time.Since(last) < 24*time.Hour {
		return last
	}
	if left <= 0 {
		s.LogProblem(log)
		return time.Now()
	}
	log.Warn("the certificate expires soon", "expires", s.Leaf().NotAfter.UTC().Format(time.RFC3339), "left", left.Round(time.Minute).String())
	return time.Now()
}

func hint(err error) string {
	var h *clierr.Error
	if errors.As(err, &h) {
		return h.Hint
	}
	return ""
}
