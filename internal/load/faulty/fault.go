package faulty

// Fault is the kind of misbehaviour.
type Fault string

// The faults. Those of the first group concern one delivery to one member, those of the second
// one message as a whole, those of the third one command or one upgrade, those of the fourth one answer.
const (
	None Fault = ""

	Lose        Fault = "lose"         // a delivery does not happen
	Deafen      Fault = "deafen"       // neither that nor any later delivery to the same member happens, so there is no gap
	Repeat      Fault = "repeat"       // a delivery happens twice
	RepeatLater Fault = "repeat later" // a delivery happens again, ten messages later
	Swap        Fault = "swap"         // a delivery comes after the next one
	Disorder    Fault = "disorder"     // the same, and the offsets are changed to look right
	Invent      Fault = "invent"       // after it a message is delivered that no client has sent
	Forge       Fault = "forge"        // after it a forged message is delivered, with a valid sender and the sender's next number
	Alter       Fault = "alter"        // its last byte is changed
	Misroute    Fault = "misroute"     // it is also delivered to a member of another room

	LoseForAll Fault = "lose for all" // a message is acknowledged and kept, and not delivered to any member
	NotKeep    Fault = "not keep"     // it is acknowledged and delivered, and not in the history
	Forget     Fault = "forget"       // it is acknowledged and nothing else
	KeepTwice  Fault = "keep twice"   // it is in the history twice
	KeepSwap   Fault = "keep swapped" // it is in the history after the next one
	KeepAlien  Fault = "keep alien"   // after it the history has a message that no client has sent

	NoConnect   Fault = "no connect"   // a connect is never answered
	NoSubscribe Fault = "no subscribe" // a subscribe is never answered
	NoAck       Fault = "no ack"       // a publish is executed and never answered
	NoHistory   Fault = "no history"   // a history is never answered
	Refuse      Fault = "refuse"       // a connect is answered with error 100
	Babble      Fault = "babble"       // a connect is answered with invalid JSON
	Banish      Fault = "banish"       // a connect is answered by a close code that forbids a reconnect
	TurnAway    Fault = "turn away"    // an upgrade is refused with 503

	Cut         Fault = "cut"          // the connection is closed instead of a delivery
	RecoverLess Fault = "recover less" // a recovery has recovered:true but not its last message
)
