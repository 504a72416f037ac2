// Package cli is the command line that every service has: serve, setup, check,
// check-config, config, version and migrate. A service adds its own commands.
//
// It promises distinct exit codes: 0 done, 1 failed, 2 a wrong command line, 78 a
// wrong configuration, or a schema that this program cannot use. So systemd and
// scripts can tell a mistake, which a restart cannot fix, from a failure. A service that runs
// reads its secrets and certificates again at SIGHUP, and by itself when their
// files have changed.
package cli
