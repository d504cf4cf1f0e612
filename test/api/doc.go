// Package api compares what the public packages export with the lists that are committed here, so that a change of it is
// a decision: the lists are part of the change that is read.
//
//	go test ./test/api -update    # after a decision
package api
