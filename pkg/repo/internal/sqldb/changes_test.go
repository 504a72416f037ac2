package sqldb

import "testing"

func TestChangedTable(t *testing.T) {
	t.Parallel()
	for statement, want := range map[string]string{
		"INSERT INTO playlog (id) VALUES (1)":            "playlog",
		"INSERT OR FAIL INTO playlog (id) VALUES (1)":    "playlog",
		"INSERT INTO `correction` (`id`) VALUES (1)":     "correction",
		"REPLACE INTO onair (from_at) VALUES (1)":        "onair",
		"UPDATE `activation` SET epoch = 1":              "activation",
		"UPDATE playlog SET is_synced = 1":               "playlog",
		"DELETE FROM parked WHERE kind = 'a'":            "parked",
		"DELETE FROM parked":                             "parked",
		"SELECT id FROM playlog WHERE id = 1 FOR UPDATE": "",
		"SET timestamp = 1":                              "",
	} {
		if got := changedTable(statement); got != want {
			t.Errorf("%s: %q, want %q", statement, got, want)
		}
	}
}
