// Command zipcheck prints what golang.org/x/mod says about module zips, for the Rust test zip_oracle.
//
// Each line of standard input is a JSON array of strings: an operation and its arguments. Each line of standard output
// is the verdict on the line of the same number, a JSON value whose shape is told beside the operation below.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"runtime"
	"unicode"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"
	"golang.org/x/mod/zip"
)

// operations maps each name to how many arguments it takes and what it does with them.
var operations = map[string]struct {
	arguments int
	verdict   func(args []string) (any, error)
}{
	// Given a file, a module path and a version: the errors of CheckZip, HashZip and Unzip (empty for none), and the sum.
	"zip": {3, judge},
	// The version of Go.
	"go": {0, func([]string) (any, error) { return runtime.Version(), nil }},
	// The version of Unicode.
	"unicode": {0, func([]string) (any, error) { return unicode.Version, nil }},
	// Every code point that is folded to another, and that one.
	"fold": {0, func([]string) (any, error) { return folds(), nil }},
}

type verdict struct {
	Check, Hash, Unzip, Sum string
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("zipcheck: ")
	in := json.NewDecoder(bufio.NewReader(os.Stdin))
	out := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(out)
	for {
		var request []string
		if err := in.Decode(&request); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			log.Fatal(err)
		}
		answer, err := answer(request)
		if err != nil {
			log.Fatal(err)
		}
		if err := encoder.Encode(answer); err != nil {
			log.Fatal(err)
		}
	}
	if err := out.Flush(); err != nil {
		log.Fatal(err)
	}
}

func answer(request []string) (any, error) {
	if len(request) == 0 {
		return nil, errors.New("empty request")
	}
	op, ok := operations[request[0]]
	args := request[1:]
	if !ok || op.arguments != len(args) {
		return nil, fmt.Errorf("unknown operation or wrong number of arguments: %.100q", request)
	}
	return op.verdict(args)
}

func judge(args []string) (any, error) {
	file, m := args[0], module.Version{Path: args[1], Version: args[2]}
	var v verdict
	checked, err := zip.CheckZip(m, file)
	if err == nil {
		err = checked.Err()
	}
	v.Check = text(err)
	v.Sum, err = dirhash.HashZip(file, dirhash.Hash1)
	v.Hash = text(err)

	scratch, err := os.MkdirTemp("", "zipcheck")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	v.Unzip = text(zip.Unzip(filepath.Join(scratch, "m"), m, file))
	return v, nil
}

func text(err error) string {
	if err == nil {
		return ""
	}
	if err.Error() == "" {
		return "error"
	}
	return err.Error()
}

// folds is what zip.CheckZip does to find names that differ only in case, which it does not export: the smallest of the
// code points that are the same but for case, with small letters for capital ones in ASCII.
func folds() [][2]rune {
	list := [][2]rune{}
	for r := rune(0); r <= unicode.MaxRune; r++ {
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		if 'A' <= least && least <= 'Z' {
			least += 'a' - 'A'
		}
		if least != r {
			list = append(list, [2]rune{r, least})
		}
	}
	return list
}
