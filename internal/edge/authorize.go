package edge

import (
	"slices"
	"strings"

	"github.com/throngd/throng/internal/config"
	"github.com/throngd/throng/internal/protocol"
)

// operation is what a command does with a channel.
type operation uint8

const (
	opSubscribe operation = iota
	opPublish
	opHistory
	opPresence
)

// authorize decides whether the session may perform an operation on a channel, and returns the channel's namespace. The
// error is 102 or 107 for a channel that cannot exist, 108 for an operation that the namespace
// does not have or whose messages the connection's form cannot carry, and 103 if
// the session is not permitted.
func (s *session) authorize(op operation, channel string) (*namespace, error) {
	ns, err := s.namespace(channel)
	switch {
	case err != nil:
		return nil, err
	case op == opHistory && ns.HistorySize == 0, op == opPresence && !ns.Presence, op != opPresence && ns.binary() && !s.codec().Binary:
		return nil, protocol.ErrNotAvailable
	case !s.permitted(op, ns, channel):
		return nil, protocol.ErrPermissionDenied
	}
	return ns, nil
}

func (s *session) permitted(op operation, ns *namespace, channel string) bool {
	if op == opSubscribe { // a private channel needs a subscription token, which cannot be verified yet
		return !s.loop.edge.settings().namespaces.isPrivate(channel) && s.maySubscribe(ns, channel)
	}
	p := ns.permission(op)
	return s.mayAsMember(p, ns, channel) && (p.client || s.find(channel) != nil)
}

// maySubscribe reports whether the session may join a room. In a user-limited channel the list of users decides alone.
func (s *session) maySubscribe(ns *namespace, channel string) bool {
	if limited, listed := ns.userLimit(channel, s.info.User); limited {
		return listed
	}
	return ns.AllowSubscribeForClient && (s.info.User != "" || ns.AllowSubscribeForAnonymous)
}

// permission is the options for one operation: for all clients, for members of the room, and for clients without a user
// id, for whom the other two count only with the third.
type permission struct{ client, subscriber, anonymous bool }

func (n *namespace) permission(op operation) permission {
	switch op {
	case opPublish:
		return permission{n.AllowPublishForClient, n.AllowPublishForSubscriber, n.AllowPublishForAnonymous}
	case opPresence:
		return permission{n.AllowPresenceForClient, n.AllowPresenceForSubscriber, n.AllowPresenceForAnonymous}
	case opHistory:
		return permission{n.AllowHistoryForClient, n.AllowHistoryForSubscriber, n.AllowHistoryForAnonymous}
	}
	return permission{}
}

// mayAsMember reports whether the session would have a permission as a member of the room. Pushes need the same
// permission as the command that asks for the same data.
func (s *session) mayAsMember(p permission, ns *namespace, channel string) bool {
	if s.info.User == "" && !p.anonymous {
		return false
	}
	if limited, listed := ns.userLimit(channel, s.info.User); limited && !listed {
		return false
	}
	return p.client || p.subscriber
}

// mayResume reports whether the session, as a member, may keep a position in a room and recover from it: if it may read
// the history. Members of rooms with slow_consumer: drop may not.
func (s *session) mayResume(ns *namespace, channel string) bool {
	return ns.HistorySize > 0 && ns.SlowConsumer != config.SlowDrop && s.mayAsMember(ns.permission(opHistory), ns, channel)
}

// userLimit reads the user ids behind the last # of a channel, as in dialog#42,43. Clients without a user id are not
// listed.
func (n *namespace) userLimit(channel, user string) (limited, listed bool) {
	if !n.AllowUserLimitedChannels {
		return false, false
	}
	i := strings.LastIndexByte(channel, '#')
	if i < 0 || user == "" {
		return i >= 0, false
	}
	return true, slices.Contains(strings.Split(channel[i+1:], ","), user)
}
