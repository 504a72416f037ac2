package repotest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Cluster is a private MariaDB Galera cluster. Every node takes writes. Each
// node may be stopped, killed and started like any Server, as long as one of
// the nodes runs.
type Cluster struct {
	Nodes []*Server
}

// errNoGalera says what this machine lacks for a cluster.
var errNoGalera = errors.New("a Galera cluster is not installed (Debian: mariadb-server, galera-4, rsync)")

// Galera starts a cluster of three nodes for this test alone, which takes some
// ten seconds. If Galera is not installed, the test is skipped, or fails if
// AURA_TEST_REQUIRE_MARIADB=1.
func Galera(t testing.TB) *Cluster {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout())
	defer cancel()
	c, err := startGalera(ctx)
	if (errors.Is(err, errNoGalera) || errors.Is(err, ErrNotInstalled)) && os.Getenv(requireMariaDB) != "1" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// URLs creates a new, empty database and returns its URL on each node.
func (c *Cluster) URLs(t testing.TB) []string {
	t.Helper()
	urls := []string{c.Nodes[0].URL(t)}
	for _, node := range c.Nodes[1:] {
		urls = append(urls, strings.Replace(urls[0], c.Nodes[0].address(), node.address(), 1))
	}
	return urls
}

const galeraNodes = 3

// startGalera tries other ports if another process took one first.
func startGalera(ctx context.Context) (c *Cluster, err error) {
	provider, err := findGalera()
	if err != nil {
		return nil, err
	}
	removeLeftovers()
	for range 3 {
		if c, err = startNodes(ctx, provider); err == nil || ctx.Err() != nil {
			break
		}
	}
	return c, err
}

func startNodes(ctx context.Context, provider string) (_ *Cluster, err error) {
	c := new(Cluster)
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("start Galera: %w", err), c.close())
		}
	}()
	var members []string
	for range galeraNodes {
		node, group, err := newNode(len(c.Nodes)+1, provider)
		if err != nil {
			return c, err
		}
		c.Nodes, members = append(c.Nodes, node), append(members, group)
	}
	first := c.Nodes[0]
	if err := first.prepare(ctx); err != nil {
		return c, err
	}
	first.once = []string{"--wsrep-new-cluster"}
	for i, node := range c.Nodes {
		node.options = append(node.options, "--wsrep-cluster-address=gcomm://"+strings.Join(members, ","))
		if i > 0 { // the node gets everything from the others
			if err := node.prepareEmpty(); err != nil {
				return c, err
			}
		}
		if err := node.Start(ctx); err != nil {
			return c, err
		}
	}
	return c, first.createUser(ctx)
}

func findGalera() (provider string, err error) {
	if _, err := exec.LookPath("rsync"); err != nil {
		return "", errNoGalera
	}
	for _, pattern := range []string{"/usr/lib*/galera*/libgalera_smm.so", "/usr/lib/*/galera*/libgalera_smm.so"} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return found[0], nil
		}
	}
	return "", errNoGalera
}

// newNode makes a node that is not started. group is the address at which the
// other nodes find it.
func newNode(number int, provider string) (node *Server, group string, err error) {
	dir, err := newServerDir()
	if err != nil {
		return nil, "", err
	}
	node = &Server{dir: dir, ready: "SELECT 1 FROM mysql.user"} // the query is refused until the node takes part in the cluster
	var address [3]string
	for i := range address {
		port, err := FreePort()
		if err != nil {
			return nil, "", errors.Join(err, node.Close())
		}
		address[i] = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	}
	if node.port, err = FreePort(); err != nil {
		return nil, "", errors.Join(err, node.Close())
	}
	node.options = []string{
		"--binlog-format=ROW", "--innodb-autoinc-lock-mode=2",
		"--wsrep-on=ON", "--wsrep-provider=" + provider, "--wsrep-cluster-name=test",
		"--wsrep-node-name=node" + strconv.Itoa(number), "--wsrep-node-address=127.0.0.1",
		"--wsrep-sst-method=rsync", "--wsrep-sst-receive-address=" + address[2],
		"--wsrep-provider-options=gmcast.listen_addr=tcp://" + address[0] + ";ist.recv_addr=" + address[1] + ";gcache.size=64M",
	}
	return node, address[0], nil
}

func (c *Cluster) close() error {
	var failed []error
	for _, node := range c.Nodes {
		failed = append(failed, node.Close())
	}
	return errors.Join(failed...)
}
