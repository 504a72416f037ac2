#!/bin/bash
# Boots a systemd of its own on a copy-on-write copy of this machine, in its own
# namespaces. The result is a host on which the test installs and runs units.
# Needs root.
#
#   host.sh DIRECTORY      DIRECTORY/shared is /shared there. If it holds `script`,
#                          the script is run once the host is up, and then the
#                          host is shut down. Otherwise it is up until it is killed
#
# Nothing of this machine is changed, and none of its services is started there.
# Writes go to memory. If something is mounted on DIRECTORY/disk, they go there
# and outlive the host, which can be booted again. With CABLED=1 the host has
# the caller's network, otherwise a loopback of its own.
set -eu
dir=$(realpath "$1")
if [ "${INSIDE:-}" != 1 ]; then
  network=--net
  [ "${CABLED:-}" != 1 ] || network=
  exec env INSIDE=1 unshare --pid --mount --uts --ipc --cgroup $network --fork --kill-child "$0" "$dir"
fi
layers=$dir/disk
mkdir -p "$layers"
mountpoint --quiet "$layers" || mount -t tmpfs tmpfs "$layers"
new=1
[ ! -d "$layers/changes" ] || new=
mkdir -p "$layers/changes" "$layers/work" "$layers/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$layers/changes,workdir=$layers/work" "$layers/root"
cd "$layers/root"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs dev
for device in null zero full random urandom tty; do
  touch "dev/$device"
  mount --bind "/dev/$device" "dev/$device"
done
mkdir -p dev/shm dev/pts shared
mount -t devpts devpts dev/pts -o newinstance,ptmxmode=0666
ln -s pts/ptmx dev/ptmx
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
mount --bind "$dir/shared" shared

# No service of this machine starts there, but those that the test installs do.
[ -z "$new" ] || rm -rf etc/systemd/system/*.wants usr/sbin/policy-rc.d
unit=multi-user.target
[ ! -e shared/script ] || unit=script.service
cat >etc/systemd/system/script.service <<'UNIT'
[Unit]
Requires=basic.target
After=basic.target
[Service]
Type=oneshot
StandardOutput=append:/shared/log
StandardError=inherit
ExecStart=-/shared/script
ExecStopPost=/bin/systemctl poweroff -f -f
UNIT

# Not chroot: inside one, the kernel forbids the user namespaces of
# PrivateUsers=.
mkdir -p old
pivot_root . old
umount -l /old
exec /lib/systemd/systemd --system --unit="$unit"
