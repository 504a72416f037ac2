// Package manual writes the manual page of a program: its commands with their
// flags, its variables, its files and its exit codes, as the program itself tells
// them. So the page is never behind the program. The same program has the same
// page.
package manual
