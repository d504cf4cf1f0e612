// Package web is the demo chat page, embedded in the binary: a browser that opens the address of a throng server shows it.
//
// Handler serves three kinds of paths:
//
//	/                        index.html, revalidated by ETag on every visit
//	/assets/VERSION/FILE     scripts, styles, the icon: cached for a year
//	anything else            404
//
// VERSION is a hash of all the assets, written into index.html when the handler
// is made. A new binary therefore changes every address at once, the scripts of
// one page always belong together, and a later visit loads one file.
// That matters here because the public port closes a connection after each
// plain HTTP answer (docs/architecture.md).
//
// The page loads nothing from elsewhere and runs nothing inline: its
// Content-Security-Policy allows its own origin alone, so that text of other users cannot become code even if the page has a
// mistake.
//
// The scripts in static are ES modules without a build step:
//
//	app.js        wires everything: name, rooms, address bar, keyboard
//	chat.js       the connection and the list of rooms
//	room.js       one room: its messages, missed messages and recovery
//	outbox.js     messages that are not acknowledged yet
//	people.js     members of a room, and typing notices
//	timeline.js   the messages of a room in order, as plain data
//	view.js       the timeline on the screen, a window of it at a time
//	message.js    one message as elements; other people's text becomes text, never markup
//	composer.js   where one writes
//	panels.js     the lists of rooms and people, the state of the connection
//	dialogs.js    the dialogs: one's name, and going to a room by its name
//
// static/vendor holds the browser SDK as it is published, which generate.sh
// fetches by its pinned version; a test compares its checksum. Neither building
// nor running throng needs node.
package web
