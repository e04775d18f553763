// Package hello makes greetings and farewells.
package hello

// Greeting returns a greeting for name, or for the world if name is empty.
func Greeting(name string) string {
	if name == "" {
		name = "world"
	}
	return "Hello, " + name + "!"
}

// Farewell returns a farewell for name, or for the world if name is empty.
func Farewell(name string) string {
	if name == "" {
		name = "world"
	}
	return "Goodbye, " + name + "!"
}
