package archive

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"aura.radio/engine/pkg/api/record"
	"aura.radio/engine/pkg/cli"
	"aura.radio/engine/pkg/model"
	"aura.radio/engine/pkg/peer"
)

// batchSize is how many records are sent at once.
const batchSize = 200

// Import is the command that has the running service, which is usually at that URL,
// store the plays of a file.
func Import(url string) *cobra.Command {
	var service cli.Remote
	cmd := cli.New("import FILE", "Have the running service store the plays of a file that export wrote", cobra.ExactArgs(1),
		func(cmd *cobra.Command, args []string) error {
			f, err := formatOf(args[0])
			if err != nil {
				return cli.Usage(err)
			}
			client, err := service.Client()
			if err != nil {
				return err
			}
			defer client.Close()
			l := loading{client: client, out: cmd.OutOrStdout()}
			return l.load(cmd.Context(), f, args[0])
		})
	cmd.Long = "import stores the plays with all that the file knows of them. What is stored already is merged, so the same file again changes\n" +
		"nothing. An engine-api sends what is new to its sync node. A row that is wrong is named and does not hold up the others."
	service.Flags(cmd, "service", url, "the service")
	return cmd
}

// loading has a service store a file.
type loading struct {
	client  *peer.Client
	out     io.Writer
	batch   []model.Record
	numbers []int // of the rows of the batch

	stored, wrong int
}

func (l *loading) load(ctx context.Context, f format, name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	err = f.reader(file, func(number int, r record.Entry, wrong error) error {
		if wrong != nil {
			return l.tellWrong(number, wrong.Error())
		}
		l.batch, l.numbers = append(l.batch, r.Record()), append(l.numbers, number)
		if len(l.batch) < batchSize {
			return nil
		}
		return l.send(ctx)
	})
	if err == nil {
		err = l.send(ctx)
	}
	if err != nil {
		return fmt.Errorf("%w; stored before: %d, and the command may be repeated", err, l.stored)
	}
	if _, err := fmt.Fprintf(l.out, "stored: %d, wrong: %d\n", l.stored, l.wrong); err != nil {
		return err
	}
	if l.wrong > 0 {
		return fmt.Errorf("rows that are wrong: %d", l.wrong)
	}
	return nil
}

// send sends what was read.
func (l *loading) send(ctx context.Context) error {
	if len(l.batch) == 0 {
		return nil
	}
	results, err := l.client.Send(ctx, peer.Batch{Records: l.batch})
	if err != nil {
		return err
	}
	for i, result := range results.Records {
		if result.Refused == "" {
			l.stored++
			continue
		}
		if err := l.tellWrong(l.numbers[i], result.Refused); err != nil {
			return err
		}
	}
	l.batch, l.numbers = l.batch[:0], l.numbers[:0]
	return nil
}

func (l *loading) tellWrong(number int, why string) error {
	l.wrong++
	_, err := fmt.Fprintf(l.out, "row %d: wrong: %s\n", number, cli.Printable(why))
	return err
}
