#!/bin/bash
# Runs a container engine of its own, with an empty store, in control groups and
# mounts of its own. It uses the caller's network and processes, which should be
# namespaces too. It ends with its caller. Needs root.
#
#   containers.sh docker|podman|rootless DIRECTORY    listens at DIRECTORY/socket
#
# rootless is Podman of an ordinary user, who is made for it and is nowhere else.
# A registry is at 127.0.0.1:5000. Podman's timers for health checks need systemd,
# so nobody runs them here.
set -eu
engine=$1 dir=$2
if [ "${INSIDE:-}" != 1 ]; then
  # A group for this engine below the caller's, in each hierarchy that is mounted.
  groups=() name=containers-$(cat /proc/sys/kernel/random/uuid)
  mapfile -t hierarchies </proc/self/cgroup # all of it, because it changes below
  for hierarchy in "${hierarchies[@]}"; do
    IFS=: read -r _ controllers path <<<"$hierarchy"
    top=/sys/fs/cgroup/${controllers#name=}
    if [ -z "$controllers" ]; then
      top=/sys/fs/cgroup
      [ -e $top/cgroup.procs ] || top=/sys/fs/cgroup/unified
    fi
    [ -e "$top/cgroup.procs" ] || continue
    group=$top${path%/}/$name
    mkdir "$group"
    groups+=("$group")
    if [ "$controllers" = cpuset ]; then # an empty set would let nothing run
      for file in cpus mems; do cat "$top$path/cpuset.$file" >"$group/cpuset.$file"; done
    fi
    echo $$ >"$group/cgroup.procs"
  done
  INSIDE=1 unshare --mount --cgroup --ipc --uts --kill-child "$0" "$@" &
  trap 'kill -9 $! 2>/dev/null' TERM
  wait $! || true
  # What ran in the containers ends with the caller's process namespace, or here.
  for group in "${groups[@]}"; do
    echo $$ >"${group%/*}/cgroup.procs"
    for _ in $(seq 50); do
      find "$group" -name cgroup.procs -exec cat {} + | xargs --no-run-if-empty kill -9 2>/dev/null || true
      ! find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || break
      sleep 0.1
    done
  done
  exit
fi

for folder in /run /dev/shm /sys/fs/cgroup; do mount -t tmpfs tmpfs $folder; done
while IFS=: read -r _ controllers _; do
  [ -n "$controllers" ] || continue
  top=/sys/fs/cgroup/${controllers#name=}
  mkdir "$top"
  mount -t cgroup -o "${controllers/#name=/none,name=}" cgroup "$top"
done </proc/self/cgroup
[ -d /sys/fs/cgroup/memory ] || mount -t cgroup2 cgroup2 /sys/fs/cgroup

cat >"$dir/registry.yml" <<CONFIGURATION
version: 0.1
storage: {filesystem: {rootdirectory: $dir/registry}}
http: {addr: "127.0.0.1:5000"}
CONFIGURATION
docker-registry serve "$dir/registry.yml" &

configure_podman() {
  mkdir -p "$dir/etc"
  echo '{"default": [{"type": "insecureAcceptAnything"}]}' >"$dir/etc/policy.json"
  printf '[[registry]]\nlocation = "127.0.0.1:5000"\ninsecure = true\n' >"$dir/etc/registries.conf"
  printf '[network]\nnetwork_backend = "netavark"\n[engine]\ncgroup_manager = "cgroupfs"\n' >"$dir/etc/containers.conf"
  mount --bind "$dir/etc" /etc/containers
}

case $engine in
  docker)
    echo '{}' >"$dir/daemon.json"
    exec dockerd --config-file "$dir/daemon.json" --data-root "$dir/store" --exec-root "$dir/run" \
      --pidfile "$dir/pid" --host "unix://$dir/socket"
    ;;
  podman)
    configure_podman
    exec podman --root "$dir/store" --runroot /run/containers --storage-driver overlay system service --time 0 "unix://$dir/socket"
    ;;
  rootless)
    configure_podman
    user=4711
    cp /etc/passwd /etc/group "$dir/etc/"
    echo "radio:x:$user:$user::$dir/home:/bin/sh" >>"$dir/etc/passwd"
    echo "radio:x:$user:" >>"$dir/etc/group"
    echo radio:100000:65536 | tee "$dir/etc/subuid" >"$dir/etc/subgid"
    for file in passwd group subuid subgid; do mount --bind "$dir/etc/$file" /etc/$file; done
    # What a login would give: a folder, and a control group of the user's own.
    install -d -o $user -g $user -m 700 /run/user/$user "$dir/home" "$dir/user"
    umount -R /sys/fs/cgroup
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
    chown $user:$user /sys/fs/cgroup /sys/fs/cgroup/cgroup.procs
    # Networks of a user need this device, which others of this machine need not have.
    mkdir -p /dev/net
    mount -t tmpfs -o mode=755 tmpfs /dev/net
    mknod -m 666 /dev/net/tun c 10 200
    mount --make-rshared /
    cd "$dir/user"
    ln -s user/socket "$dir/socket"
    exec setpriv --reuid $user --regid $user --clear-groups env -i PATH="$PATH" HOME="$dir/home" XDG_RUNTIME_DIR=/run/user/$user \
      DISABLE_HC_SYSTEMD=true podman --storage-driver overlay system service --time 0 "unix://$dir/user/socket"
    ;;
esac
