// Corpus uses a handful of modules, one way each, and prints what they say.
package main

import (
	"fmt"
	"os"
	"strings"

	ansiterm "github.com/Azure/go-ansiterm"
	"github.com/BurntSushi/toml"
	semver1 "github.com/Masterminds/semver"
	"github.com/Masterminds/semver/v3"
	"github.com/cespare/xxhash/v2"
	jwt "github.com/dgrijalva/jwt-go"
	"github.com/google/uuid"
	"github.com/hashicorp/golang-lru/simplelru"
	"github.com/pkg/errors"
	"github.com/russross/blackfriday/v2"
	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"
	"golang.org/x/text/language"
	yaml2 "gopkg.in/yaml.v2"
	yaml3 "gopkg.in/yaml.v3"
	"rsc.io/quote/v3"
)

type greeting struct {
	Text string
	Year int
}

func main() {
	logger := logrus.New()
	logger.SetOutput(os.Stdout)
	logger.SetFormatter(&logrus.TextFormatter{DisableTimestamp: true, DisableColors: true})

	command := &cobra.Command{Use: "corpus", RunE: func(*cobra.Command, []string) error {
		return run(logger)
	}}
	command.SetArgs(nil)
	if err := command.Execute(); err != nil {
		os.Exit(1)
	}
}

func run(logger *logrus.Logger) error {
	var fromTOML, fromYAML greeting
	if err := toml.Unmarshal([]byte("Text = \"toml\"\nYear = 2013\n"), &fromTOML); err != nil {
		return errors.Wrap(err, "toml")
	}
	if err := yaml2.Unmarshal([]byte("text: yaml\nyear: 2001\n"), &fromYAML); err != nil {
		return errors.Wrap(err, "yaml.v2")
	}
	node, err := yaml3.Marshal(fromYAML)
	if err != nil {
		return errors.Wrap(err, "yaml.v3")
	}
	old, err := semver1.NewVersion("1.2.3")
	if err != nil {
		return err
	}
	cache, err := simplelru.NewLRU(2, nil)
	if err != nil {
		return err
	}
	cache.Add("a", 1)
	token, err := jwt.New(jwt.SigningMethodHS256).SignedString([]byte("key"))
	if err != nil {
		return err
	}

	fmt.Println(fromTOML, fromYAML, strings.Fields(string(node)))
	fmt.Println(old, semver.MustParse("v2.0.0-rc.1").Prerelease(), cache.Len())
	fmt.Println(strings.Count(token, "."), ansiterm.ANSI_ESCAPE_PRIMARY, xxhash.Sum64String("corpus"))
	fmt.Println(uuid.NewSHA1(uuid.NameSpaceURL, []byte("corpus")))
	fmt.Println(strings.TrimSpace(string(blackfriday.Run([]byte("*corpus*")))))
	fmt.Println(language.Make("en-GB"), quote.GoV3())
	logger.WithField("modules", "used").Info("done")
	return nil
}
