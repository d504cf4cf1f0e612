// Package spool keeps a program from waiting for its terminal, its log pipe or
// the disk behind them.
//
//	s := spool.New(os.Stderr, spool.Options{Limit: 1 << 20, Gap: gapLine})
//	log := slog.New(slog.NewJSONHandler(s, nil))
//	...
//	s.Close(ctx)                   // what is queued is written, until ctx ends
//
// [Writer.Write] copies a line into a bounded queue and returns; a goroutine
// writes the lines on, one write(2) each. A line that finds the queue full, or
// that cannot be written (a pipe without a reader, a full disk), is dropped and
// counted; once writing works again a line of Gap says how many are missing, at
// the place where they are.
//
// A process whose standard output or standard error may lose its reader also
// needs [IgnoreBrokenPipe].
package spool
