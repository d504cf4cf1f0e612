# Reads go test -v: prints one line for a package that passed, and everything
# but the passing tests for one that did not.
# Each line is flushed, so that a log file or a pipe shows how far the run is.
/^(ok|\?)[ \t]/ { print; fflush(); n = 0; next }
/^ *--- (PASS|SKIP)/ || /^=== / || /^PASS$/ { next }
/^\t[^ ]+\t+coverage: / { next }
/^FAIL(\t|$)/ { for (i = 0; i < n; i++) print said[i]; print; fflush(); n = 0; next }
{ said[n++] = $0 }
END { for (i = 0; i < n; i++) print said[i] }
