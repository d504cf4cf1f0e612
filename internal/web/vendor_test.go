package web

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

const vendor = "static/vendor/centrifuge"

// A change of the SDK's file that did not come from generate.sh shows here.
func TestVendoredSDKIsAsPublished(t *testing.T) {
	sum := sha256.Sum256(readFile(t, vendor+".js"))
	want, _, _ := strings.Cut(string(readFile(t, vendor+".js.sha256")), " ")
	if got := hex.EncodeToString(sum[:]); got != want {
		t.Errorf("centrifuge.js has SHA-256 %s, its checksum file says %s", got, want)
	}
}

func TestVendoredSDKHasVersionAndLicence(t *testing.T) {
	version := strings.TrimSpace(string(readFile(t, vendor+".version")))
	if !strings.Contains(string(readFile(t, "generate.sh")), "\nVERSION="+version+"\n") {
		t.Errorf("generate.sh fetches another version than the committed %s", version)
	}
	if !strings.Contains(string(readFile(t, vendor+".LICENSE.txt")), "Permission is hereby granted, free of charge") {
		t.Error("the MIT licence is missing")
	}
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
