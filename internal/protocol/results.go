package protocol

// ConnectResult is the result of connect, and of refresh without Data, Ping and Pong.
type ConnectResult struct {
	Client  ClientID
	Version string
	Expires bool
	TTL     uint32 // seconds until the connection expires
	Data    []byte // nil or valid JSON without line ends
	Ping    uint32 // seconds between server pings; 0: none
	Pong    bool   // the client must answer them
}

// SubscribeResult is the result of subscribe, without its publications. Epoch and Offset are always sent: a client that
// has received no message must be able to resume.
type SubscribeResult struct {
	Recoverable, Positioned  bool
	Recovered, WasRecovering bool
	Epoch                    string
	Offset                   uint64
}
