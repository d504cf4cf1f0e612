package load

// Progress is told how a run goes on. Its methods are called by one goroutine at a time.
type Progress interface {
	// Stage begins a part of the run with so much to do; 0 if that is not known.
	Stage(name string, total int64)
	// Set says how much of it is done, and how things are.
	Set(done int64, text string)
	// End is called once, after the last part.
	End()
}

type noProgress struct{}

func (noProgress) Stage(string, int64) {}
func (noProgress) Set(int64, string)   {}
func (noProgress) End()                {}

func (o *Options) progress() Progress {
	if o.Progress == nil {
		return noProgress{}
	}
	return o.Progress
}
