package config

import "testing"

func TestParseSize(t *testing.T) {
	for _, c := range []struct {
		in   string
		want Size
		out  string // as String writes it
	}{
		{"0", 0, "0"},
		{"512", 512, "512"},
		{"65536", 64 * KiB, "64KiB"},
		{"64KiB", 64 * KiB, "64KiB"},
		{"64kib", 64 * KiB, "64KiB"},
		{"64 KiB", 64 * KiB, "64KiB"},
		{"1K", KiB, "1KiB"},
		{"16MiB", 16 * MiB, "16MiB"},
		{"1GiB", GiB, "1GiB"},
		{"1MB", 1_000_000, "1000000"},
		{"1B", 1, "1"},
		{"9223372036854775807", 1<<63 - 1, "9223372036854775807"},
	} {
		got, err := ParseSize(c.in)
		if err != nil || got != c.want {
			t.Errorf("ParseSize(%q) = %d, %v; want %d", c.in, got, err, c.want)
		}
		if got.String() != c.out {
			t.Errorf("Size(%q).String() = %q, want %q", c.in, got, c.out)
		}
		if again, err := ParseSize(got.String()); again != got || err != nil {
			t.Errorf("ParseSize(%q) = %d, %v; want %d back", got, again, err, got)
		}
	}
}

func TestParseSizeErrors(t *testing.T) {
	for _, in := range []string{"", " ", "-1", "+", "KiB", "1.5MiB", "64KIBS", "1TiB", "0x10", "9GiBs", "9223372036854775808", "9007199254740993K", "8589934592GiB"} {
		if got, err := ParseSize(in); err == nil {
			t.Errorf("ParseSize(%q) = %d, want an error", in, got)
		}
	}
}
