package chat

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"time"

	"github.com/centrifugal/centrifuge-go"

	"github.com/throngd/throng/internal/terminal"
)

// person is the user of a connection, as the server describes it.
type person struct {
	client string // of the connection, unique
	name   string // safe to print, never empty
	key    string // determines the colour: the same for all connections of one user
}

// message is one publication of a room. Its strings are those of the server: not yet safe to print.
type message struct {
	offset uint64
	at     time.Time // zero when unknown
	from   person
	text   string
	id     string // the sender's own id, which is the same if the message was sent again; often empty
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

// newID returns a random id.
func newID() string { return rand.Text()[:16] }

// received turns a publication into a message. The text of data in another form is its JSON.
func received(p centrifuge.Publication, at time.Time) message {
	m := message{offset: p.Offset, at: at, from: serverAPI}
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

// maxID is the longest id, in bytes. Longer ones are ignored, because seen remembers many ids.
const maxID = 64

// size is about the memory of a message, in bytes.
func (m *message) size() int { return 200 + len(m.text) + len(m.from.client) }

// serverAPI is the person of a message without a publisher: it came through the API of the server.
var serverAPI = person{name: "server", key: "server"}

// personOf chooses the name to show: that of conn_info, the user id, or a part of the client id.
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
