package load

// Progress shows how a run goes on. Its methods are called by one goroutine at a time.
type Progress interface {
	// Stage begins a part of the run. Total is the amount of work, 0 if it is not known.
	Stage(name string, total int64)
	// Set tells how much of the work is done, and the state of the run as a text.
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
