package edge

import (
	"fmt"
	"slices"
	"strings"

	"github.com/throngd/throng/internal/config"
	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/room"
)

const maxRoomName = 255 // bytes

// namespace is the options of the rooms of one namespace, for the edge and for the hub.
type namespace struct {
	config.Options
	room *room.Options
}

// namespaces finds the options of a room by its name. It is immutable; a reload makes another.
type namespaces struct {
	plain  *namespace // names without "ns:" in front
	byName map[string]*namespace
	drops  bool // some namespace drops messages for slow members
}

// newNamespaces makes the table. Of before, which may be nil, it keeps what has not changed: rooms adopt other
// *room.Options one by one.
func newNamespaces(c *config.Channel, before *namespaces) (*namespaces, error) {
	if before == nil {
		before = &namespaces{}
	}
	n := &namespaces{plain: newNamespace("", c.WithoutNamespace, before.plain), byName: make(map[string]*namespace, len(c.Namespaces))}
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
		Recoverable: o.ForceRecovery || o.AllowRecovery, Positioned: o.ForcePositioning || o.AllowPositioning,
	}}
	if before != nil && *before.room == *n.room {
		n.room = before.room
	}
	return n
}

// of returns the namespace of a room, ErrUnknownChannel, or ErrBadRequest for what cannot be a room's name.
func (n *namespaces) of(name string) (*namespace, error) {
	if name == "" || len(name) > maxRoomName {
		return nil, protocol.ErrBadRequest
	}
	i := strings.IndexByte(name, ':')
	if i < 0 {
		return n.plain, nil
	}
	if ns := n.byName[name[:i]]; ns != nil {
		return ns, nil
	}
	return nil, protocol.ErrUnknownChannel
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
	if s.info.User == "" && !r.anonymous {
		return false
	}
	if limited, listed := n.userLimit(name, s.info.User); limited && !listed {
		return false
	}
	return r.client || r.subscriber && s.find(name) != nil
}

// maySubscribe tells whether the session may join a room. Being on the list of a user-limited room is enough.
func (s *session) maySubscribe(n *namespace, name string) bool {
	if limited, listed := n.userLimit(name, s.info.User); limited {
		return listed
	}
	return n.AllowSubscribeForClient && (s.info.User != "" || n.AllowSubscribeForAnonymous)
}

// userLimit reads the users behind the # of a name, as in dialog#42,43. People without a user id are on no list.
func (n *namespace) userLimit(name, user string) (limited, listed bool) {
	if !n.AllowUserLimitedChannels {
		return false, false
	}
	_, users, limited := strings.Cut(name, "#")
	if !limited || user == "" {
		return limited, false
	}
	return true, slices.Contains(strings.Split(users, ","), user)
}
