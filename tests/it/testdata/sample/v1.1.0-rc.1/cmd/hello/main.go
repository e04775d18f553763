// Hello prints a greeting for each name on its command line.
package main

import (
	"fmt"
	"os"

	"example.com/hello"
)

func main() {
	names := os.Args[1:]
	if len(names) == 0 {
		names = []string{""}
	}
	for _, name := range names {
		fmt.Println(hello.Greeting(name))
	}
}
