"""A real SLURM on this machine: one node with 4 counted GPUs, its daemons and files in a folder of its own.

It needs root and Debian's slurmctld, slurmd, slurm-client and munge, and listens on 127.0.0.1 only.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import psutil
from running import REPOSITORY

GPUS = 4
PROGRAMS = ["munged", "slurmctld", "slurmd", "sbatch", "srun", "scancel", "squeue", "scontrol", "sinfo", "unshare"]
SEARCH = f"{os.environ['PATH']}:/usr/sbin"
SACCT = REPOSITORY / "profiles/slurm/without-accounting"
# No accounting data base: SLURM's own record of the jobs is a text file (jobcomp/filetxt).
# cred_expire: a job whose node died starts again after twice this time.
CONFIGURATION = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge/socket,cred_expire=5
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
SlurmctldPort={controller_port}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc={folder}/jobs.txt
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
DefMemPerCPU=200
SchedulerParameters=bf_interval=1,sched_interval=2,batch_sched_delay=0
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
BatchStartTimeout=1
GresTypes=gpu
SlurmdParameters=config_overrides
ReturnToService=2
MinJobAge=7200
KillWait=2
CompleteWait=0
InactiveLimit=0
SlurmctldTimeout=30
SlurmdTimeout=60
MessageTimeout=10
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={node_port} CPUs=20 RealMemory=1000000 Gres=gpu:{gpus}
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
PartitionName=urgent Nodes=ALL PriorityTier=2 MaxTime=INFINITE State=UP
"""


def missing() -> str:
    """What this machine lacks for a SLURM of its own; empty if it has all."""
    programs = [name for name in PROGRAMS if not shutil.which(name, path=SEARCH)]
    return ", ".join(programs + ["root's rights"] * (os.geteuid() != 0))


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def fields(text: str) -> list[dict[str, str]]:
    """One dictionary per line of SLURM's `key=value key=value`."""
    return [dict(re.findall(r"(\S+?)=(\S*)", line)) for line in text.splitlines() if line.startswith("JobId=")]


class Cluster:
    """Use as a context: all daemons and everything they started are gone after it. folder: empty, with a short path."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.daemons: dict[str, subprocess.Popen] = {}
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(("SLURM_", "SBATCH_", "SRUN_"))}
        self.environment |= {"PATH": f"{folder}/bin:{SACCT}:{SEARCH}", "SLURM_CONF": f"{folder}/slurm.conf"}

    def __enter__(self):
        self.write_files()
        try:
            munge = self.folder / "munge"
            files = {"socket": "socket", "key-file": "key", "log-file": "log", "pid-file": "pid", "seed-file": "seed"}
            self.start("munged", "-F", *(f"--{option}={munge / name}" for option, name in files.items()))
            self.wait_for("munge", (munge / "socket").exists)
            self.start("slurmctld", "-D", "-c")
            self.start_node()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def write_files(self) -> None:
        self.folder.chmod(0o711)  # munged wants its socket within everybody's reach
        for name in ("munge", "state", "spool", "dev", "bin"):
            (self.folder / name).mkdir(mode=0o711)
        key = self.folder / "munge/key"
        key.touch(mode=0o600)
        key.write_bytes(os.urandom(128))
        for number in range(GPUS):
            (self.folder / f"dev/gpu{number}").symlink_to("/dev/null")  # a device file, so that SLURM numbers it
        host, user = socket.gethostname().split(".")[0], psutil.Process().username()
        ports = {"controller_port": free_port(), "node_port": free_port()}
        text = CONFIGURATION.format(folder=self.folder, host=host, user=user, gpus=GPUS, **ports)
        (self.folder / "slurm.conf").write_text(text)
        devices = f"NodeName=n1 Name=gpu File={self.folder}/dev/gpu[0-{GPUS - 1}]"
        (self.folder / "gres.conf").write_text(f"AutoDetect=off\n{devices}\n")
        # On a cluster slurm.conf stands where srun looks for it; the job step of Snakemake hides SLURM_CONF.
        wrapper = self.folder / "bin/srun"
        srun = shutil.which("srun", path=SEARCH)
        wrapper.write_text(f'#!/bin/sh\nSLURM_CONF={self.folder}/slurm.conf exec {srun} "$@"\n')
        wrapper.chmod(0o755)

    def start(self, name: str, *arguments: str) -> None:
        with open(self.folder / f"{name}.out", "a") as out:
            command = [shutil.which(name, path=SEARCH), *arguments]
            self.daemons[name] = subprocess.Popen(
                command, env=self.environment, stdout=out, stderr=out, start_new_session=True
            )

    def start_node(self) -> None:
        # A process space of its own: when its first process ends, none survives.
        slurmd = shutil.which("slurmd", path=SEARCH)
        self.start("unshare", "--pid", "--fork", "--mount-proc", "--kill-child", slurmd, "-D", "-N", "n1")
        self.wait_for(
            "the node", lambda: self.ask("sinfo", "-h", "-o", "%T").startswith(("idle", "mixed", "allocated"))
        )

    def ask(self, *command: str) -> str:
        run = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=60)
        return run.stdout

    def wait_for(self, what: str, condition, timeout: float = 30):
        """The first true value of condition()."""
        deadline = time.monotonic() + timeout
        while not (value := condition()):
            if time.monotonic() > deadline:
                told = "\n".join(file.read_text()[-2000:] for file in self.folder.glob("*.[lo][ou][gt]"))
                raise TimeoutError(f"no sign of {what} after {timeout:.0f} s\n{told}")
            time.sleep(0.2)
        return value

    def jobs(self) -> list[dict[str, str]]:
        """What every job asked for and how it stands: JobId, JobState, Comment, TRES, TresPerJob, TimeLimit, .."""
        return fields(self.ask("scontrol", "-o", "show", "jobs"))

    def history(self) -> list[dict[str, str]]:
        """A row each time that a job stopped running: JobId, JobState, StartTime, EndTime, .."""
        return fields((self.folder / "jobs.txt").read_text())

    def crash_node(self) -> None:
        """Ends the node as a power cut would: slurmd, the daemons of the job steps, and the jobs themselves."""
        unshare = self.daemons.pop("unshare")
        for slurmd in psutil.Process(unshare.pid).children():
            slurmd.kill()
        unshare.wait(10)

    def stop(self) -> None:
        if "unshare" in self.daemons:
            self.crash_node()
        for daemon in self.daemons.values():
            os.killpg(daemon.pid, signal.SIGKILL)
            daemon.wait(10)
