package jsonwire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/throngd/throng/internal/protocol"
)

// read takes a frame apart and writes down what came out, one word per command.
func read(frame string) string {
	var out []string
	r := NewReader([]byte(frame))
	for {
		c, err := r.Next()
		switch {
		case err == io.EOF:
			return strings.Join(out, " ")
		case errors.Is(err, protocol.ErrMalformed):
			return strings.Join(append(out, "malformed"), " ")
		case err != nil:
			out = append(out, fmt.Sprintf("%d:refused", c.ID))
		default:
			out = append(out, fmt.Sprintf("%d:%d:%s", c.ID, c.Method, c.Params))
		}
	}
}

// readSoon is read, which must not take time that grows with the square of a frame. The frames here take 5 ms of an idle
// core at most, and seconds where each byte is compared with each; a busy machine has three attempts at a second.
func readSoon(t *testing.T, frame string) (out string) {
	t.Helper()
	for try := 1; ; try++ {
		start := time.Now()
		out = read(frame)
		d := time.Since(start)
		if d < time.Second {
			return out
		}
		if try == 3 {
			t.Errorf("took %v", d)
			return out
		}
	}
}

func TestReader(t *testing.T) {
	deep := strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)
	open := strings.Repeat("[", 100_000)
	for _, tt := range []struct{ name, frame, want string }{
		{"empty", ``, ``},
		{"spaces", " \r\n\n ", ``},
		{"pong", `{}`, `0:0:`},
		{"one", `{"id":1,"ping":{}}`, `1:9:{}`},
		{"the SDK puts the id last", `{"publish":{"channel":"c"},"id":7}`, `7:5:{"channel":"c"}`},
		{"batch", "{\"id\":1,\"ping\":{}}\n{}\n{\"send\":{\"data\":1}}\n", `1:9:{} 0:0: 0:10:{"data":1}`},
		{"empty lines", "\n{\"id\":1,\"ping\":{}}\r\n\n\n{}", `1:9:{} 0:0:`},
		{"pretty", "{\n \"id\": 1,\n \"ping\": {\n }\n}\n{}", "1:9:{\n } 0:0:"},
		{"null method", `{"id":1,"connect":null,"ping":{}}`, `1:9:{}`},
		{"unknown method", `{"id":1,"fly":{}}`, `1:1:`},
		{"id alone", `{"id":1}`, `1:1:`},
		{"largest id", `{"id":4294967295,"ping":{}}`, `4294967295:9:{}`},
		{"good lines count", "{\"id\":1,\"ping\":{}}\n{\"id\":2", `1:9:{} malformed`},
		{"two on a line", `{"id":1,"ping":{}}{"id":2,"ping":{}}`, `malformed`},
		{"two methods", `{"id":1,"ping":{},"rpc":{}}`, `1:refused`},
		{"no id", `{"ping":{}}`, `malformed`},
		{"unknown without id", `{"fly":{}}`, `malformed`},
		{"id of text", `{"id":"1","ping":{}}`, `malformed`},
		{"negative id", `{"id":-1,"ping":{}}`, `malformed`},
		{"id too large", `{"id":4294967296,"ping":{}}`, `malformed`},
		{"a megabyte of id", `{"id":` + strings.Repeat("1", 1<<20) + `,"ping":{}}`, `malformed`},
		{"array", `[{"id":1,"ping":{}}]`, `malformed`},
		{"no JSON", `hello`, `malformed`},
		{"NUL behind", "{\"id\":1,\"ping\":{}}\x00", `malformed`},
		{"NUL inside", "{\"id\":1,\"rpc\":{\"data\":\"\x00\"}}", `malformed`},
		{"NUL escaped", `{"id":1,"rpc":{"data":"\u0000"}}`, `1:refused`},
		{"no UTF-8", "{\"id\":1,\"rpc\":{\"data\":\"\xff\"}}", `malformed`},
		{"duplicate id", `{"id":1,"id":2,"ping":{}}`, `2:refused`},
		{"duplicate key", `{"rpc":{"data":{"a":1,"b":2,"a":3}},"id":1}`, `1:refused`},
		{"same key elsewhere", `{"id":1,"rpc":{"data":[{"a":1},{"a":1,"b":{"a":1}}]}}`, `1:11:{"data":[{"a":1},{"a":1,"b":{"a":1}}]}`},
		{"lone surrogate", `{"id":1,"rpc":{"data":"\ud83d"}}`, `1:refused`},
		{"lone low surrogate", `{"id":1,"rpc":{"data":"\ude00"}}`, `1:refused`},
		{"surrogates swapped", `{"id":1,"rpc":{"data":"\ude00\ud83d"}}`, `1:refused`},
		{"surrogate pair", `{"id":1,"rpc":{"data":"\ud83d\ude00"}}`, `1:11:{"data":"\ud83d\ude00"}`},
		{"1e999", `{"id":1,"rpc":{"data":1e999}}`, `1:refused`},
		{"a million digits", `{"rpc":{"data":` + strings.Repeat("9", 1_000_000) + `},"id":3}`, `3:refused`},
		{"a number of 1024 characters", number(1024, ""), `1:11:{"data":0.` + strings.Repeat("1", 1022) + `}`},
		{"a number of 1025 characters", number(1025, ""), `1:refused`},
		{"300 digits", `{"id":1,"rpc":{"data":` + strings.Repeat("9", 300) + `}}`, `1:11:{"data":` + strings.Repeat("9", 300) + `}`},
		{"308 digits", `{"id":1,"rpc":{"data":` + strings.Repeat("9", 308) + `}}`, `1:11:{"data":` + strings.Repeat("9", 308) + `}`},
		{"309 digits", `{"id":1,"rpc":{"data":` + strings.Repeat("9", 309) + `}}`, `1:refused`},
		{"309 digits below zero", `{"id":1,"rpc":{"data":-` + strings.Repeat("9", 309) + `}}`, `1:refused`},
		{"1024 characters with an exponent", number(1024, "e9"), `1:11:{"data":0.` + strings.Repeat("1", 1020) + `e9}`},
		{"1025 characters with an exponent", number(1025, "e9"), `1:refused`},
		{"1e-999 is zero", `{"id":1,"rpc":{"data":1e-999}}`, `1:11:{"data":1e-999}`},
		{"leading zero", `{"id":1,"rpc":{"data":01}}`, `malformed`},
		{"plus", `{"id":1,"rpc":{"data":+1}}`, `malformed`},
		{"trailing comma", `{"id":1,"rpc":{},}`, `malformed`},
		{"deep", `{"rpc":{"data":` + deep + `},"id":5}`, `5:refused`},
		{"deep and open", `{"id":5,"rpc":{"data":` + open, `malformed`},
		{"the line after a refused one", "{\"id\":1,\"rpc\":{\"data\":1e999}}\n{\"id\":2,\"ping\":{}}", `1:refused 2:9:{}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := readSoon(t, tt.frame); got != tt.want {
				t.Errorf("got %.200s, want %.200s", got, tt.want)
			}
		})
	}
}

// number is a command with one number of n characters, which a float64 holds.
func number(n int, exponent string) string {
	return `{"id":1,"rpc":{"data":0.` + strings.Repeat("1", n-2-len(exponent)) + exponent + `}}`
}

// manyKeys is an object with n different keys, and one twice.
func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `"%07d":1,`, (i*7919)%n)
	}
	return `{"id":1,"rpc":{"data":{` + b.String() + `"0000001":1}}}`
}

func TestManyKeys(t *testing.T) {
	frame := manyKeys(50_000) // compared in pairs they would take ten seconds
	if got := readSoon(t, frame); got != "1:refused" {
		t.Errorf("got %.100s", got)
	}
}

// TestManyValuesSideBySide: different keys, and arrays behind one another, are neither duplicates nor deep.
func TestManyValuesSideBySide(t *testing.T) {
	keys, arrays := make([]string, 40), make([]string, 400)
	for i := range keys {
		keys[i] = fmt.Sprintf(`"k%d":1`, i)
	}
	for i := range arrays {
		arrays[i] = "[1]"
	}
	for _, data := range []string{"{" + strings.Join(keys, ",") + "}", "[" + strings.Join(arrays, ",") + "]"} {
		want := fmt.Sprintf(`1:%d:{"data":%s}`, protocol.MethodRPC, data)
		if got := read(`{"id":1,"rpc":{"data":` + data + `}}`); got != want {
			t.Errorf("got %.100s", got)
		}
	}
}

func TestDecode(t *testing.T) {
	next := func(frame string) (*Reader, protocol.Command) {
		r := NewReader([]byte(frame))
		c, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		return r, c
	}
	var s protocol.SubscribeRequest
	r, c := next(`{"id":1,"subscribe":{"channel":"c\u00e9","recover":true,"offset":9007199254740993,"epoch":"e","flag":3,"delta":"fossil","x":[1]}}`)
	if err := r.DecodeSubscribe(c, &s); err != nil || s.Channel != "cé" || !s.Recover || s.Offset != 9007199254740993 || s.Flag&protocol.FlagRejectUnrecovered == 0 {
		t.Errorf("subscribe: %+v, %v", s, err)
	}
	var p protocol.PublishRequest
	r, c = next(`{"id":1,"publish":{"channel":"c","data": {"a" : [1, 2]} ,"idempotency_key":"k"}}`)
	if err := r.DecodePublish(c, &p); err != nil || string(p.Data) != `{"a" : [1, 2]}` || p.IdempotencyKey != "k" {
		t.Errorf("publish: %+v %s, %v", p, p.Data, err)
	}
	for _, bad := range []string{
		`{"id":1,"publish":5}`, `{"id":1,"publish":[]}`, `{"id":1,"publish":"x"}`, `{"id":1,"publish":{"channel":1}}`,
		`{"id":1,"publish":{"idempotency_key":{}}}`,
	} {
		r, c := next(bad)
		if r.DecodePublish(c, &protocol.PublishRequest{}) == nil {
			t.Errorf("%s was accepted", bad)
		}
	}
}

func FuzzEnvelope(f *testing.F) {
	for _, s := range []string{
		`{}`, `{"id":1,"connect":{"token":"t","data":{"name":"ann"},"subs":{"c":{"recover":true}}}}`,
		"{\"id\":1,\"publish\":{\"channel\":\"c\",\"data\":{\"a\":[1,-2.5e3,\"\\ud83d\\ude00\"]}}}\n{\"id\":2,\"ping\":{}}",
		"{\"publish\":{\"channel\":\"c\",\"data\":{\r\n\"a\" : null}},\"id\":3}",
		`{"id":1,"publish":{"channel":"\u0041\"\n","data":"\u0000"}}`, `{"id":1,"publish":{"data":1e999}}`,
		`{"id":1,"publish":{"data":{"a":1,"a":1}}}`, `{"id":1,"rpc":` + strings.Repeat("[", 200),
		`{"id":1,"history":{"channel":"c","limit":-1,"since":{"offset":1,"epoch":"e"},"reverse":true}}`,
		`{"id":01}`, "{\"id\":1}\x00", "\xff", `{"id":1,"subscribe":{"flag":3,"tf":{},"type":4}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		r := NewReader(frame)
		for n := 0; ; n++ {
			c, err := r.Next()
			if err != nil && !errors.Is(err, protocol.ErrBadRequest) {
				return
			}
			if n > len(frame)/2 {
				t.Fatal("more commands than bytes")
			}
			if err == nil && c.Params != nil {
				checkCommand(t, r, c)
			}
		}
	})
}

// checkCommand holds that what the scanner lets through is JSON for everyone, and goes out as it came in.
func checkCommand(t *testing.T, r *Reader, c protocol.Command) {
	if !json.Valid(c.Params) {
		t.Fatalf("accepted what is no JSON: %q", c.Params)
	}
	_ = r.DecodeConnect(c, &protocol.ConnectRequest{})
	_ = r.DecodeSubscribe(c, &protocol.SubscribeRequest{})
	_ = r.DecodeHistory(c, &protocol.HistoryRequest{})
	var p protocol.PublishRequest
	if err := r.DecodePublish(c, &p); err != nil || len(p.Data) == 0 {
		return
	}
	info := protocol.ClientInfo{User: p.Channel, ConnInfo: AppendRaw(nil, p.Data)}
	push, object, data := Writer{}.AppendPush(nil, p.Channel, p.Data, &info, 7, 8)
	if bytes.ContainsAny(push, "\r\n") {
		t.Fatalf("line end in %q", push)
	}
	var got struct {
		Push struct {
			Channel string
			Pub     struct {
				Data   json.RawMessage
				Offset uint64
			}
		}
	}
	if err := json.Unmarshal(push, &got); err != nil {
		t.Fatalf("%v in %q", err, push)
	}
	if want := AppendRaw(nil, p.Data); !bytes.Equal(got.Push.Pub.Data, want) || !bytes.Equal(data, want) || got.Push.Channel != p.Channel {
		t.Fatalf("%q became %q", want, push)
	}
	if !json.Valid(object) {
		t.Fatalf("object %q", object)
	}
}

func BenchmarkPublish(b *testing.B) {
	frame := []byte(`{"publish":{"channel":"room","data":{"text":"` + strings.Repeat("x", 80) + `"}},"id":12}`)
	info := protocol.ClientInfo{User: "u", ConnInfo: []byte(`{"name":"ann"}`)}
	b.ReportAllocs()
	var out []byte
	var r Reader
	for b.Loop() {
		r.Reset(frame)
		c, _ := r.Next()
		var p protocol.PublishRequest
		if err := r.DecodePublish(c, &p); err != nil {
			b.Fatal(err)
		}
		out, _, _ = Writer{}.AppendPush(out[:0], p.Channel, p.Data, &info, 1, 2)
	}
}

// TestCheckAppliesRulesOfCommands: data of Protobuf commands is checked by the rules for JSON commands.
func TestCheckAppliesRulesOfCommands(t *testing.T) {
	for data, want := range map[string]error{
		`{"a":[1,2,{"b":null}]}`: nil,
		` 1 `:                    nil,
		"\n\"text\"\r\n":         nil,
		``:                       protocol.ErrNotJSON,
		`{`:                      protocol.ErrNotJSON,
		`1 2`:                    protocol.ErrNotJSON,
		`nul`:                    protocol.ErrNotJSON,
		"\"\xff\"":               protocol.ErrNotJSON,
		"\x00":                   protocol.ErrNotJSON,
		`{"a":1,"a":2}`:          protocol.ErrDuplicateKey,
		`"\u0000"`:               protocol.ErrNUL,
		`1e999`:                  protocol.ErrInfiniteNumber,
		strings.Repeat("[", 200) + strings.Repeat("]", 200): protocol.ErrTooDeep,
	} {
		if err := Check([]byte(data)); err != want {
			t.Errorf("%.40q: %v, want %v", data, err, want)
		}
	}
}
