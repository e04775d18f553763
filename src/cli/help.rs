//! What stands below the flags in the help of the larger commands. Each paragraph is one line, which is broken where the
//! terminal ends.

/// `athens publish`.
pub(super) const PUBLISH_EXAMPLES: &str = "\
Examples:
  athens publish ./testmodule --version v1.0.0      a directory, to the server on this machine
  athens publish                                    the git tag that is checked out here
  athens publish --dry-run                          what would go in, what is left out and why
  athens publish --server https://goproxy.corp.example --token-file ci.token
  athens publish --output m.zip; athens publish m.zip

The version is --version, or that of the git tag of the commit that is checked out: v1.2.0, or \
tools/lint/v1.2.0 for a module in tools/lint. With such a tag the files are those of the commit, and the \
sums those that everybody else has; without, those of the directory, tracked by git or not.

The token is looked for in --token-file, ATHENS_TOKEN, the server's URL, .netrc ($NETRC or ~/.netrc), among those \
that `athens login --goauth` kept, and, for a server on this machine, in the state directory, where the server leaves \
one for its own user.

Exit status: 0 published, or there already with the same content; 1 refused; 2 wrong usage, or it failed.";

/// `athens verify`.
pub(super) const VERIFY_EXAMPLES: &str = "\
Examples:
  athens verify                                        ./storage-root
  athens verify /srv/modules                           another root, as --root /srv/modules
  athens verify example.com/corp/lib                   one module
  athens verify example.com/corp/lib@v1.2.0            one version
  athens verify --root /srv/modules --fix
  athens verify --json | jq -r 'select(.kind) | .path'

A line for each finding: path, what is wrong, and what --fix would do. --fix makes anew what follows from other files \
(list, @latest, .ziphash, missing .mod and .info) and moves what is broken to .athens/quarantine/TIME below the root; \
nothing is deleted. A server may run meanwhile.

With --json, one object a line: path, kind, problem, fix, and with --fix fixed and outcome; last of all summary.
Exit status: 0 no findings; 1 findings, also if --fix mended them; 2 wrong usage, or something could not be read.";

/// `athens token`.
pub(super) const TOKEN_EXAMPLES: &str = "\
Examples:
  athens token create --name ci --allow publish --modules 'corp.example/*' --expires 90d
  athens token list
  athens token revoke ci

Running servers see a change within a quarter of a second, if they use the same state directory: \
name it with --state or ATHENS_STATE where server and command run as different users. By default it \
is $STATE_DIRECTORY (set by systemd), else $XDG_STATE_HOME/athens, else ~/.local/state/athens, on \
macOS ~/Library/Application Support/athens.

Exit status: 0 done; 1 refused, or there is no such token; 2 wrong usage, or it failed.";

/// `athens token create`.
pub(super) const TOKEN_CREATE_EXAMPLES: &str = "\
Examples:
  athens token create --name ci --allow publish --modules 'corp.example/*' --expires 90d
  athens token create --name alice --allow read,publish --modules 'corp.example/a,corp.example/b/*'
  (umask 077; athens token create --name build-farm > build-farm.token)

The token alone goes to standard output, once; kept is its SHA-256 sum only. Clients send it as \
`Authorization: Bearer TOKEN`, or as password in .netrc, a URL or `curl -u` with any user name.

Exit status: 0 done; 1 the name is taken; 2 wrong usage, or it failed.";

/// `athens login`.
pub(super) const LOGIN_EXAMPLES: &str = "\
Examples:
  athens login https://goproxy.corp.example                        asks for the token
  athens login https://goproxy.corp.example --write                and sets the go command to the server
  athens login https://goproxy.corp.example --token-file ci.token
  athens login https://goproxy.corp.example --goauth --write < ci.token

The token is that of --token-file, else of ATHENS_TOKEN, else of standard input if that is a pipe or a file, else it is \
asked for on the terminal; with --token-stdin it is that of standard input. It is never an argument, for everybody on a machine can read these. \
The server is asked what it may do before it is kept.

It is kept in .netrc ($NETRC or ~/.netrc), mode 0600, where the go command, curl and `athens publish` find it; other entries \
stay as they are. With --goauth it is kept in $XDG_CONFIG_HOME/athens or ~/.config/athens, for this URL alone. \
The go command sends a token over https only.

Exit status: 0 kept; 1 the server refuses the token, or .netrc holds another password; 2 wrong usage, or it failed.";

/// `athens logout`.
pub(super) const LOGOUT_EXAMPLES: &str = "\
Examples:
  athens logout https://goproxy.corp.example
  athens logout https://goproxy.corp.example --write    and the go command is as before

The token itself stays good: `athens token revoke` on the server ends it.
Exit status: 0 done, also if there was nothing; 2 wrong usage, or it failed.";

/// `athens doctor`.
pub(super) const DOCTOR_EXAMPLES: &str = "\
Examples:
  athens doctor                                          this machine, and the servers of its GOPROXY
  athens doctor https://goproxy.corp.example
  athens doctor --module corp.example/lib@v1.2.0         and fetch that, as the go command would
  athens doctor --root /srv/modules                      and the folder of a server here
  athens doctor --json | jq -r 'select(.result != \"ok\") | .sentence'

A line for each check: ok, warning or error, and a sentence; below a finding the line that mends it. Nothing is changed. \
No secret is shown.

With --json, one object a line: check, result, sentence, and where there is one, mend.
Exit status: 0 no errors, warnings or not; 1 errors; 2 wrong usage, or it failed.";
