//! Values that an error must not repeat.

use std::ffi::OsStr;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use clap::{Arg, Command};

/// Reads a value that may hold a password. clap's own parser repeats what it refuses, on a terminal and in the journal of
/// the system.
pub(super) struct Concealing<T>(PhantomData<fn() -> T>);

impl<T> Concealing<T> {
    pub(super) const fn new() -> Self {
        Self(PhantomData)
    }
}

// Not derived: that would ask it of what is read.
impl<T> Clone for Concealing<T> {
    fn clone(&self) -> Self {
        Self::new()
    }
}

impl<T> TypedValueParser for Concealing<T>
where
    T: FromStr<Err: fmt::Display> + Clone + Send + Sync + 'static,
{
    type Value = T;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<T, clap::Error> {
        let refused = |why: &dyn fmt::Display| {
            let what = argument.map_or_else(String::new, |argument| format!(" for '{argument}'"));
            let mut command = command.clone();
            command.error(
                ErrorKind::ValueValidation,
                format!("invalid value{what}: {why}"),
            )
        };
        let text = value.to_str().ok_or_else(|| refused(&"it is not UTF-8"))?;
        text.parse().map_err(|error: T::Err| refused(&error))
    }
}
