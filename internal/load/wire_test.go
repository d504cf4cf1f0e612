package load

import "testing"

// Usual publications, joins and leaves are recognized by their beginning; all else is left to the JSON decoder.
func TestScanRecognizesUsualLines(t *testing.T) {
	push := publicationPrefix("load-1-2")
	for line, want := range map[string]string{
		`{"push":{"channel":"load-1-2","pub":{"data":"x","offset":7}}}`:                                 "pub",
		`{"push":{"channel":"load-1-2","pub":{"data":"x","info":{"user":"","client":"c"},"offset":7}}}`: "pub",
		`{"push":{"channel":"load-1-2","join":{"info":{"user":"","client":"6f1d"}}}}`:                   "join",
		`{"push":{"channel":"load-1-2","leave":{"info":{"user":"","client":"6f1d"}}}}`:                  "join",
		`{"push":{"channel":"load-1-2","pub":{"data":"\u0078","offset":7}}}`:                            "",
		`{"push":{"channel":"load-1-23","pub":{"data":"x","offset":7}}}`:                                "",
		`{"push":{"channel":"load-1-23","join":{"info":{"user":"","client":"6f1d"}}}}`:                  "",
		`{"push":{"channel":"load-1-2","unsubscribe":{"code":2500,"reason":"insufficient state"}}}`:     "",
		`{"push":{"channel":"load-1-2","message":{"data":{"join":1}}}}`:                                 "",
		`{"push":{"disconnect":{"code":3000,"reason":"x"}}}`:                                            "",
		`{"push":{"pub":{"data":"x","offset":7},"channel":"load-1-2"}}`:                                 "",
		``: "",
	} {
		got := ""
		if data, offset, ok := scanPublication([]byte(line), push); ok && string(data) == "x" && offset == 7 {
			got = "pub"
		}
		if scanJoinOrLeave([]byte(line), push) {
			got += "join"
		}
		if got != want {
			t.Errorf("%s: %q", line, got)
		}
	}
}
