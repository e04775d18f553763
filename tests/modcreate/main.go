// Command modcreate prints what golang.org/x/mod makes of directories, of lists of files and of zips, for the Rust test
// named create.
//
// Each line of standard input is a request in JSON, each line of standard output the answer to the request of the same
// number.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"
	"golang.org/x/mod/zip"
)

type request struct {
	// "directory": CreateFromDir. "files": CheckFiles. "zip": is it a good one, and its sum. "letters": no argument.
	Do      string
	Module  string
	Version string
	// The directory, or the zip.
	Path  string
	Files []file
}

// A file of a list.
type file struct {
	Name    string
	Content string
	Link    bool
}

type answer struct {
	// The h1: of the zip.
	Sum string `json:",omitempty"`
	// Paths without the prefix, sorted.
	Files   []string `json:",omitempty"`
	Omitted []string `json:",omitempty"`
	Invalid []string `json:",omitempty"`
	// Anything but invalid files that stands against a zip.
	Error string `json:",omitempty"`
}

func main() {
	log.SetFlags(0)
	in := json.NewDecoder(bufio.NewReaderSize(os.Stdin, 1<<20))
	out := json.NewEncoder(os.Stdout)
	for {
		var r request
		if err := in.Decode(&r); err == io.EOF {
			return
		} else if err != nil {
			log.Fatal(err)
		}
		a, err := reply(r)
		if err != nil {
			a.Error = err.Error()
		}
		if err := out.Encode(a); err != nil {
			log.Fatal(err)
		}
	}
}

func reply(r request) (answer, error) {
	m := module.Version{Path: r.Module, Version: r.Version}
	switch r.Do {
	case "directory":
		return directory(m, r.Path)
	case "files":
		return files(r.Files), nil
	case "zip":
		return checked(m, r.Path)
	case "letters":
		return letters(), nil
	}
	log.Fatalf("what is %q?", r.Do)
	panic("unreachable")
}

// directory makes the zip of a directory, or tells which of its files stand against it.
func directory(m module.Version, dir string) (answer, error) {
	var content bytes.Buffer
	if err := zip.CreateFromDir(&content, m, dir); err != nil {
		found, _ := zip.CheckDir(dir)
		var a answer
		for _, f := range found.Invalid {
			name, relErr := filepath.Rel(dir, f.Path)
			if relErr != nil {
				return answer{}, relErr
			}
			a.Invalid = append(a.Invalid, name)
		}
		slices.Sort(a.Invalid)
		if a.Invalid != nil {
			return a, nil
		}
		return a, err
	}
	f, err := os.CreateTemp("", "*.zip")
	if err != nil {
		return answer{}, err
	}
	defer os.Remove(f.Name())
	if _, err := f.Write(content.Bytes()); err != nil {
		return answer{}, err
	}
	if err := f.Close(); err != nil {
		return answer{}, err
	}
	return checked(m, f.Name())
}

// checked hashes a zip that passes every check and can be unpacked.
func checked(m module.Version, name string) (answer, error) {
	found, err := zip.CheckZip(m, name)
	if err != nil {
		return answer{}, err
	}
	dir, err := os.MkdirTemp("", "modcreate")
	if err != nil {
		return answer{}, err
	}
	defer os.RemoveAll(dir)
	if err := zip.Unzip(filepath.Join(dir, "m"), m, name); err != nil {
		return answer{}, err
	}
	var a answer
	prefix := fmt.Sprintf("%s@%s/", m.Path, m.Version)
	for _, name := range found.Valid {
		a.Files = append(a.Files, strings.TrimPrefix(name, prefix))
	}
	if !slices.IsSorted(a.Files) {
		slices.Sort(a.Files)
	}
	a.Sum, err = dirhash.HashZip(name, dirhash.Hash1)
	return a, err
}

func files(list []file) answer {
	var all []zip.File
	for _, f := range list {
		all = append(all, f)
	}
	found, _ := zip.CheckFiles(all)
	a := answer{Files: found.Valid}
	for _, f := range found.Omitted {
		a.Omitted = append(a.Omitted, f.Path)
	}
	for _, f := range found.Invalid {
		a.Invalid = append(a.Invalid, f.Path)
	}
	for _, list := range [][]string{a.Files, a.Omitted, a.Invalid} {
		slices.Sort(list)
	}
	return a
}

// letters are all that a file name may hold.
func letters() answer {
	var a answer
	for r := rune(0x80); r <= unicode.MaxRune; r++ {
		if unicode.IsLetter(r) {
			a.Files = append(a.Files, string(r))
		}
	}
	return a
}

func (f file) Path() string                 { return f.Name }
func (f file) Lstat() (fs.FileInfo, error)  { return info{f}, nil }
func (f file) Open() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(f.Content)), nil }

type info struct{ f file }

func (i info) Name() string       { return path.Base(i.f.Name) }
func (i info) Size() int64        { return int64(len(i.f.Content)) }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return false }
func (i info) Sys() any           { return nil }
func (i info) Mode() fs.FileMode {
	if i.f.Link {
		return fs.ModeSymlink
	}
	return 0o644
}
