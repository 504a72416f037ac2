package refused

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// CopyTo copies the folder to a path where there is nothing. What is dropped
// meanwhile may be missing.
func (f Folder) CopyTo(ctx context.Context, path string) error {
	to := Folder{path}
	return f.each(ctx, to.add)
}

// TakeFrom adds the bodies of a copy that the folder lacks, and returns how many
// these are. A number that is taken is exchanged for the next free one.
func (f Folder) TakeFrom(ctx context.Context, path string) (n int64, err error) {
	own, err := f.items()
	if err != nil {
		return 0, err
	}
	err = Folder{path}.each(ctx, func(i item, data []byte) error {
		known, err := f.has(own, i, data)
		if known || err != nil {
			return err
		}
		if slices.ContainsFunc(own, func(o item) bool { return o.id == i.id }) {
			i.id = own[len(own)-1].id + 1
		}
		if err := f.add(i, data); err != nil {
			return err
		}
		n++
		own, err = f.items()
		return err
	})
	if err != nil {
		return n, fmt.Errorf("take what was refused: %w", err)
	}
	return n, nil
}

// has reports whether one of the folder's own files has those bytes.
func (f Folder) has(own []item, i item, data []byte) (bool, error) {
	for _, o := range own {
		if o.kind != i.kind || o.room != roomOf(int64(len(data))) {
			continue
		}
		present, err := os.ReadFile(filepath.Join(f.path, o.name()))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
		if bytes.Equal(present, data) {
			return true, nil
		}
	}
	return false, nil
}

// each calls do with every file, the oldest first.
func (f Folder) each(ctx context.Context, do func(i item, data []byte) error) error {
	items, err := f.items()
	if err != nil {
		return err
	}
	for _, i := range items {
		if err := ctx.Err(); err != nil {
			return err
		}
		data, err := os.ReadFile(filepath.Join(f.path, i.name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = do(i, data)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Name is the folder's own name.
func (f Folder) Name() string { return filepath.Base(f.path) }
