package chat

// Help is the long description of the command, for `throng chat --help`.
const Help = `Chat in a room of a throng (or Centrifugo) server.

URL is ws://, wss://, http:// or https:// with a host, or just HOST:PORT; without a path it is /connection/websocket.

On a terminal you type at the prompt; /help lists the commands, Ctrl-D leaves when everything is sent, Ctrl-C at once.
A line that is longer than the row scrolls in it.

A pipe sends every line that is not blank as one message and exits with 0 when all are acknowledged, 1 if one could
not be sent:

    echo "build done" | throng chat localhost:8080 lobby

A line with a NUL character (U+0000), as UTF-16 and binary files have them, is not sent and counts as one that could not
be; bytes that are not UTF-8 are sent as U+FFFD.

Without input it only listens, until it is interrupted or nobody reads:

    throng chat localhost:8080 lobby </dev/null | grep error

A lost connection is taken up again: missed messages are shown, what was typed meanwhile is sent.

NO_COLOR, TERM=dumb and an output that is no terminal mean no colours.`
