// Package check runs the station's check plugins, which tell what is really heard
// of a source.
//
// A plugin is a program in the convention of Nagios: its exit code is 0 (OK),
// 1 (WARNING), 2 (CRITICAL) or 3 (UNKNOWN), and its first line says why, before
// any "|". It promises that each plugin runs again after the interval, that none
// runs twice at once or for longer than its deadline, and that one which hangs
// holds up no other. A plugin that can't be run, is killed or ends with any other
// code has found nothing out: that is UNKNOWN.
package check
