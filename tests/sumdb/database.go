package main

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A key is the key of a database, made from its name: the same in every run, and a secret to nobody.
type key struct {
	signer, verifier string
}

func newKey(name string) key {
	seed := sha256.Sum256([]byte(name))
	private := ed25519.NewKeyFromSeed(seed[:])
	verifier, err := note.NewEd25519VerifierKey(name, private.Public().(ed25519.PublicKey))
	if err != nil {
		log.Fatal(err)
	}
	hash := strings.Split(verifier, "+")[1]
	encoded := base64.StdEncoding.EncodeToString(append([]byte{1}, seed[:]...))
	return key{"PRIVATE+KEY+" + name + "+" + hash + "+" + encoded, verifier}
}

func (k key) sign(text string) []byte {
	signer, err := note.NewSigner(k.signer)
	if err != nil {
		log.Fatal(err)
	}
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		log.Fatal(err)
	}
	return signed
}

// makeDatabase writes what a database answers, as files: arguments are a directory, the name of the database, the number of
// a record that has other sums than this database usually has (-1: none), and the sizes of its tree at several times. For
// each size there is a directory with latest, lookup/… and tile/8/…, all as the server of x/mod answers; tiles also as they
// were at the earlier sizes. Record N is about example.com/mN@v1.0.0.
func makeDatabase(args []string) any {
	if len(args) < 4 {
		log.Fatal("database: a directory, a name, a record and sizes")
	}
	k := newKey(args[1])
	forked := number(args[2])
	test := sumdb.NewTestServer(k.signer, func(path, version string) ([]byte, error) {
		id := number(strings.TrimPrefix(path, "example.com/m"))
		return []byte(record(id, id == forked)), nil
	})
	server := sumdb.NewServer(test)
	get := func(dir, path string) { save(server, dir, path) }
	last, sizes := int64(0), []int64{}
	for _, arg := range args[3:] {
		dir, size := filepath.Join(args[0], arg), number(arg)
		for ; last < size; last++ {
			if _, err := test.Lookup(context.Background(), module.Version{Path: modulePath(last), Version: "v1.0.0"}); err != nil {
				log.Fatal(err)
			}
		}
		if last != size {
			log.Fatal("database: sizes go up")
		}
		get(dir, "latest")
		for id := range size {
			get(dir, "lookup/"+modulePath(id)+"@v1.0.0")
		}
		sizes = append(sizes, size)
		for _, size := range sizes {
			for _, tile := range tlog.NewTiles(8, 0, size) {
				get(dir, tile.Path())
			}
		}
	}
	return k.verifier
}

// makeDatabaseOf writes what a database answers that has records of these versions, in this order: arguments are a directory,
// the name of the database, and for each version its path, version, and the sums of its zip and go.mod. Tiles are also there
// as they were at every smaller size.
func makeDatabaseOf(args []string) any {
	if len(args) < 6 || len(args)%4 != 2 {
		log.Fatal("database of: a directory, a name, and four words for each version")
	}
	k, records := newKey(args[1]), map[module.Version]string{}
	test := sumdb.NewTestServer(k.signer, func(path, version string) ([]byte, error) {
		return []byte(records[module.Version{Path: path, Version: version}]), nil
	})
	server := sumdb.NewServer(test)
	for words := args[2:]; len(words) > 0; words = words[4:] {
		path, version := words[0], words[1]
		of := module.Version{Path: path, Version: version}
		records[of] = fmt.Sprintf("%s %s %s\n%s %s/go.mod %s\n", path, version, words[2], path, version, words[3])
		if _, err := test.Lookup(context.Background(), of); err != nil {
			log.Fatal(err)
		}
	}
	save(server, args[0], "latest")
	for of := range records {
		escaped, err := module.EscapePath(of.Path)
		if err != nil {
			log.Fatal(err)
		}
		save(server, args[0], "lookup/"+escaped+"@"+of.Version)
	}
	for size := range int64(len(records)) {
		for _, tile := range tlog.NewTiles(8, 0, size+1) {
			save(server, args[0], tile.Path())
		}
		save(server, args[0], tlog.Tile{H: 8, L: -1, W: int(size) + 1}.Path())
	}
	return k.verifier
}

// save writes what a server answers to a path.
func save(server http.Handler, dir, path string) {
	recorder := httptest.NewRecorder()
	server.ServeHTTP(recorder, httptest.NewRequest("GET", "/"+path, nil))
	if recorder.Code != 200 {
		log.Fatalf("%s: %d %s", path, recorder.Code, recorder.Body)
	}
	file := filepath.Join(dir, filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(file, recorder.Body.Bytes(), 0o666); err != nil {
		log.Fatal(err)
	}
}

func modulePath(id int64) string { return fmt.Sprintf("example.com/m%d", id) }

func record(id int64, forked bool) string {
	sum := func(what string) string {
		hash := sha256.Sum256(fmt.Appendf(nil, "%s %d %v", what, id, forked))
		return "h1:" + base64.StdEncoding.EncodeToString(hash[:])
	}
	start := modulePath(id) + " v1.0.0"
	return fmt.Sprintf("%s %s\n%s/go.mod %s\n", start, sum("zip"), start, sum("go.mod"))
}

func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		log.Fatal(err)
	}
	return n
}
