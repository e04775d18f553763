//! The room `sumdb` against the real `golang.org/x/mod/sumdb`, which is in the Go program in `tests/sumdb`.

mod forms;
mod machine;
mod offline;

mod tampering;
mod world;
