// Package spool writes lines to a terminal, a pipe or a file without blocking the program when they are slow.
//
//	s := spool.New(os.Stderr, spool.Options{Limit: 1 << 20, Gap: gapLine})
//	log := slog.New(slog.NewJSONHandler(s, nil))
//	...
//	s.Close(ctx)                   // writes what is queued, until ctx ends
//
// [Writer.Write] copies a line to a bounded queue and returns; a goroutine writes the lines, with one write(2) each. A line
// for which the queue has no space, or that cannot be written (a pipe without a reader, a full disk), is dropped and
// counted. When writing works again, a line of Gap reports the number of missing lines, at their place.
//
// A process whose standard output or standard error may lose its reader also needs [IgnoreBrokenPipe].
package spool
