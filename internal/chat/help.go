package chat

// Help is the long description of the command, for `throng chat --help`.
const Help = `Chat in a room of a throng (or Centrifugo) server.

URL is ws://, wss://, http:// or https:// with a host, or just HOST:PORT; without a path it is /connection/websocket.

On a terminal you type at the prompt; /help lists the commands, Ctrl-D leaves when everything is sent, Ctrl-C leaves at
once. A line that is longer than the row scrolls.

With a pipe as input, every line that is not blank is sent as one message. The exit code is 0 when all are acknowledged
and 1 if one could not be sent:

    echo "build done" | throng chat localhost:8080 lobby

A line with a NUL character (U+0000), as in UTF-16 and binary files, is not sent and counts as an error; bytes that are
not UTF-8 are sent as U+FFFD.

Without input the command only listens, until it is interrupted or the reader of its output has gone:

    throng chat localhost:8080 lobby </dev/null | grep error

After a lost connection it reconnects, shows the missed messages and sends what was typed meanwhile.

With NO_COLOR, TERM=dumb or an output that is no terminal there are no colours.`
