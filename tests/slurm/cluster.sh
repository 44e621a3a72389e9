#!/usr/bin/env bash
# A SLURM of this one machine, for tests: two names for a GPU that is not there, no accounting, everything else as on a cluster.
#   cluster.sh start   write /etc/slurm, start munge, slurmctld and slurmd, wait until the node is idle
#   cluster.sh stop    stop them, and take away what start has written
# Needs root and Debian's packages slurm-wlm and munge.
set -euo pipefail

CONFIGURATION=/etc/slurm
STATE=/var/lib/layerscope-slurm
MARK="# Written by layerscope's tests: tests/slurm/cluster.sh stop removes it."

fail() {
    echo "cluster.sh: $*" >&2
    exit 1
}

ours() {
    [ ! -e "$CONFIGURATION/slurm.conf" ] || [ "$(head -n 1 "$CONFIGURATION/slurm.conf")" = "$MARK" ]
}

write_configuration() {
    local host cores memory
    host=$(hostname -s)
    cores=$(getconf _NPROCESSORS_ONLN)
    memory=$(($(getconf _PHYS_PAGES) / 1024 * $(getconf PAGESIZE) / 1024 * 9 / 10))
    mkdir -p "$CONFIGURATION" "$STATE/controller" "$STATE/node"
    cat >"$CONFIGURATION/slurm.conf" <<END
$MARK
ClusterName=layerscope
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
StateSaveLocation=$STATE/controller
SlurmdSpoolDir=$STATE/node
SlurmctldPidFile=$STATE/slurmctld.pid
SlurmdPidFile=$STATE/slurmd.pid
SlurmctldLogFile=$STATE/slurmctld.log
SlurmdLogFile=$STATE/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MinJobAge=3600
SchedulerParameters=bf_interval=1,sched_interval=2,batch_sched_delay=1
KillWait=10
ReturnToService=2
GresTypes=gpu
NodeName=$host NodeAddr=127.0.0.1 CPUs=$cores RealMemory=$memory Gres=gpu:1 State=UNKNOWN
PartitionName=compute Nodes=$host Default=YES MaxTime=7-0 State=UP
END
    printf '%s\nName=gpu File=/dev/null\n' "$MARK" >"$CONFIGURATION/gres.conf"
}

start() {
    local program
    [ "$(id -u)" = 0 ] || fail "needs root"
    for program in munged slurmctld slurmd sbatch; do
        command -v "$program" >/dev/null || fail "$program is missing: apt-get install slurm-wlm munge"
    done
    ours || fail "$CONFIGURATION/slurm.conf is not ours: this machine belongs to a cluster, run these tests elsewhere"
    stop
    write_configuration
    [ -s /etc/munge/munge.key ] || (umask 077 && head -c 1024 /dev/urandom >/etc/munge/munge.key && chown munge: /etc/munge/munge.key)
    if ! munge -n >/dev/null 2>&1; then
        install -d -o munge -g munge -m 0755 /run/munge
        su -s /bin/sh munge -c munged
        touch "$STATE/munged"
    fi
    slurmctld
    slurmd
    for _ in $(seq 60); do
        if [ "$(sinfo --noheader --format %t 2>/dev/null)" = idle ]; then
            return
        fi
        sleep 0.5
    done
    tail -n 20 "$STATE"/*.log >&2
    fail "the node is not idle after 30 seconds"
}

stop() {
    local daemon
    ours || fail "$CONFIGURATION/slurm.conf is not ours: nothing was stopped"
    if [ -d "$STATE" ]; then
        scancel --user root 2>/dev/null || true
        for daemon in slurmd slurmctld; do
            if [ -f "$STATE/$daemon.pid" ]; then
                kill "$(cat "$STATE/$daemon.pid")" 2>/dev/null || true
                for _ in $(seq 40); do
                    pgrep -x "$daemon" >/dev/null || break
                    sleep 0.25
                done
            fi
        done
        if [ -f "$STATE/munged" ]; then
            pkill -x munged || true
        fi
    fi
    rm -rf "$STATE" "$CONFIGURATION/slurm.conf" "$CONFIGURATION/gres.conf"
}

case "${1:-}" in
start) start ;;
stop) stop ;;
*) fail "usage: cluster.sh start | stop" ;;
esac
