package faulty

// Fault is the kind of misbehaviour.
type Fault string

// The faults. Those of the first group concern one delivery to one member, those of the second
// one message as a whole, those of the third one command or one upgrade, those of the fourth one answer.
const (
	None Fault = ""

	Lose        Fault = "lose"         // a delivery does not happen
	Deafen      Fault = "deafen"       // neither that nor any later one to the same member: there is no gap to see
	Repeat      Fault = "repeat"       // a delivery happens twice
	RepeatLater Fault = "repeat later" // and once more, ten messages later
	Swap        Fault = "swap"         // a delivery comes after the next one
	Disorder    Fault = "disorder"     // the same, and the offsets are changed to look right
	Invent      Fault = "invent"       // another message comes behind it, of nobody
	Forge       Fault = "forge"        // another message comes behind it, of a sender and with a number that may follow
	Alter       Fault = "alter"        // its last byte is another one
	Misroute    Fault = "misroute"     // it goes to a member of another room as well

	LoseForAll Fault = "lose for all" // a message is acknowledged and kept, and delivered to nobody
	NotKeep    Fault = "not keep"     // it is acknowledged and delivered, and not in the history
	Forget     Fault = "forget"       // it is acknowledged and nothing else
	KeepTwice  Fault = "keep twice"   // it is in the history twice
	KeepSwap   Fault = "keep swapped" // it stands in the history behind the next one
	KeepAlien  Fault = "keep alien"   // behind it the history has what nobody sent

	NoConnect   Fault = "no connect"   // a connect is never answered
	NoSubscribe Fault = "no subscribe" // a subscribe is never answered
	NoAck       Fault = "no ack"       // a publish is carried out and never answered
	NoHistory   Fault = "no history"   // a history is never answered
	Refuse      Fault = "refuse"       // a connect is answered with error 100
	Babble      Fault = "babble"       // a connect is answered with invalid JSON
	Banish      Fault = "banish"       // a connect is answered by closing with a code that forbids to come again
	TurnAway    Fault = "turn away"    // an upgrade is refused with 503

	Cut         Fault = "cut"          // the connection is closed instead of a delivery
	RecoverLess Fault = "recover less" // a recovery says recovered:true and leaves its last message out
)
