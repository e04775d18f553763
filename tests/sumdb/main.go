// Command sumdb prints what golang.org/x/mod/sumdb says about notes, tiles and answers of checksum databases, for the Rust
// test of the same name, and makes databases for it.
//
// Each line of standard input is a JSON array of strings: an operation and its arguments. Each line of standard output
// is the verdict on the line of the same number, a JSON value whose shape is told beside the operation below. Contents
// come in hexadecimal, since they need not be UTF-8.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log"
	"os"
	"strconv"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// operations maps each name to how many arguments it takes (-1: any number) and what it does with them.
var operations = map[string]struct {
	arguments int
	verdict   func(args []string) any
}{
	// The name of a verifier key, or null.
	"key": {1, func(args []string) any {
		verifier, err := note.NewVerifier(args[0])
		if err != nil {
			return nil
		}
		return verifier.Name()
	}},
	// Given a verifier key and a note: the size and the root of the tree that it is about, or null.
	"head": {2, func(args []string) any {
		verifier, err := note.NewVerifier(args[0])
		if err != nil {
			log.Fatal(err)
		}
		opened, err := note.Open(content(args[1]), note.VerifierList(verifier))
		if err != nil {
			return nil
		}
		tree, err := tlog.ParseTree([]byte(opened.Text))
		if err != nil {
			return nil
		}
		return []string{strconv.FormatInt(tree.N, 10), tree.Hash.String()}
	}},
	// Whether it is the path of a tile, of height 8 and of a level up to 63.
	"tile": {1, func(args []string) any {
		tile, err := tlog.ParseTilePath(args[0])
		return err == nil && tile.H == 8 && tile.L <= 63
	}},
	// Given an answer to a lookup: number, record and note, the latter two in hexadecimal, or null.
	"lookup": {1, func(args []string) any {
		id, text, rest, err := tlog.ParseRecord(content(args[0]))
		if err != nil {
			return nil
		}
		return []string{strconv.FormatInt(id, 10), hex.EncodeToString(text), hex.EncodeToString(rest)}
	}},
	// Given the name of a database and a text: the note that the database would make of it, in hexadecimal.
	"sign": {2, func(args []string) any {
		return hex.EncodeToString(newKey(args[0]).sign(string(content(args[1]))))
	}},
	// Makes the files of a database: see makeDatabase. Its verifier key.
	"database": {-1, makeDatabase},
	// Makes the files of a database of these modules: see makeDatabaseOf. Its verifier key.
	"database of": {-1, makeDatabaseOf},
	// Looks up a version: see runClient.
	"client": {6, runClient},
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("sumdb: ")
	in := json.NewDecoder(bufio.NewReader(os.Stdin))
	out := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for {
		var request []string
		if err := in.Decode(&request); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			log.Fatal(err)
		}
		if err := encoder.Encode(answer(request)); err != nil {
			log.Fatal(err)
		}
	}
	if err := out.Flush(); err != nil {
		log.Fatal(err)
	}
}

func answer(request []string) any {
	if len(request) == 0 {
		log.Fatal("empty request")
	}
	op, ok := operations[request[0]]
	args := request[1:]
	if !ok || op.arguments >= 0 && op.arguments != len(args) {
		log.Fatalf("unknown operation or wrong number of arguments: %.100q", request)
	}
	return op.verdict(args)
}

func content(hexadecimal string) []byte {
	bytes, err := hex.DecodeString(hexadecimal)
	if err != nil {
		log.Fatal(err)
	}
	return bytes
}
