// Package rival has the common code of the programs in rivals/: the listener, and the members of
// the rooms. Each program sends messages in the way of its own library.
//
// All do the work of the floor: a member of room NAME connects with ?room=NAME, each of its
// text messages goes to all in the room, itself included; a connection to /echo gets its own
// messages back.
package rival
