//! How large single files may be.

use super::limits::{MAX_GO_MOD_SIZE, MAX_LICENSE_SIZE};
use super::names::Name;
use super::rule::{Fault, Rule};

/// Checks the declared size of a file that has a limit of its own.
pub(super) fn check_size(name: Name<'_>, size: u64) -> Result<(), Fault> {
    let too_large = |rule, limit| {
        Fault::new(
            rule,
            format!(
                "it has {size} bytes, and the go command takes {limit} at most; make it smaller"
            ),
        )
    };
    if name.is_go_mod() && size > MAX_GO_MOD_SIZE {
        return Err(too_large(Rule::GoModSize, MAX_GO_MOD_SIZE));
    }
    if name.is_license() && size > MAX_LICENSE_SIZE {
        return Err(too_large(Rule::LicenseSize, MAX_LICENSE_SIZE));
    }
    Ok(())
}
