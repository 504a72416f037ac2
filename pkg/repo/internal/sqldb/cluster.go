package sqldb

import (
	"context"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"io"
)

// currentConnector makes connections that read only current data in a Galera
// cluster. Otherwise, a node may answer before it has applied what another node
// has already committed.
type currentConnector struct{ sqldriver.Connector }

// Connect implements driver.Connector.
func (c currentConnector) Connect(ctx context.Context) (sqldriver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	if err := readCurrent(ctx, conn); err != nil {
		return nil, errors.Join(fmt.Errorf("prepare connection: %w", err), conn.Close())
	}
	return conn, nil
}

// readCurrent does nothing on a server that is not in a cluster, or that does
// not know clusters.
func readCurrent(ctx context.Context, conn sqldriver.Conn) error {
	on, err := serverVariable(ctx, conn, "wsrep_on")
	if err != nil || on != "ON" {
		return err
	}
	_, err = conn.(sqldriver.ExecerContext).ExecContext(ctx, "SET SESSION wsrep_sync_wait = 1", nil)
	return err
}

// serverVariable is the value of a variable, or "" if the server does not have
// it.
func serverVariable(ctx context.Context, conn sqldriver.Conn, name string) (string, error) {
	rows, err := conn.(sqldriver.QueryerContext).QueryContext(ctx, "SHOW VARIABLES LIKE '"+name+"'", nil)
	if err != nil {
		return "", err
	}
	row := make([]sqldriver.Value, len(rows.Columns()))
	switch err = rows.Next(row); {
	case errors.Is(err, io.EOF):
		return "", rows.Close()
	case err != nil:
		return "", errors.Join(err, rows.Close())
	}
	value := fmt.Sprintf("%s", row[len(row)-1])
	return value, rows.Close()
}
