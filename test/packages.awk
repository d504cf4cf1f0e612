# Reads go test -v: prints one line for a package that passed, and everything
# but the passing tests for one that did not.
/^(ok|\?) / { print; n = 0; next }
/^(ok|\?)\t/ { print; n = 0; next }
/^ *--- (PASS|SKIP)/ || /^=== / || /^PASS$/ { next }
/^\t[^ ]+\t+coverage: / { next }
/^FAIL(\t|$)/ { for (i = 0; i < n; i++) print said[i]; print; n = 0; next }
{ said[n++] = $0 }
END { for (i = 0; i < n; i++) print said[i] }
