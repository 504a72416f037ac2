package repo

import (
	"errors"
	"fmt"

	driver "github.com/go-sql-driver/mysql"
)

// plainly begins an error with what a person has to mend, if that is the login
// to the database server. Otherwise the cause would be at the end of a long line.
func plainly(err error) error {
	refused, ok := errors.AsType[*driver.MySQLError](err)
	if !ok {
		return err
	}
	switch refused.Number {
	case 1045, 1698: // access denied: password, or the way to log in
		return fmt.Errorf("the database server refuses the user or the password of AURA_DATABASE_URL: %w", err)
	case 1044, 1049: // access to the database denied, no such database
		return fmt.Errorf("the database server has no database of that name, or not for this user; see AURA_DATABASE_URL: %w", err)
	}
	return err
}
