//! On whose behalf an upstream is asked.

/// Whether a module may be named to proxies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Privacy {
    /// Everybody in the list is asked.
    #[default]
    Public,
    /// No proxy is: its origin is asked directly, or nobody. As for modules that `GONOPROXY` matches.
    Private,
}

/// What is known of the request that makes us ask.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ask {
    /// The value of its `Via` headers, joined by `, `, without our own entry: it is passed on with ours at the end, so that
    /// whoever meets its own pseudonym there knows that requests go in circles (RFC 9110, section 7.6.3).
    pub via: Option<String>,
    /// Whether the module may be named to proxies.
    pub privacy: Privacy,
}
