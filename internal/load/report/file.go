package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/throngd/throng/internal/clierr"
	"github.com/throngd/throng/internal/files"
)

// maxFile is the largest file that is read. A run of an hour has about 3 MB.
const maxFile = 256 << 20

const fileHint = "a report is what throng load SCENARIO URL --json FILE writes"

// WriteJSON writes the report in the format of ReadFile.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// SaveJSON and SaveHTML write a file, whole or not at all.
func (r *Report) SaveJSON(file string) error { return save(file, r.WriteJSON) }

// SaveHTML is SaveJSON for the page.
func (r *Report) SaveHTML(file string) error { return save(file, r.WriteHTML) }

// CanSave returns the error that saving would have, as far as it can be known before there is a report.
func CanSave(file string) error {
	info, err := os.Stat(file)
	if err == nil && !info.IsDir() && !info.Mode().IsRegular() {
		return nil // a pipe, whose reader may come later
	}
	if err == nil && info.IsDir() {
		err = syscall.EISDIR
	} else {
		err = touch(filepath.Dir(file))
	}
	if err != nil {
		return clierr.Errorf("choose another file", "the report could not be written to %s: %w", file, cause(err))
	}
	return nil
}

func touch(dir string) error {
	f, err := os.CreateTemp(dir, ".throng-*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

func save(file string, write func(io.Writer) error) (err error) {
	defer func() {
		if err != nil {
			err = clierr.Errorf("the report itself is above; choose another file", "the report cannot be written to %s: %w", file, cause(err))
		}
	}()
	if irregular(file) {
		f, err := files.OpenPipe(file)
		if err != nil {
			return err
		}
		return errors.Join(write(f), f.Close())
	}
	f, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := errors.Join(write(f), f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), file)
}

// irregular is a name of a file that is not regular: /dev/stdout, a pipe, a device.
func irregular(file string) bool {
	info, err := os.Stat(file)
	return err == nil && !info.Mode().IsRegular() && !info.IsDir()
}

// Save writes the JSON and the page, those that have a name. A pipe is written after a file, because its reader may never
// come. After an error of one the other is still written; the first error is returned.
func (r *Report) Save(jsonFile, htmlFile string) error {
	todo := []func() error{func() error { return r.SaveJSON(jsonFile) }, func() error { return r.SaveHTML(htmlFile) }}
	names := []string{jsonFile, htmlFile}
	if irregular(jsonFile) {
		slices.Reverse(todo)
		slices.Reverse(names)
	}
	var first error
	for i, save := range todo {
		if names[i] == "" {
			continue
		}
		if err := save(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// cause is an error of the file system without the path, which the message already has.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// ReadFile reads a file of SaveJSON. Its errors have a hint for the user.
func ReadFile(file string) (*Report, error) {
	b, err := files.Read(file, maxFile)
	var large files.TooLarge
	switch {
	case errors.As(err, &large):
		return nil, clierr.Errorf(fileHint, "%s is larger than any report", file)
	case err != nil:
		return nil, clierr.Errorf(fileHint, "%s cannot be read: %w", file, cause(err))
	}
	r, err := parse(b)
	if err != nil {
		return nil, clierr.Errorf(fileHint, "%s is no report of throng load: %w", file, err)
	}
	return r, nil
}

func parse(b []byte) (*Report, error) {
	if err := bounded(b); err != nil {
		return nil, err
	}
	var h header
	if err := json.Unmarshal(b, &h); err != nil {
		return nil, describeJSON(b, err)
	}
	switch {
	case h.Format != format:
		return nil, errors.New("it is other JSON")
	case h.Version != formatVersion:
		return nil, fmt.Errorf("it has version %d of the format, this program reads %d", h.Version, formatVersion)
	}
	r := new(Report)
	if err := json.Unmarshal(b, r); err != nil {
		return nil, err
	}
	return r, r.sane()
}

func describeJSON(b []byte, err error) error {
	if len(b) == 0 {
		return errors.New("it is empty")
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) && syntax.Offset >= int64(len(b)) {
		return errors.New("it ends in the middle")
	}
	return errors.New("it is not JSON of a report")
}

// maxSeconds is the longest run that is read: two weeks. It bounds the memory of the plots.
const maxSeconds = 14 * 24 * 3600

// sane rejects values that would make plots or sums meaningless, or fill the memory.
func (r *Report) sane() error {
	if r.Duration < 0 || r.Duration > maxSeconds*time.Second {
		return fmt.Errorf("its duration is %v", r.Duration)
	}
	for i, s := range r.Series {
		if s.At < 0 || s.At > maxSeconds || i > 0 && s.At <= r.Series[i-1].At {
			return fmt.Errorf("its seconds are not in order at number %d", i+1)
		}
	}
	r.Violations.First = r.Violations.First[:min(len(r.Violations.First), MaxViolations)]
	return nil
}
