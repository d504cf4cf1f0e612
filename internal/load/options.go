package load

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/internal/load/report"
)

// Scenarios are the names of all scenarios, in the order of the help.
func Scenarios() []string {
	return []string{"idle", "fanout", "rooms", "echo", "connect", "storm", "stall", "half-open", "dribble", "mixed"}
}

// The values of Options.Protocol.
const (
	Centrifuge = "centrifuge" // the Centrifuge protocol in JSON
	Echo       = "echo"       // every message comes back
	Rooms      = "rooms"      // ?room=NAME in the URL, every message goes to all members of the room
)

// Options describe a run. The zero value of everything but Scenario and URL is a default.
type Options struct {
	Scenario string
	URL      string
	Protocol string // "": Echo for the scenario echo, otherwise Centrifuge

	Connections int           // 0: 1000
	Duration    time.Duration // of the stage in which messages are sent; 0: 10 s, in half-open a minute
	Rooms       int           // 0: one, in the scenario rooms one for ten connections
	Rate        float64       // messages a second, of all senders together; in connect connections a second, 0: as fast as possible
	Size        int           // bytes of a message; 0: 128
	Senders     int           // of each room; 0: 4, in the scenario rooms all members
	Share       int           // percent of the clients that misbehave in stall, half-open and dribble; 0: 20
	Rounds      int           // of a storm; 0: 3
	BackWithin  time.Duration // how long all clients may take to reconnect in a storm; 0: one minute
	Mix         string        // the file of mixed
	Ramp        time.Duration // the connections are opened evenly over this time; 0: as fast as possible
	Schedule    string        // of the messages: Poisson or Even; "": Poisson
	RoomName    string        // names of the rooms, with {run} and {room} in them; "": load-{run}-{room}
	Payload     string        // file whose text the messages carry; "": x as often as Size asks for
	Token       string        // of the connect command
	Header      []string      // of the upgrade requests, as "Name: value"

	MaxRefused float64  // percent of the publishes that may be refused; 0: 1, below 0: none
	FailIf     []string // conditions in the syntax of report.ParseThreshold

	Processes    int           // 0: as many as the file limit asks for
	Loops        int           // event loops of each process; 0: GOMAXPROCS
	Source       string        // addresses to connect from: a, b-c; "": chosen by the kernel, on loopback by need
	Insecure     bool          // accept any certificate
	OneFrame     bool          // connect and subscribe travel in one frame
	PingInterval time.Duration // of WebSocket pings by us; 0: none
	Patience     time.Duration // the longest wait for an answer; 0: 10 s
	MaxMessage   int           // bytes of a message that a server may send; 0: 4 MiB, or four messages if that is more
	Progress     Progress      `json:"-"` // nil: none
	Errors       io.Writer     `json:"-"` // stderr of the other processes; nil: discarded
	Self         []string      // the command that calls Worker in another process; nil: this binary with load-worker
	Command      string        // for the report
	sources      []netip.AddrPort
	target       *url.URL
	filling      []byte // follows the numbers in each message
	header       http.Header
	rules        report.Rules
}

// halfOpenTime is how long half-open lasts by default: longer than the time limits of most servers.
const halfOpenTime = time.Minute

// Limits of the options, far beyond useful values.
const (
	maxConnections = 100_000_000
	maxSize        = 1 << 20
	maxProcesses   = 1000
	maxMessages    = 50_000_000 // of a run; the oracle keeps about 40 bytes for each
)

// withDefaults sets the defaults and rejects options that cannot work.
func (o Options) withDefaults() (Options, error) {
	if !slices.Contains(Scenarios(), o.Scenario) {
		return o, clierr.Usagef("there are: "+strings.Join(Scenarios(), ", "), "there is no scenario %q", o.Scenario)
	}
	if o.Protocol == "" {
		o.Protocol = Centrifuge
		if o.Scenario == "echo" {
			o.Protocol = Echo
		}
	}
	if err := o.parseURL(); err != nil {
		return o, err
	}
	o.Connections = cmp.Or(o.Connections, 1000)
	if o.Scenario == "half-open" {
		o.Duration = cmp.Or(o.Duration, halfOpenTime)
	}
	o.Duration = cmp.Or(o.Duration, 10*time.Second)
	if o.Payload == "" {
		o.Size = cmp.Or(o.Size, 128)
	}
	o.Schedule = cmp.Or(o.Schedule, Poisson)
	o.RoomName = cmp.Or(o.RoomName, "load-{run}-{room}")
	o.Share = cmp.Or(o.Share, 20)
	o.Rounds = cmp.Or(o.Rounds, 3)
	o.BackWithin = cmp.Or(o.BackWithin, time.Minute)
	o.Patience = cmp.Or(o.Patience, 10*time.Second)
	o.MaxMessage = cmp.Or(o.MaxMessage, max(4<<20, 4*o.Size))
	o.roomDefaults()
	if err := o.check(); err != nil {
		return o, err
	}
	for _, parse := range []func() error{o.parseSource, o.parseHeader, o.parseRules, o.readPayload} {
		if err := parse(); err != nil {
			return o, err
		}
	}
	return o, nil
}

func (o *Options) roomDefaults() {
	rooms, senders := 1, 4
	if o.Scenario == "rooms" {
		rooms, senders = max(1, o.Connections/10), math.MaxInt32
	}
	o.Rooms = cmp.Or(o.Rooms, rooms)
	o.Senders = cmp.Or(o.Senders, senders)
	if o.Protocol == Echo {
		o.Rooms, o.Senders = 1, math.MaxInt32
	}
	if o.Rate == 0 {
		o.Rate = map[string]float64{"fanout": 10, "rooms": 1000, "echo": 1000, "storm": 50, "stall": 100, "dribble": 20}[o.Scenario]
	}
}

func (o *Options) check() error {
	positive := "numbers must be positive"
	switch {
	case o.Connections < 1 || o.Connections > maxConnections:
		return clierr.Usagef(positive, "--connections %d is not possible", o.Connections)
	case o.Rooms < 1 || o.Rooms > o.Connections:
		return clierr.Usagef("a room has at least one connection", "--rooms %d is not possible with %d connections", o.Rooms, o.Connections)
	case o.Payload != "" && o.Size != 0:
		return clierr.Usagef("a message is as long as the file and its sender, number and time", "--size does not go with --payload")
	case o.Payload == "" && (o.Size < bodySize || o.Size > maxSize):
		return clierr.Usagef(fmt.Sprintf("a message carries its sender, number and time: --size is %d to %d", bodySize, maxSize), "--size %d is not possible", o.Size)
	case !(o.Rate >= 0 && o.Rate <= 1e8): // NaN neither
		return clierr.Usagef(positive, "--rate %v is not possible", o.Rate)
	case o.messages() > maxMessages:
		return clierr.Usagef("shorten --duration (in storm --back-within) or lower --rate: some 40 bytes are kept for each message until the end",
			"%.0f messages are more than the oracle keeps (%d)", o.messages(), maxMessages)
	case o.MaxMessage < 1024 || o.MaxMessage > 1<<30:
		return clierr.Usagef("from 1KiB to 1GiB", "--max-message %d is not possible", o.MaxMessage)
	case o.Duration < 0 || o.Patience < 0 || o.PingInterval < 0 || o.BackWithin < 0 || o.Ramp < 0:
		return clierr.Usagef(positive, "a duration is negative")
	case o.Processes < 0 || o.Processes > maxProcesses || o.Processes > o.Connections:
		return clierr.Usagef("at most one for each connection, and 1000", "--processes %d is not possible", o.Processes)
	case o.Share < 1 || o.Share > 99 || o.Rounds < 1 || o.Senders < 1:
		return clierr.Usagef("--share is 1 to 99, --rounds and --senders are positive", "--share %d, --rounds %d or --senders %d is not possible", o.Share, o.Rounds, o.Senders)
	case o.Scenario == "echo" && o.Protocol != Echo:
		return clierr.Usagef("leave --protocol out, or take fanout or rooms", "the scenario echo does not go with --protocol %s", o.Protocol)
	case o.Protocol == Echo && !slices.Contains([]string{"echo", "idle", "connect", "half-open", "dribble"}, o.Scenario):
		return clierr.Usagef("an echo server has no rooms: take echo, idle, connect, half-open or dribble", "the scenario %s needs rooms", o.Scenario)
	case o.Protocol == Rooms && o.Scenario == "storm":
		return clierr.Usagef("clients can only resume with the Centrifuge protocol", "the scenario storm does not go with --protocol rooms")
	case (o.Scenario == "mixed") != (o.Mix != ""):
		return clierr.Usagef("write: throng load mixed URL --mix FILE", "mixed takes its parts from a file, and only mixed does")
	}
	return o.checkNames()
}

// messages is the largest number of messages that a run sends by its schedule.
func (o *Options) messages() float64 {
	switch o.Scenario {
	case "connect":
		return 0
	case "storm":
		return o.Rate * (o.Duration.Seconds() + float64(o.Rounds)*o.BackWithin.Seconds())
	}
	return o.Rate * o.Duration.Seconds()
}

const urlHint = "write it as ws://HOST:PORT/PATH or wss://HOST/PATH, for example: throng load fanout ws://localhost:8080/ws"

// parseURL completes the URL: ws:// if there is no scheme, and the usual path of the protocol if
// there is none.
func (o *Options) parseURL() error {
	paths := map[string]string{Centrifuge: "/connection/websocket", Echo: "/echo", Rooms: "/"}
	if paths[o.Protocol] == "" {
		return clierr.Usagef("there are: centrifuge, echo, rooms", "there is no protocol %q", o.Protocol)
	}
	complete := o.URL
	if complete != "" && !strings.Contains(complete, "://") {
		complete = "ws://" + complete
	}
	u, err := url.Parse(complete)
	if err != nil {
		return clierr.Usagef(urlHint, "the URL cannot be read: %w", err)
	}
	switch u.Scheme = strings.Replace(u.Scheme, "http", "ws", 1); {
	case u.Scheme != "ws" && u.Scheme != "wss" || u.Hostname() == "":
		return clierr.Usagef(urlHint, "%q is no URL of a WebSocket", o.URL)
	case u.User != nil || u.Fragment != "":
		return clierr.Usagef(urlHint, "a WebSocket URL has neither a user nor a fragment")
	}
	if u.Path == "" {
		u.Path = paths[o.Protocol]
	}
	o.URL, o.target = u.String(), u
	return nil
}
