// Package hello makes greetings.
package hello

// Greeting returns a greeting for name, or for the world if name is empty.
func Greeting(name string) string {
	if name == "" {
		name = "world"
	}
	return "Hello, " + name + "!"
}
