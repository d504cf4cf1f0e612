package edge

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/throngd/throng/internal/config"
	"github.com/throngd/throng/internal/protocol"
	"github.com/throngd/throng/room"
)

// defaultMaxName is the bytes of a channel's name if config.Channel.MaxLength is 0.
const defaultMaxName = 255

// namespace is the options of the channels of one namespace, for the edge and for the hub.
type namespace struct {
	config.Options
	room *room.Options
}

// namespaces finds the namespace of a channel. It is immutable: a reload makes another.
type namespaces struct {
	private string     // prefix of channels that need a subscription token; "": none
	maxName int        // bytes of a channel's name
	plain   *namespace // of channels without "ns:" in front
	byName  map[string]*namespace
	drops   bool // a namespace has slow_consumer: drop
}

// newNamespaces makes the table. It keeps the *room.Options of before, which may be nil, where nothing has changed: a room
// whose options pointer changes has to adopt the new options.
func newNamespaces(c *config.Channel, before *namespaces) (*namespaces, error) {
	if before == nil {
		before = &namespaces{}
	}
	n := &namespaces{
		private: c.PrivatePrefix, maxName: cmp.Or(c.MaxLength, defaultMaxName),
		plain: newNamespace("", c.WithoutNamespace, before.plain), byName: make(map[string]*namespace, len(c.Namespaces)),
	}
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

// binary reports whether the messages are any bytes, which only clients with a binary form can send and receive.
func (n *namespace) binary() bool { return n.PublicationDataFormat == config.DataBinary }

// namespace returns the namespace of the channel of a command. The error is ErrUnknownChannel, or one with code 107 for a
// name that no channel can have.
func (s *session) namespace(name string) (*namespace, error) {
	n := s.loop.edge.settings().namespaces
	if len(name) > n.maxName {
		s.loop.counters.longNames.Add(1)
		return nil, protocol.ErrLongChannel
	}
	return n.of(name)
}

// of is namespace for a name of any length: a reload may have shortened the limit while a longer name has members.
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

// isPrivate reports whether a channel may be joined with a subscription token only.
func (n *namespaces) isPrivate(name string) bool {
	return n.private != "" && strings.HasPrefix(name, n.private)
}

// droppable reports whether messages of a channel may be dropped for slow members.
func (n *namespaces) droppable(name string) bool {
	if !n.drops {
		return false
	}
	ns, err := n.of(name)
	return err == nil && ns.SlowConsumer == config.SlowDrop
}
