//! The setting that this machine's own go command has.

use std::process::Command;

use athens::sumdb::DatabaseSetting;

use crate::support::tools::require_tool;

#[test]
fn what_the_go_command_has_is_understood() {
    let Some(go) = require_tool("go") else {
        return;
    };
    let output = Command::new(go).args(["env", "GOSUMDB"]).output().unwrap();
    let setting = String::from_utf8(output.stdout).unwrap();
    // Its default is a name alone, whose key go knows; so do we.
    match setting.parse().unwrap() {
        DatabaseSetting::Off => assert_eq!(setting.trim(), "off"),
        DatabaseSetting::Database(database) => {
            assert!(setting.starts_with(database.name().as_str()), "{setting}");
            assert_eq!(database.key().name(), database.name().as_str());
        }
    }
}
