// Package migrations holds the database schema as plain SQL, once for MariaDB
// and MySQL, once for SQLite, embedded into every binary that needs it.
//
// It promises the following.
//
//   - Both folders have the same numbers: a version means the same schema in
//     every database.
//   - Migrations only add. From 18 on, a line "-- Oldest program: N" names the
//     oldest program that may use the schema: one that knows migration N. Such a
//     program starts and writes on the newer schema. So a service can go back one
//     version, and processes that share a database are updated one after the
//     other. A program that knows only 17 or less does not know the line: it
//     refuses every newer schema.
//   - A migration may fail at any statement, and is repeated: it then continues.
//     What fills or changes data gives the same result when it runs again, also
//     while services write.
//   - What a service of an older version left out is done again at the next start
//     of a newer one (see column known of table changed and, on a node, note
//     heard).
//
// A file for MariaDB holds one statement each way, because MariaDB commits every
// DDL statement at once. SQLite runs a file in one transaction, so there a table
// comes with its indexes. The way down is for tests.
package migrations
