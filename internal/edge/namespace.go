package edge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/throngd/throng/internal/config"
	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/room"
)

// defaultMaxName is config.Channel.MaxLength where that is 0.
const defaultMaxName = 255

// namespace is the options of the rooms of one namespace, for the edge and for the hub.
type namespace struct {
	config.Options
	room *room.Options
}

// namespaces finds the options of a room by its name. It is immutable; a reload makes another.
type namespaces struct {
	private string     // rooms whose name begins with it need a token; empty: none do
	maxName int        // bytes of a room's name
	plain   *namespace // names without "ns:" in front
	byName  map[string]*namespace
	drops   bool // some namespace drops messages for slow members
}

// newNamespaces makes the table. Of before, which may be nil, it keeps what has not changed: rooms adopt other
// *room.Options one by one.
func newNamespaces(c *config.Channel, before *namespaces) (*namespaces, error) {
	if before == nil {
		before = &namespaces{}
	}
	n := &namespaces{private: c.PrivatePrefix, maxName: cmp.Or(c.MaxLength, defaultMaxName), plain: newNamespace("", c.WithoutNamespace, before.plain), byName: make(map[string]*namespace, len(c.Namespaces))}
	n.drops = n.plain.SlowConsumer == config.SlowDrop
	for _, ns := range c.Namespaces {
		if ns.Name == "" || strings.ContainsAny(ns.Name, ":#") {
			return nil, fmt.Errorf("namespace %q: not a name", ns.Name)
		}
		if n.byName[ns.Name] != nil {
			return nil, fmt.Errorf("namespace %q is there twice", ns.Name)
		}
		n.byName[ns.Name] = newNamespace(ns.Name, ns.Options, before.byName[ns.Name])
		n.drops = n.drops || ns.SlowConsumer == config.SlowDrop
	}
	return n, nil
}

func newNamespace(name string, o config.Options, before *namespace) *namespace {
	n := &namespace{o, &room.Options{
		Namespace:   name,
		HistorySize: o.HistorySize, HistoryTTL: o.HistoryTTL,
		Presence: o.Presence, JoinLeave: o.JoinLeave, ForceJoinLeave: o.ForcePushJoinLeave,
	}}
	if before != nil && *before.room == *n.room {
		n.room = before.room
	}
	return n
}

// namespace returns the namespace of the room of a command, ErrUnknownChannel, or an error with code 107 for
// what cannot be a room's name.
func (s *session) namespace(name string) (*namespace, error) {
	n := s.loop.edge.settings().namespaces
	if len(name) > n.maxName {
		s.loop.counters.longNames.Add(1)
		return nil, protocol.ErrLongChannel
	}
	return n.of(name)
}

// of is namespace for a name of any length: one that is too long by now may have members.
func (n *namespaces) of(name string) (*namespace, error) {
	if name == "" {
		return nil, protocol.ErrNoChannel
	}
	i := strings.IndexByte(name, ':')
	if i < 0 {
		return n.plain, nil
	}
	if ns := n.byName[strings.TrimPrefix(name[:i], n.private)]; ns != nil {
		return ns, nil
	}
	return nil, protocol.ErrUnknownChannel
}

// needsToken tells whether a room may be joined by token only.
func (n *namespaces) needsToken(name string) bool {
	return n.private != "" && strings.HasPrefix(name, n.private)
}

// droppable tells whether slow members of a room may miss messages.
func (n *namespaces) droppable(name string) bool {
	if !n.drops {
		return false
	}
	ns, err := n.of(name)
	return err == nil && ns.SlowConsumer == config.SlowDrop
}

// A right is an option for any client, one for members of the room, and one for people without a user id, without
// which the other two are not for them.
type right struct{ client, subscriber, anonymous bool }

func (n *namespace) mayPublish() right {
	return right{n.AllowPublishForClient, n.AllowPublishForSubscriber, n.AllowPublishForAnonymous}
}

func (n *namespace) mayPresence() right {
	return right{n.AllowPresenceForClient, n.AllowPresenceForSubscriber, n.AllowPresenceForAnonymous}
}

func (n *namespace) mayHistory() right {
	return right{n.AllowHistoryForClient, n.AllowHistoryForSubscriber, n.AllowHistoryForAnonymous}
}

// may tells whether the session has a right in a room.
func (s *session) may(r right, n *namespace, name string) bool {
	return s.mayAsMember(r, n, name) && (r.client || s.find(name) != nil)
}

// mayAsMember tells whether the session would have a right in a room as its member: what a member is pushed needs the
// same right as the question for it.
func (s *session) mayAsMember(r right, n *namespace, name string) bool {
	if s.info.User == "" && !r.anonymous {
		return false
	}
	if limited, listed := n.userLimit(name, s.info.User); limited && !listed {
		return false
	}
	return r.client || r.subscriber
}

// mayResume tells whether a member may keep a position in a room and recover from it: it may if it may read the
// history. In rooms whose slow members miss messages nobody may.
func (s *session) mayResume(n *namespace, name string) bool {
	return n.HistorySize > 0 && n.SlowConsumer != config.SlowDrop && s.mayAsMember(n.mayHistory(), n, name)
}

// maySubscribe tells whether the session may join a room. Being on the list of a user-limited room is enough.
func (s *session) maySubscribe(n *namespace, name string) bool {
	if limited, listed := n.userLimit(name, s.info.User); limited {
		return listed
	}
	return n.AllowSubscribeForClient && (s.info.User != "" || n.AllowSubscribeForAnonymous)
}

// userLimit reads the users behind the last # of a name, as in dialog#42,43. People without a user id are on no list.
func (n *namespace) userLimit(name, user string) (limited, listed bool) {
	if !n.AllowUserLimitedChannels {
		return false, false
	}
	i := strings.LastIndexByte(name, '#')
	if i < 0 || user == "" {
		return i >= 0, false
	}
	return true, slices.Contains(strings.Split(name[i+1:], ","), user)
}
