package refused

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"aura.radio/engine/pkg/model"
)

const (
	// block is the least room that a file takes on a disk.
	block = 4 << 10
	// beginning is the name of a file that is being written.
	beginning = ".new"
	// playKind is the kind of a play.
	playKind = "playlog"
)

// Folder holds bodies, each in a file of its own that is named by its number and
// kind. The first line of a file is what is known of the body, as JSON. The body
// follows as it came. A command may read and delete while the service writes.
type Folder struct{ path string }

// NewFolder is the folder next to the journal of an engine-api. It need not
// exist.
func NewFolder(journal string) Folder {
	return Folder{strings.TrimSuffix(journal, ".journal") + ".refused"}
}

// item is a file of the folder.
type item struct {
	id   int64
	kind string
	room int64
}

func (i item) name() string { return fmt.Sprintf("%d.%s", i.id, i.kind) }

// roomOf is the room that a file of that size takes.
func roomOf(size int64) int64 { return (size + block - 1) / block * block }

// items are the files, the oldest first.
func (f Folder) items() ([]item, error) {
	files, err := os.ReadDir(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var found []item
	for _, file := range files {
		number, kind, _ := strings.Cut(file.Name(), ".")
		id, err := strconv.ParseInt(number, 10, 64)
		if err != nil || id <= 0 {
			continue
		}
		info, err := file.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // it was dropped in between
		}
		if err != nil {
			return nil, err
		}
		found = append(found, item{id, kind, roomOf(info.Size())})
	}
	slices.SortFunc(found, func(a, b item) int { return cmp.Compare(a.id, b.id) })
	return found, nil
}

// List returns everything that is kept, the oldest first.
func (f Folder) List() ([]model.Refusal, error) {
	items, err := f.items()
	if err != nil {
		return nil, fmt.Errorf("list what was refused: %w", err)
	}
	var all []model.Refusal
	for _, i := range items {
		r, err := f.read(i)
		if errors.Is(err, model.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// Read returns one body. Error: model.ErrNotFound.
func (f Folder) Read(id int64) (model.Refusal, error) {
	i, err := f.find(id)
	if err != nil {
		return model.Refusal{}, err
	}
	return f.read(i)
}

// Drop deletes one body. Error: model.ErrNotFound.
func (f Folder) Drop(id int64) error {
	i, err := f.find(id)
	if err != nil {
		return err
	}
	return f.remove(i)
}

func (f Folder) find(id int64) (item, error) {
	items, err := f.items()
	if err != nil {
		return item{}, fmt.Errorf("look for what was refused: %w", err)
	}
	at, found := slices.BinarySearchFunc(items, id, func(i item, id int64) int { return cmp.Compare(i.id, id) })
	if !found {
		return item{}, model.ErrNotFound
	}
	return items[at], nil
}

func (f Folder) read(i item) (r model.Refusal, err error) {
	data, err := os.ReadFile(filepath.Join(f.path, i.name()))
	if errors.Is(err, fs.ErrNotExist) {
		return r, model.ErrNotFound
	}
	if err != nil {
		return r, err
	}
	head, body, _ := bytes.Cut(data, []byte("\n"))
	if err := json.Unmarshal(head, &r); err != nil {
		return r, fmt.Errorf("%s in %s is no refused body: %w", i.name(), f.path, err)
	}
	r.ID, r.Body = i.id, body
	return r, nil
}

// remove deletes a file, which may have been deleted already.
func (f Folder) remove(i item) error {
	if err := os.Remove(filepath.Join(f.path, i.name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("drop what was refused: %w", err)
	}
	return nil
}

// contents are the bytes of a body's file.
func contents(r model.Refusal) ([]byte, error) {
	head, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	return slices.Concat(head, []byte("\n"), r.Body), nil
}

// add writes a file. It is on the disk as a whole, or not at all.
func (f Folder) add(i item, data []byte) error {
	if err := os.MkdirAll(f.path, 0o700); err != nil {
		return err
	}
	begun := filepath.Join(f.path, beginning)
	file, err := os.OpenFile(begun, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(begun, filepath.Join(f.path, i.name()))
	}
	if err != nil {
		return errors.Join(err, os.Remove(begun))
	}
	return f.sync()
}

// sync has the names of the files on the disk, too.
func (f Folder) sync() error {
	dir, err := os.Open(f.path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
