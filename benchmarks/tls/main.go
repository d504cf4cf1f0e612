// Tls measures the cost of connections, plain and over TLS 1.3: upgrades a second, processor
// time of an upgrade, and resident bytes of an idle connection. Bare netpoll and gorilla on
// net/http take turns in one run; compare the ratios.
package main

import (
	"bufio"
	"crypto/tls"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/throngd/throng/benchmarks/internal/sys"
)

const request = "GET /echo HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

type sample struct{ rate, cpu, idle float64 }

func main() {
	bin := flag.String("bin", "../bin/bench", "`directory` of the servers")
	rounds := flag.Int("rounds", 3, "rounds")
	span := flag.Duration("time", 3*time.Second, "how long to connect")
	few, many := flag.Int("few", 500, "idle connections before"), flag.Int("many", 3000, "idle connections after")
	flag.Parse()
	names := []string{"echo", "echo -tls", "gorilla", "gorilla -tls"}
	got := map[string][]sample{}
	for round := range *rounds {
		for _, name := range names {
			s, err := measure(*bin, name, *span, *few, *many)
			if err != nil {
				log.Printf("round %d: %s: FAILED: %v", round+1, name, err)
				continue
			}
			got[name] = append(got[name], s)
		}
	}
	fmt.Printf("%-14s %12s %16s %16s\n", "", "upgrades/s", "us of server", "idle bytes")
	for _, name := range names {
		fmt.Printf("%-14s %12.0f %16.1f %16.0f\n", strings.Replace(name, "echo", "netpoll", 1), median(got[name], func(s sample) float64 { return s.rate }),
			median(got[name], func(s sample) float64 { return s.cpu }), median(got[name], func(s sample) float64 { return s.idle }))
	}
}

func median(s []sample, of func(sample) float64) float64 {
	if len(s) == 0 {
		return 0
	}
	v := make([]float64, len(s))
	for i := range s {
		v[i] = of(s[i])
	}
	slices.Sort(v)
	return v[len(v)/2]
}

// measure runs one server: connects for a while, then holds idle connections.
func measure(bin, name string, span time.Duration, few, many int) (s sample, err error) {
	words := strings.Fields(name)
	addr, err := freeAddr()
	if err != nil {
		return s, err
	}
	server := exec.Command("taskset", append([]string{"-c", "0", filepath.Join(bin, words[0]), "-listen", addr}, words[1:]...)...)
	server.Stderr = os.Stderr
	if err := server.Start(); err != nil {
		return s, err
	}
	defer func() { _ = server.Process.Kill(); _ = server.Wait() }()
	secure := len(words) > 1
	if err := answers(addr, secure); err != nil {
		return s, err
	}
	pid := server.Process.Pid
	before, err := sys.CPU(pid)
	if err != nil {
		return s, err
	}
	n, took := connectFor(addr, secure, span)
	after, err := sys.CPU(pid)
	if err != nil || n == 0 {
		return s, fmt.Errorf("%d connections: %v", n, err)
	}
	s.rate, s.cpu = float64(n)/took.Seconds(), float64((after-before).Microseconds())/float64(n)
	s.idle, err = idle(addr, secure, pid, few, many)
	return s, err
}

func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

func answers(addr string, secure bool) error {
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		c, err := connect(addr, secure)
		if err == nil {
			return c.Close()
		}
		if time.Now().After(end) {
			return err
		}
	}
}

// connect does TCP, TLS without resumption, and the upgrade.
func connect(addr string, secure bool) (net.Conn, error) {
	c, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		return nil, err
	}
	_ = c.(*net.TCPConn).SetLinger(0) // closes with RST, so that no port stays in TIME_WAIT
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	if secure {
		c = tls.Client(c, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13}) // the certificate is self-signed
	}
	if _, err = io.WriteString(c, request); err == nil {
		var r *http.Response
		if r, err = http.ReadResponse(bufio.NewReaderSize(c, 512), nil); err == nil && r.StatusCode != 101 {
			err = fmt.Errorf("status %s", r.Status)
		}
	}
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

func connectFor(addr string, secure bool, span time.Duration) (int64, time.Duration) {
	var n atomic.Int64
	var all sync.WaitGroup
	began := time.Now()
	for range 32 {
		all.Go(func() {
			for time.Since(began) < span {
				if c, err := connect(addr, secure); err == nil {
					n.Add(1)
					_ = c.Close()
				}
			}
		})
	}
	all.Wait()
	return n.Load(), time.Since(began)
}

// idle returns the growth of the server's resident memory per connection.
func idle(addr string, secure bool, pid, few, many int) (float64, error) {
	var conns []net.Conn
	defer func() {
		for _, c := range conns {
			_ = c.Close()
		}
	}()
	var rss [2]float64
	for i, n := range []int{few, many} {
		for len(conns) < n {
			c, err := connect(addr, secure)
			if err != nil {
				return 0, err
			}
			conns = append(conns, c)
		}
		time.Sleep(4 * time.Second) // no event shows when the memory is stable
		m, err := sys.ReadMemory(pid)
		if err != nil {
			return 0, err
		}
		rss[i] = float64(m.Rss)
	}
	return (rss[1] - rss[0]) / float64(many-few), nil
}
