package report

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// The bounds of a histogram. Shorter times count as lowest, longer ones as highest.
const (
	lowest  = int64(time.Microsecond)
	highest = int64(time.Hour)
	figures = 3
	// coarse is the precision of one second of the series.
	coarse = 2
)

// Histogram is the distribution of a latency with three significant figures, from 1 µs (in
// steps of 0.5 µs) to an hour: 184 KB once something was recorded. The zero value is empty. Not
// safe for concurrent use.
type Histogram struct {
	h *hdrhistogram.Histogram
}

// Record adds a measurement.
func (h *Histogram) Record(d time.Duration) { h.RecordN(d, 1) }

// RecordN adds n measurements that are the same.
func (h *Histogram) RecordN(d time.Duration, n int64) {
	if h.h == nil {
		h.h = hdrhistogram.New(lowest, highest, figures)
	}
	_ = h.h.RecordValues(min(max(int64(d), 0), highest), n) // within its bounds it cannot fail
}

// Reset removes the measurements and keeps the memory.
func (h *Histogram) Reset() {
	if h.h != nil {
		h.h.Reset()
	}
}

// Count is the number of measurements.
func (h *Histogram) Count() int64 {
	if h.h == nil {
		return 0
	}
	return h.h.TotalCount()
}

// Quantile is the value that a share q (0 to 1) of the measurements does not exceed, 0 if there are none.
func (h *Histogram) Quantile(q float64) time.Duration {
	if h.Count() == 0 {
		return 0
	}
	return time.Duration(h.h.ValueAtQuantile(q * 100))
}

// Min, Mean and Max are 0 if there are no measurements.
func (h *Histogram) Min() time.Duration { return h.value((*hdrhistogram.Histogram).Min) }

// Max is the longest.
func (h *Histogram) Max() time.Duration { return h.value((*hdrhistogram.Histogram).Max) }

// Mean is the arithmetic one.
func (h *Histogram) Mean() time.Duration {
	return h.value(func(h *hdrhistogram.Histogram) int64 { return int64(math.Round(h.Mean())) })
}

func (h *Histogram) value(f func(*hdrhistogram.Histogram) int64) time.Duration {
	if h.Count() == 0 {
		return 0
	}
	return time.Duration(f(h.h))
}

// Merge adds the measurements of another one, which is left as it is.
func (h *Histogram) Merge(o *Histogram) {
	if o.Count() == 0 {
		return
	}
	if h.h == nil {
		h.h = hdrhistogram.New(lowest, highest, figures)
	}
	h.h.Merge(o.h)
}

// histogramJSON is a histogram in a file. Only HDR is read back; the rest is for people and jq.
type histogramJSON struct {
	Count  int64   `json:"count"`
	MinMS  float64 `json:"min_ms"`
	MeanMS float64 `json:"mean_ms"`
	P50MS  float64 `json:"p50_ms"`
	P90MS  float64 `json:"p90_ms"`
	P99MS  float64 `json:"p99_ms"`
	P999MS float64 `json:"p999_ms"`
	MaxMS  float64 `json:"max_ms"`
	// HDR is the format of HdrHistogram's libraries: V2, deflated, base64, nanoseconds.
	HDR string `json:"hdr"`
}

// MarshalJSON writes the summary and the whole histogram.
func (h *Histogram) MarshalJSON() ([]byte, error) {
	text, err := pack(h, figures)
	if err != nil {
		return nil, err
	}
	return json.Marshal(histogramJSON{
		Count: h.Count(), MinMS: ms(h.Min()), MeanMS: ms(h.Mean()), P50MS: ms(h.Quantile(0.5)), P90MS: ms(h.Quantile(0.9)),
		P99MS: ms(h.Quantile(0.99)), P999MS: ms(h.Quantile(0.999)), MaxMS: ms(h.Max()), HDR: text,
	})
}

// UnmarshalJSON reads the histogram. The summary is computed again.
func (h *Histogram) UnmarshalJSON(b []byte) error {
	var in histogramJSON
	if err := json.Unmarshal(b, &in); err != nil {
		return err
	}
	read, err := unpack(in.HDR, figures)
	if err != nil {
		return err
	}
	h.h = read.h
	return nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// pack encodes a histogram with so many significant figures; "" is the empty one.
func pack(h *Histogram, figures int) (string, error) {
	if h.Count() == 0 {
		return "", nil
	}
	out := h.h
	if out.SignificantFigures() != int64(figures) {
		out = hdrhistogram.New(lowest, highest, figures)
		out.Merge(h.h)
	}
	b, err := out.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	return string(b), err
}

// maxPacked bounds what is decoded: a histogram in which every count is used has some 70 KB.
const maxPacked = 128 << 10

// The encoding V2 of HdrHistogram: a cookie and a length in front of the deflated
// payload, whose header has the precision at byte 12 and the bounds at 16 and 24.
const (
	packedHead  = 8
	payloadHead = 40
	maxPayload  = 1 << 20 // every count of the finest histogram, in nine bytes each
)

// checkPacked checks the size and the bounds of a histogram, which determine the memory for decoding.
func checkPacked(text string, figures int) error {
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(b) < packedHead {
		return errors.New("a histogram that is not base64")
	}
	z, err := zlib.NewReader(bytes.NewReader(b[packedHead:]))
	if err != nil {
		return err
	}
	payload, err := io.ReadAll(io.LimitReader(z, maxPayload+1))
	if err != nil || len(payload) < payloadHead || len(payload) > maxPayload {
		return fmt.Errorf("a histogram of %d bytes inflated", len(payload))
	}
	n := binary.BigEndian
	if n.Uint32(payload[12:]) != uint32(figures) || n.Uint64(payload[16:]) != uint64(lowest) || n.Uint64(payload[24:]) != uint64(highest) {
		return errors.New("a histogram with other bounds")
	}
	return nil
}

// unpack decodes the result of pack. The library does not validate its input, so unpack does.
func unpack(text string, figures int) (h Histogram, err error) {
	if text == "" {
		return h, nil
	}
	if len(text) > maxPacked {
		return h, fmt.Errorf("a histogram of %d bytes", len(text))
	}
	defer func() {
		if e := recover(); e != nil {
			h, err = Histogram{}, fmt.Errorf("a histogram that cannot be read: %v", e)
		}
	}()
	if err := checkPacked(text, figures); err != nil {
		return h, err
	}
	d, err := hdrhistogram.Decode([]byte(text))
	if err != nil {
		return h, err
	}
	if d.LowestTrackableValue() != lowest || d.HighestTrackableValue() != highest || d.SignificantFigures() != int64(figures) {
		return h, errors.New("a histogram with other bounds")
	}
	return Histogram{d}, nil
}
