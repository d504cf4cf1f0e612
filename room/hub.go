package room

// Hub is all rooms of a process.
type Hub struct {
	cfg Config
}

// New starts the shards of a hub. Close ends them.
func New(cfg Config) *Hub { return &Hub{cfg: cfg.withDefaults()} }

// Submit hands a command to the shard of its room. Any goroutine may call; it
// never blocks. ErrBusy: the mailbox is full, the command was not taken and gets
// no other answer (a Leave is always taken). ErrClosed: the hub is closing.
// Commands of one goroutine to one room keep their order.
func (h *Hub) Submit(c Command) error { return ErrClosed }

// Close takes no further command, answers those in flight, and ends the shards.
func (h *Hub) Close() {}

// Stats are sums over the shards, each as of its last turn.
type Stats struct {
	Rooms        int64 // with members or history
	Members      int64
	Waiting      int64 // commands in the mailboxes
	InFlight     int64 // commands that wait for the log
	HistoryBytes int64
	Messages     int64 // broadcast since the start
	Refused      int64 // commands refused with ErrBusy
	Gaps         int64 // losses between the log and the shard that were found
}

// Stats may be called by any goroutine.
func (h *Hub) Stats() Stats { return Stats{} }
