#!/bin/sh
# After installing, upgrading or removing the package. It starts and restarts nothing: a restart disconnects everybody,
# so the operator chooses its time.
if [ -d /run/systemd/system ]; then
	systemctl daemon-reload
fi
