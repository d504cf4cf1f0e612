package room_test

import (
	"fmt"
	"time"

	"github.com/throngd/throng/room"
)

// A hub with one event loop and the memory log. Events of the loop are printed as they are delivered; a server would send
// them to the connections.
func Example() {
	replies := make(chan struct{}, 1)
	hub := room.New(room.Config{
		Shards: 1,
		Encode: func(name string, p *room.Publication, f room.Form) room.Buffer {
			p.Encoded[f] = p.Data // what answers contain
			return fmt.Sprintf("%s: %s", name, p.Data)
		},
		Deliver: func(loop int, events []room.Event) {
			for _, e := range events {
				switch e.Kind {
				case room.Broadcast:
					fmt.Printf("to the members of %s: %q\n", e.Room, e.Buffer)
				case room.Reply:
					fmt.Printf("to connection %d: %s\n", e.Answer.Member.Conn, describe(e.Answer))
					replies <- struct{}{}
				}
			}
		},
	})
	defer hub.Close()

	lobby := &room.Options{HistorySize: 100, HistoryTTL: time.Hour, Presence: true}
	submit := func(c room.Command) {
		c.Room, c.Options = "lobby", lobby
		if err := hub.Submit(c); err != nil {
			fmt.Println(err)
			return
		}
		<-replies
	}

	ann := room.Member{Conn: 1, Info: &room.Info{Client: room.ID{1}, User: "ann"}}
	bob := room.Member{Conn: 2, Info: &room.Info{Client: room.ID{2}, User: "bob"}}
	submit(room.Command{Op: room.Join, Member: ann})
	submit(room.Command{Op: room.Publish, Member: ann, From: ann.Info, Data: []byte("hello")})
	submit(room.Command{Op: room.Leave, Member: ann})
	submit(room.Command{Op: room.Publish, Member: bob, From: bob.Info, Data: []byte("anybody here?")})
	// ann was at offset 1, the position of her message.
	submit(room.Command{Op: room.Join, Member: ann, Recover: true, Since: room.Position{Offset: 1}})
	submit(room.Command{Op: room.Presence, Member: ann})
	// Output:
	// to connection 1: joined at 0, recovered false: []
	// to the members of lobby: "lobby: hello"
	// to connection 1: published at 1
	// to connection 1: left
	// to connection 2: published at 2
	// to connection 1: joined at 2, recovered true: [bob: anybody here?]
	// to connection 1: 1 present: [ann]
}

func describe(a *room.Answer) string {
	switch {
	case a.Err != nil:
		return a.Err.Error()
	case a.Op == room.Join:
		missed := []string{}
		for _, p := range a.Publications {
			missed = append(missed, p.From.User+": "+string(p.Data))
		}
		return fmt.Sprintf("joined at %d, recovered %v: %v", a.Position.Offset, a.Recovered, missed)
	case a.Op == room.Publish:
		return fmt.Sprintf("published at %d", a.Position.Offset)
	case a.Op == room.Presence:
		users := []string{}
		for _, e := range a.Presence {
			users = append(users, e.Info.User)
		}
		return fmt.Sprintf("%d present: %v", a.NumClients, users)
	}
	return "left"
}

// The history of a room. Done gets the answer instead of an event.
func ExampleHub_Submit() {
	hub := room.New(room.Config{})
	defer hub.Close()
	news := &room.Options{HistorySize: 2}
	ask := func(c room.Command) room.Answer {
		answer := make(chan room.Answer, 1)
		c.Room, c.Options, c.Done = "news", news, func(a room.Answer) { answer <- a }
		if err := hub.Submit(c); err != nil {
			return room.Answer{Err: err}
		}
		return <-answer
	}

	for _, text := range []string{"one", "two", "three"} {
		ask(room.Command{Op: room.Publish, Data: []byte(text)})
	}
	// The retry of a publish is not stored again.
	ask(room.Command{Op: room.Publish, Data: []byte("four"), IdempotencyKey: "k"})
	fmt.Println("repeat:", ask(room.Command{Op: room.Publish, Data: []byte("four"), IdempotencyKey: "k"}).Repeat)

	for _, p := range ask(room.Command{Op: room.History, Limit: -1, Reverse: true}).Publications {
		fmt.Println(p.Offset, string(p.Data))
	}
	// Output:
	// repeat: true
	// 4 four
	// 3 three
}
