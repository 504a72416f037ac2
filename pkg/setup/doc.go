// Package setup makes the configuration of a service on a host, out of the answers
// of a person, and introduces the hosts of a station to one another by invitations.
//
// It promises that nothing is written before the service itself accepts all of the
// configuration, and that every wrong answer is told in one sentence. Secrets are
// random, are in files of their own, which only root and the service can read, and
// are kept when a host is set up again. What else a file of the configuration
// holds stays as it is.
//
// One of several instances on a host gets a user of its own, and ports that nobody else
// there has. No instance is set up for the station of another one.
//
// It knows no service. Each service has a Plan: its questions, and what follows
// from the answers.
package setup
