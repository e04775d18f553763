//! Every door of the server, with every kind of token; and the page that tells what is guarded against.

mod doors;
mod floods;
mod page;
mod secrets;
mod streams;
