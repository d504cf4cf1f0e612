// Package rival is what the rivals of rivals/ have in common: where they listen, and who is
// in which room. How a message gets to a member is each library's own.
//
// All do the work of the floor: a member of room NAME connects with ?room=NAME, each of its
// text messages goes to all in the room, itself included; a connection to /echo gets its own
// messages back.
package rival
