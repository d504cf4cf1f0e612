package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

// options are the command line.
type options struct {
	connections int
	port        int
	admin       string
	pid         int
	hold        time.Duration
	inFlight    int
	every       time.Duration
	limit       time.Duration
	patience    time.Duration
	note        string
}

func main() {
	var o options
	flag.IntVar(&o.connections, "connections", 1000, "connections to open and keep")
	flag.IntVar(&o.port, "port", 8080, "port of throng serve, which listens on 0.0.0.0")
	flag.StringVar(&o.admin, "admin", "http://127.0.0.1:9090", "its admin port")
	flag.IntVar(&o.pid, "pid", 0, "its process")
	flag.DurationVar(&o.hold, "hold", 10*time.Minute, "how long all connections are held, at least one --ping-interval of the server")
	flag.IntVar(&o.inFlight, "in-flight", 256, "connections being opened at once")
	flag.DurationVar(&o.every, "every", 10*time.Second, "time between two lines of progress")
	flag.DurationVar(&o.limit, "limit", 6*time.Hour, "time for everything")
	flag.DurationVar(&o.patience, "patience", time.Hour, "time one connection may take to open, and the broadcast to arrive")
	flag.StringVar(&o.note, "note", "", "a remark for the report, as: emulated")
	flag.Parse()
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "idle: error:", err)
		os.Exit(1)
	}
}

// run is all phases. What was found before an error is reported all the same.
func run(o options) error {
	if o.pid == 0 {
		return fmt.Errorf("--pid is missing: the process of throng serve")
	}
	c, err := newCrowd(o)
	if err != nil {
		return err
	}
	defer c.client.Close()
	r := &report{options: o, crowd: c}
	defer r.print(os.Stdout)
	end := time.Now().Add(o.limit)
	for _, phase := range []func(time.Time) error{r.open, r.settle, r.keep, r.broadcast, r.scrape} {
		if err := phase(end); err != nil {
			r.fault = err.Error()
			return err
		}
	}
	return nil
}
