// Package faulty is a chat server that breaks one promise on purpose, so that the tests can show
// that throng load would notice. It is for tests only.
//
// It speaks enough of the Centrifuge protocol in JSON (connect, subscribe with recovery, publish,
// history, ping), a raw echo, and rooms named in the URL, on one event loop of netpoll. Without a
// fault it is correct: a run against it must be clean, otherwise a finding says nothing.
//
//	s := &faulty.Server{Fault: faulty.Lose, At: 1000}
//	addr, err := s.Start()
//	defer s.Close()
//	... throng load fanout ws://addr ...
//	s.Done() // how often the fault was committed
package faulty
