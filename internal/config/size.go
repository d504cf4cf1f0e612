package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Size is a number of bytes, written as 65536, 64KiB, 1MiB or 1GiB. The
// decimal KB, MB and GB mean powers of 1000, as they do elsewhere.
type Size int64

// The binary units.
const (
	KiB Size = 1 << 10
	MiB Size = 1 << 20
	GiB Size = 1 << 30
)

// units maps a suffix to its bytes. The empty suffix is plain bytes.
var units = map[string]Size{
	"": 1, "b": 1,
	"k": KiB, "kib": KiB, "kb": 1e3,
	"m": MiB, "mib": MiB, "mb": 1e6,
	"g": GiB, "gib": GiB, "gb": 1e9,
}

// ParseSize reads a size. It must be whole, not negative and fit an int64.
func ParseSize(s string) (Size, error) {
	t := strings.TrimSpace(s)
	digits := strings.IndexFunc(t, func(r rune) bool { return r < '0' || r > '9' })
	if digits < 0 {
		digits = len(t)
	}
	unit, known := units[strings.ToLower(strings.TrimSpace(t[digits:]))]
	n, err := strconv.ParseInt(t[:digits], 10, 64)
	if err != nil || !known {
		return 0, fmt.Errorf("%q is not a size; write it as 65536, 64KiB or 1MiB", s)
	}
	if n > math.MaxInt64/int64(unit) {
		return 0, fmt.Errorf("%q is too large", s)
	}
	return Size(n) * unit, nil
}

// String writes the size with the largest binary unit that divides it.
func (s Size) String() string {
	switch {
	case s > 0 && s%GiB == 0:
		return strconv.FormatInt(int64(s/GiB), 10) + "GiB"
	case s > 0 && s%MiB == 0:
		return strconv.FormatInt(int64(s/MiB), 10) + "MiB"
	case s > 0 && s%KiB == 0:
		return strconv.FormatInt(int64(s/KiB), 10) + "KiB"
	}
	return strconv.FormatInt(int64(s), 10)
}

// UnmarshalText is called by kong for a flag.
func (s *Size) UnmarshalText(b []byte) error {
	n, err := ParseSize(string(b))
	if err == nil {
		*s = n
	}
	return err
}

// MarshalText is called by the YAML encoder.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
