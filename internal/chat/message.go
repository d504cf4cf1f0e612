package chat

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"time"

	"github.com/centrifugal/centrifuge-go"

	"github.com/throngd/throng/internal/terminal"
)

// person is who did something, as far as the server says.
type person struct {
	client string // of the connection, unique
	name   string // safe to print, never empty
	key    string // what the colour is chosen by: the same for all connections of one user
}

// message is one publication of a room. Its strings are as they came: not yet safe to print.
type message struct {
	offset uint64
	at     time.Time // zero when unknown
	from   person
	text   string
	id     string // the sender's own id, to tell a repeated sending from a second message; often empty
}

// payload is the data of a chat message: {"text":string}, with an id when it was sent from here.
type payload struct {
	Text *string `json:"text,omitempty"`
	ID   string  `json:"id,omitempty"`
}

// encode makes the data to publish. It cannot fail: invalid UTF-8 becomes U+FFFD.
func encode(text, id string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(payload{Text: &text, ID: id})
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// newID is unique for all practical purposes and says nothing about the sender.
func newID() string { return rand.Text()[:16] }

// received turns a publication into a message. What is not a chat message is shown as the JSON it is.
func received(p centrifuge.Publication, at time.Time) message {
	m := message{offset: p.Offset, at: at, from: nobody}
	if p.Info != nil {
		m.from = personOf(*p.Info)
	}
	var d payload
	if json.Unmarshal(p.Data, &d) == nil && d.Text != nil {
		m.text = *d.Text
		if len(d.ID) <= maxID {
			m.id = d.ID
		}
	} else {
		m.text = string(p.Data)
	}
	return m
}

// maxID is the longest id, in bytes, by which messages are told apart: all that were shown last are remembered.
const maxID = 64

// size is what a message takes in memory, about.
func (m *message) size() int { return 200 + len(m.text) + len(m.from.client) }

// nobody published: it came through the server API.
var nobody = person{name: "server", key: "server"}

// personOf finds a name to show: conn_info's name, the user id, or something made of the client id.
func personOf(i centrifuge.ClientInfo) person {
	var info struct {
		Name string `json:"name"`
	}
	_ = json.Unmarshal(i.ConnInfo, &info)
	p := person{client: i.Client, name: terminal.Name(info.Name), key: i.User}
	if p.name == "" {
		p.name = terminal.Name(i.User)
	}
	if p.name == "" {
		p.name = "anon-" + terminal.Name(i.Client[:min(4, len(i.Client))])
	}
	if p.key == "" || len(p.key) > maxID {
		p.key = p.name
	}
	return p
}
