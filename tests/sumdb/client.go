package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb"
)

// runClient looks up a version with the client of x/mod, which has an empty cache. Arguments are a verifier key, the
// directory that has what the database answers, the note of the newest tree that the client remembers (empty: none, in
// hexadecimal), the module path, the version, and "" or a suffix of the answers to take: with ".x" a file a.x is taken where
// there is one in place of a. The verdict is an object with one of
//
//	"lines": the lines of go.sum that it got
//	"error": why it got none
//	"security": that the database has signed two histories
func runClient(args []string) any {
	ops := &directory{key: args[0], dir: args[1], latest: content(args[2]), suffix: args[5]}
	lines, err := sumdb.NewClient(ops).Lookup(args[3], args[4])
	switch {
	case ops.security != "":
		return map[string]any{"security": ops.security}
	case err != nil:
		return map[string]any{"error": err.Error()}
	case lines == nil:
		return map[string]any{"error": "no lines"}
	}
	return map[string]any{"lines": lines}
}

// A directory is a checksum database, and a client's memory of it.
type directory struct {
	key, dir, suffix, security string
	latest                     []byte
}

func (d *directory) ReadRemote(path string) ([]byte, error) {
	file := filepath.Join(d.dir, filepath.FromSlash(path))
	if d.suffix != "" {
		if data, err := os.ReadFile(file + d.suffix); err == nil {
			return data, nil
		}
	}
	return os.ReadFile(file)
}

func (d *directory) ReadConfig(file string) ([]byte, error) {
	switch {
	case file == "key":
		return []byte(d.key), nil
	case strings.HasSuffix(file, "/latest"):
		return d.latest, nil
	}
	return nil, errors.New("no such file")
}

func (d *directory) WriteConfig(_ string, old, new []byte) error {
	if string(old) != string(d.latest) {
		return sumdb.ErrWriteConflict
	}
	d.latest = new
	return nil
}

func (d *directory) ReadCache(string) ([]byte, error) { return nil, fs.ErrNotExist }
func (d *directory) WriteCache(string, []byte)        {}
func (d *directory) Log(string)                       {}
func (d *directory) SecurityError(msg string)         { d.security = msg }
