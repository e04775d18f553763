//! Checksum databases, passed on: `/sumdb/<name>/supported`, `latest`, `lookup/…` and `tile/…`.
//!
//! The status decides (Go Modules Reference, "Checksum database"): the go command asks `supported` of each proxy in turn,
//! and 404 means "ask the next one, at last the database itself"; after a 200 it asks nobody else.

use warp::reply::Response;

use super::asked::Asked;
use super::error::Refusal;
use super::file_reply::{self, FileHeaders};
use super::request::clean;
use crate::proxy::DatabaseFile;
use crate::trace;

/// Answers a file of a checksum database.
pub(super) async fn answer(asked: Asked) -> Result<Response, Refusal> {
    let path = clean(&asked.path)?;
    let Asked { app, headers, .. } = &asked;
    let caller = asked.caller()?;
    let file = DatabaseFile::parse(&path).map_err(Refusal::NotFound)?;
    match file.module() {
        Some(module) => {
            trace::note_module(module.as_str());
            app.may_read(module, headers, asked.client).await?;
        }
        None => app.may_read_anything(headers, asked.client).await?,
    }
    let object = app.proxy().checksum_database(&file, &caller).await?;
    let headers_of_file = FileHeaders {
        content_type: file.content_type(),
        cache_control: file.cache_control(),
    };
    file_reply::reply(object, headers_of_file, &asked.method, headers)
}
