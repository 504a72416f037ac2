package model

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// ownFields belong to the database that keeps the entry, so no table of fields
// has them.
var ownFields = []string{"ID", "Synced", "Overlay", "Air"}

// TestFields: no field of an entry is left out of the table.
func TestFields(t *testing.T) {
	t.Parallel()

	t.Run("Entry", func(t *testing.T) {
		t.Parallel()
		e := new(Entry)
		for _, field := range reflect.VisibleFields(reflect.TypeFor[Entry]()) {
			f := rowOf(t, field.Name, reflect.ValueOf(e).Elem().FieldByIndex(field.Index), func(f *Field) any { return f.Of(e) })
			if own := slices.Contains(ownFields, field.Name); own != (f == nil) {
				t.Errorf("%s: belongs to one database only: %t; is in the table: %t", field.Name, own, f != nil)
			}
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if f != nil && field.Name != "Duration" && name != f.Column() {
				t.Errorf("%s: nodes exchange it as %q, want %q", field.Name, name, f.Column())
			}
		}
	})

	t.Run("Changes", func(t *testing.T) {
		t.Parallel()
		c, n := new(Changes), 0
		for _, field := range reflect.VisibleFields(reflect.TypeFor[Changes]()) {
			f := rowOf(t, field.Name, reflect.ValueOf(c).Elem().FieldByIndex(field.Index), func(f *Field) any { return f.Change(c) })
			if f == nil {
				t.Errorf("%s: is not in the table", field.Name)
				continue
			}
			n++
			inEntry, _ := reflect.TypeFor[Entry]().FieldByName(field.Name)
			e := new(Entry)
			if reflect.ValueOf(e).Elem().FieldByIndex(inEntry.Index).Addr().Interface() != f.Of(e) {
				t.Errorf("%s: the table has another field of an entry for it", field.Name)
			}
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if field.Name != "Duration" && name != f.Name() {
				t.Errorf("%s: databases keep its change as %q, want %q", field.Name, name, f.Name())
			}
		}
		if n != len(correctable) {
			t.Errorf("%d fields of changes, but a correction may change %d", n, len(correctable))
		}
	})

	t.Run("Rows", func(t *testing.T) {
		t.Parallel()
		names, columns := map[string]bool{}, map[string]bool{}
		for _, f := range Fields {
			if f.Identity && (f.Merge != 0 || f.IsSupplement) {
				t.Errorf("%s: is identity, and needs neither a rule for merging nor a hash apart", f.Name())
			}
			for _, name := range f.Names {
				if names[name] {
					t.Errorf("%s: two fields have that name", name)
				}
				names[name] = true
			}
			if columns[f.Column()] {
				t.Errorf("%s: two fields have that column", f.Column())
			}
			columns[f.Column()] = true
		}
	})
}

// rowOf is the one row of the table whose pointer is the pointer of the value;
// nil if there is none.
func rowOf(t *testing.T, name string, value reflect.Value, pointer func(*Field) any) *Field {
	t.Helper()
	rows := fieldsThat(func(f *Field) bool { return pointer(f) == value.Addr().Interface() })
	switch len(rows) {
	case 0:
		return nil
	case 1:
		return rows[0]
	}
	t.Errorf("%s: stands in the table %d times", name, len(rows))
	return rows[0]
}

// TestField_IsSupplement: an entry that lacks a new field keeps its old hash.
func TestField_IsSupplement(t *testing.T) {
	t.Parallel()
	later := *correctable[slices.IndexFunc(correctable, func(f *Field) bool { return f.Name() == "show_id" })]
	later.IsSupplement = true
	hash := func(write func(*digest)) string {
		d := newDigest("test")
		write(d)
		return d.sum().String()
	}
	entry := func(e Entry) string {
		return hash(func(d *digest) { d.fields([]*Field{&later}, &e) })
	}
	changes := func(c Changes) string {
		return hash(func(d *digest) { d.changes([]*Field{&later}, &c) })
	}
	without := hash(func(*digest) {})
	if entry(Entry{ShowName: "a"}) != without || changes(Changes{ShowName: new("a")}) != without {
		t.Error("the hash depends on a field that is not known")
	}
	seen := map[string]bool{
		without: true, entry(Entry{ShowID: 1}): true, entry(Entry{ShowID: 2}): true,
		changes(Changes{ShowID: new(int64(0))}): true, changes(Changes{ShowID: new(int64(3))}): true,
	}
	if len(seen) != 5 {
		t.Error("the hash does not depend on the value")
	}
}

// TestFields_kinds: code that treats fields by their type knows every type.
func TestFields_kinds(t *testing.T) {
	t.Parallel()
	for _, f := range Fields {
		switch v := f.Of(new(Entry)).(type) {
		case *string, *int, *int64, *bool, *time.Time, *time.Duration, *Tellings, *Doubts:
		default:
			t.Errorf("%s: is a %T", f.Name(), v)
		}
	}
}
