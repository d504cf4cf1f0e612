//go:build !windows

package netpoll

// attach registers c, which the poller does not know yet.
func (l *Loop) attach(c *Conn) error {
	l.scratch.FD = int(c.fd)
	return l.poller.AddRead(&l.scratch, edgeTriggered)
}

// rearm has the poller report c once more if there is something to read. An edge-triggered poller reports only what is
// new, so after a read that did not empty the socket there would be no further event.
func (l *Loop) rearm(c *Conn) {
	if !edgeTriggered || c.has(flagPaused) || c.has(flagDead) {
		return
	}
	if err := l.register(c, c.has(flagArmed), false); err != nil {
		c.fail(err)
	}
}

// updateEvents registers the events that c waits for: writable while it has a backlog, readable unless the backlog is
// so large that handling more commands would only make it larger.
func (l *Loop) updateEvents(c *Conn) {
	l.owes(c)
	pause, arm := l.shouldPause(c), c.out != nil
	if pause == c.has(flagPaused) && arm == c.has(flagArmed) {
		return
	}
	if err := l.register(c, arm, pause); err != nil {
		c.fail(err)
	}
}

// shouldPause reports whether c is not read: its backlog is so large that further replies would only make it larger, or
// its peer has sent too much after the end.
func (l *Loop) shouldPause(c *Conn) bool {
	if c.ending() {
		return c.discardLimitReached()
	}
	if c.out == nil {
		return false
	}
	e := l.endpointOf(c)
	if c.has(flagPaused) {
		return c.out.size > e.MaxBacklog/4 || c.out.own > e.PauseBacklog/2
	}
	return c.out.size > e.MaxBacklog/2 || c.out.own > e.PauseBacklog
}

func (l *Loop) register(c *Conn, arm, pause bool) error {
	l.scratch.FD = int(c.fd)
	wasPaused := c.has(flagPaused)
	c.clear(flagArmed | flagPaused)
	if arm {
		c.set(flagArmed)
	}
	if pause {
		c.set(flagPaused)
	}
	if pause || wasPaused {
		if err := l.poller.Delete(int(c.fd)); err != nil {
			return err
		}
	}
	switch {
	case pause:
		return l.poller.AddWrite(&l.scratch, edgeTriggered)
	case wasPaused && arm:
		return l.poller.AddReadWrite(&l.scratch, edgeTriggered)
	case wasPaused:
		return l.poller.AddRead(&l.scratch, edgeTriggered)
	case arm:
		return l.poller.ModReadWrite(&l.scratch, edgeTriggered)
	}
	return l.poller.ModRead(&l.scratch, edgeTriggered)
}
