// Command xmod prints what golang.org/x/mod and encoding/json say about strings, for the Rust test of the same name.
//
// Each line of standard input is a JSON array of strings: an operation and its arguments. Each line of standard output
// is the verdict on the line of the same number, a JSON value whose shape is told beside the operation below. File
// contents come in hexadecimal, since they need not be UTF-8.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path"
	"strings"
	"time"
	"unicode"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"
)

// operations maps each name to how many arguments it takes (-1: any number) and what it does with them.
var operations = map[string]struct {
	arguments int
	verdict   func(args []string) any
}{
	// Is it a module path, its escaped form, its prefix, its major version suffix.
	"path": {1, func(args []string) any {
		escaped, err := module.EscapePath(args[0])
		if checked := module.CheckPath(args[0]); (checked == nil) != (err == nil) {
			log.Fatalf("CheckPath and EscapePath differ about %q", args[0])
		}
		if err != nil {
			return nil
		}
		prefix, major, _ := module.SplitPathVersion(args[0])
		return []string{escaped, prefix, major}
	}},
	// The path, or null.
	"unescape-path": {1, func(args []string) any { return orNull(module.UnescapePath(args[0])) }},
	// The escaped form, or null.
	"escape-version": {1, func(args []string) any { return orNull(module.EscapeVersion(args[0])) }},
	// The word, or null.
	"unescape-version": {1, func(args []string) any { return orNull(module.UnescapeVersion(args[0])) }},
	// Null for no semantic version, the canonical form alone for one that is not canonical, else: canonical form, major,
	// has it a pre-release, is it incompatible, is it a pseudo-version, its time.
	"version": {1, func(args []string) any {
		v := args[0]
		canonical := module.CanonicalVersion(v)
		if canonical != v || v == "" {
			return orNull(canonical, invalid(v))
		}
		at := ""
		if t, err := module.PseudoVersionTime(v); err == nil {
			at = t.Format(time.RFC3339)
		}
		incompatible := semver.Build(v) == "+incompatible"
		return []any{v, semver.Major(v), semver.Prerelease(v) != "", incompatible, module.IsPseudoVersion(v), at}
	}},
	// -1, 0 or 1.
	"compare": {2, func(args []string) any { return semver.Compare(args[0], args[1]) }},
	// The versions in order.
	"sort": {-1, func(args []string) any {
		semver.Sort(args)
		return args
	}},
	// Given path, version, path, version…: the pairs as path@version in order.
	"sort-modules": {-1, func(args []string) any {
		var list []module.Version
		for i := 0; i+1 < len(args); i += 2 {
			list = append(list, module.Version{Path: args[i], Version: args[i+1]})
		}
		module.Sort(list)
		var names []string
		for _, m := range list {
			names = append(names, m.String())
		}
		return names
	}},
	// Does the version fit the path.
	"check": {2, func(args []string) any { return module.Check(args[0], args[1]) == nil }},
	// Null if a glob of the list is malformed, else whether one matches the path.
	"match": {2, func(args []string) any {
		for _, glob := range strings.Split(args[0], ",") {
			if _, err := path.Match(strings.TrimSuffix(glob, "/"), args[1]); err != nil {
				return nil
			}
		}
		return module.MatchPrefixPatterns(args[0], args[1])
	}},
	// Is it a valid name of a file in a module zip.
	"file": {1, func(args []string) any { return module.CheckFilePath(args[0]) == nil }},
	// First and last code points of the ranges that file names may hold.
	"file-runes": {0, func([]string) any {
		return ranges(func(r rune) bool { return module.CheckFilePath("a"+string(r)+"a") == nil })
	}},
	// First and last code points of the ranges that a bare word of a go.mod file may hold.
	"mod-runes": {0, func([]string) any {
		return ranges(func(r rune) bool {
			f, err := modfile.ParseLax("go.mod", []byte("module a"+string(r)+"a"), nil)
			return err == nil && f.Module.Mod.Path == "a"+string(r)+"a"
		})
	}},
	// The Unicode version of Go's tables.
	"unicode": {0, func([]string) any { return unicode.Version }},
	// Null for what encoding/json refuses, else version, time in UTC ("" for none), is there an origin.
	"info": {1, func(args []string) any {
		var info struct {
			Version string
			Time    time.Time
			Name    string `json:"-"`
			Short   string `json:"-"`
			Origin  *struct{ VCS, URL, Subdir, Hash, TagPrefix, TagSum, Ref, RepoSum string }
		}
		if json.Unmarshal(content(args[0]), &info) != nil {
			return nil
		}
		at := ""
		if !info.Time.IsZero() {
			at = info.Time.UTC().Format(time.RFC3339Nano)
		}
		return []any{info.Version, at, info.Origin != nil}
	}},
	// Null for what the lax parser refuses, else module path (null if none), deprecation, Go version, for each
	// retraction low, high and rationale, and for each requirement path, version and whether it is indirect.
	"mod": {1, func(args []string) any {
		f, err := modfile.ParseLax("go.mod", content(args[0]), nil)
		if err != nil {
			return nil
		}
		verdict := []any{nil, "", "", []any{}, []any{}}
		if f.Module != nil {
			verdict[0], verdict[1] = f.Module.Mod.Path, f.Module.Deprecated
		}
		if f.Go != nil {
			verdict[2] = f.Go.Version
		}
		retractions := []any{}
		for _, r := range f.Retract {
			retractions = append(retractions, []string{r.Low, r.High, r.Rationale})
		}
		verdict[3] = retractions
		requirements := []any{}
		for _, r := range f.Require {
			requirements = append(requirements, []any{r.Mod.Path, r.Mod.Version, r.Indirect})
		}
		verdict[4] = requirements
		return verdict
	}},
	// The path that the quick reader finds, "" for none.
	"mod-line": {1, func(args []string) any { return modfile.ModulePath(content(args[0])) }},
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("xmod: ")
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

func orNull(s string, err error) any {
	if err != nil {
		return nil
	}
	return s
}

func invalid(version string) error {
	if semver.IsValid(version) {
		return nil
	}
	return errors.New("not a semantic version")
}

func content(hexadecimal string) []byte {
	bytes, err := hex.DecodeString(hexadecimal)
	if err != nil {
		log.Fatal(err)
	}
	return bytes
}

// ranges lists the valid code points for which ok holds, as first and last of each range.
func ranges(ok func(rune) bool) [][2]string {
	list := [][2]string{}
	open := false
	for r := rune(0); r <= unicode.MaxRune; r++ {
		surrogate := 0xD800 <= r && r <= 0xDFFF
		holds := !surrogate && ok(r)
		name := fmt.Sprintf("%X", r)
		switch {
		case holds && open:
			list[len(list)-1][1] = name
		case holds:
			list = append(list, [2]string{name, name})
		}
		open = holds
	}
	return list
}
