package migrations

import "embed"

// MySQL holds the schema for MariaDB, MySQL and what speaks like them, in the
// folder "mysql".
//
//go:embed mysql/*.sql
var MySQL embed.FS

// SQLite holds the schema for the embedded database, in the folder "sqlite".
//
//go:embed sqlite/*.sql
var SQLite embed.FS
