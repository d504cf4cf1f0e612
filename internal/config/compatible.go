package config

import "github.com/throngd/throng/internal/clierr"

// Compatible reports the first group of settings that are each in range but together disconnect clients that do nothing
// wrong. Load calls it. A reload calls it again on the settings that would be in effect, because those combine new values with
// old ones that need a restart.
func (l *Loaded) Compatible() error {
	for _, rule := range []func() error{
		l.pongBeforePing, l.headersFit, l.messageFitsOutbound, l.echoFitsOutbound, l.outboundFitsBacklog, l.messageFitsHistory, l.rejoinFitsMessage, l.rejoinFitsWaiting,
	} {
		if err := rule(); err != nil {
			return err
		}
	}
	return nil
}

// pongBeforePing: the answer to a ping must be due before the next ping is sent.
func (l *Loaded) pongBeforePing() error {
	if l.PongTimeout < l.PingInterval {
		return nil
	}
	return l.bad("pong_timeout", "%v is not shorter than ping_interval (%v)", l.PongTimeout, l.PingInterval)
}

// headersFit: a few clients with long incomplete headers must not take the memory for all headers.
func (l *Loaded) headersFit() error {
	if l.HeaderBytes >= 16*l.MaxHeader {
		return nil
	}
	return l.bad("header_bytes", "%v is less than 16 times max_header (%v): a few long headers would fill it", l.HeaderBytes, l.MaxHeader)
}

// messageFitsOutbound: the backlog of a member must have space for two messages.
func (l *Loaded) messageFitsOutbound() error {
	if l.OutboundBytes == 0 || l.OutboundBytes >= 2*l.MaxMessage {
		return nil
	}
	return l.bad("outbound_bytes", "%v is less than twice max_message (%v): one message could not be answered",
		l.OutboundBytes, l.MaxMessage)
}

func (l *Loaded) echoFitsOutbound() error {
	if !l.Echo || l.OutboundBytes == 0 || l.OutboundBytes >= 2*l.EchoMaxMessage {
		return nil
	}
	return l.bad("outbound_bytes", "%v is less than twice echo_max_message (%v): one message could not be echoed",
		l.OutboundBytes, l.EchoMaxMessage)
}

// outboundFitsBacklog: the largest backlog of one client must not take the memory for all backlogs.
func (l *Loaded) outboundFitsBacklog() error {
	outbound := l.OutboundBytes
	orElse(&outbound, l.automaticOutbound())
	if l.BacklogBytes == 0 || l.BacklogBytes >= 2*outbound {
		return nil
	}
	return l.bad("backlog_bytes", "%v is less than twice outbound_bytes (%v): two slow clients would use up what there is for all",
		l.BacklogBytes, outbound)
}

// messageFitsHistory: a message that is larger than the whole history would be acknowledged and dropped at once.
func (l *Loaded) messageFitsHistory() error {
	if l.HistoryBytes >= 2*l.MaxMessage {
		return nil
	}
	return l.bad("history_bytes", "%v is less than twice max_message (%v): one message would empty the history of all rooms",
		l.HistoryBytes, l.MaxMessage)
}

const (
	// subscribeSize is the bytes of a subscribe command with recovery and every option of the protocol, in JSON and with
	// a newline, without the name of the room.
	subscribeSize = 180
	// connectSize is the bytes of the connect command, with some data or a token.
	connectSize = 2 * KiB
)

// rejoinSize is the bytes of the longest command that subscribes to one room again.
func (c *Config) rejoinSize() Size { return subscribeSize + Size(c.Channel.MaxLength) }

// rejoinFitsMessage: after a reconnect an SDK sends the subscribe commands of all its rooms in one frame. A frame above
// max_message is closed with 1009, at every attempt.
func (l *Loaded) rejoinFitsMessage() error {
	frame := connectSize + Size(l.RoomsPerConnection)*l.rejoinSize()
	if l.RoomsPerConnection <= 1 || frame <= l.MaxMessage {
		return nil
	}
	return &keyError{"rooms_per_connection", clierr.Usagef("set max_message to "+roundUp(frame).String()+" or more, or a smaller rooms_per_connection or channel.max_length",
		"%s: a client in %d rooms with names of %d bytes comes back with one frame of %d bytes, and max_message is %d, which is enough for %d rooms",
		l.Source("rooms_per_connection").name("rooms_per_connection"), l.RoomsPerConnection, l.Channel.MaxLength, frame, l.MaxMessage, l.roomsInFrame())}
}

// rejoinFitsWaiting: a client recovers in one room at a time, and its other rooms wait.
func (l *Loaded) rejoinFitsWaiting() error {
	if l.WaitingCommands == 0 || l.WaitingCommands >= l.RoomsPerConnection {
		return nil
	}
	return l.bad("waiting_commands", "%d is less than rooms_per_connection (%d): a client that comes back could not recover in all its rooms",
		l.WaitingCommands, l.RoomsPerConnection)
}

// roomsInFrame is the number of rooms that a client can subscribe to in one frame of max_message.
func (c *Config) roomsInFrame() int {
	return int(max(0, c.MaxMessage-connectSize) / c.rejoinSize())
}

// roundUp is the next size that is a whole number of KiB.
func roundUp(s Size) Size { return (s + KiB - 1) / KiB * KiB }
