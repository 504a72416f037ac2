// Package exchange holds the rules for taking what another node sends: records,
// health statuses, clocks, and what the sync node acknowledges.
//
// It promises that a refused element never holds up the others; that nothing is
// acknowledged before all that came with the acknowledgement is durable; and that
// after an error all may be sent again, which changes nothing. Nothing is taken
// from a database that is not its host's, see Judge. It knows neither HTTP nor
// SQL.
package exchange
