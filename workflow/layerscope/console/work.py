"""How much of the work of a study is done, by estimates of the seconds of its jobs, and how long the rest will take."""

from collections import defaultdict
from dataclasses import dataclass, field

# A running job whose progress is not known is never told to be nearer to its end.
NEARLY = 0.95


@dataclass
class Work:
    """The jobs of a run of Snakemake. Times are in seconds of any one clock.

    seconds: job → (its rule, the estimate of its seconds). Estimates are those of a machine that nobody else uses: as jobs end,
    those of the same rule that are left are corrected by how long they took; until one ended, by how long all others took.
    """

    seconds: dict[int, tuple[str, float]]
    began: float
    running: dict[int, float] = field(default_factory=dict)
    done: dict[int, float] = field(default_factory=dict)
    _told: float = 0.0

    def begin(self, job: int, now: float) -> None:
        """A job begins; one that is no work, or unknown, is not counted."""
        if job in self.seconds:
            self.running[job] = now

    def finish(self, job: int, now: float) -> None:
        """A job has ended well."""
        if job in self.running:
            self.done[job] = now - self.running.pop(job)

    def fail(self, job: int) -> None:
        """A job has failed: it may begin again."""
        self.running.pop(job, None)

    def corrections(self) -> dict[str, float]:
        """Rule → by how much its jobs take longer than estimated; "" is all rules together."""
        estimated: defaultdict[str, float] = defaultdict(float)
        taken: defaultdict[str, float] = defaultdict(float)
        for job, seconds in list(self.done.items()):
            rule, estimate = self.seconds[job]
            for name in (rule, ""):
                estimated[name] += estimate
                taken[name] += seconds
        return {name: taken[name] / estimate for name, estimate in estimated.items() if estimate > 0}

    def share(self, now: float, known: dict[int, float] | None = None) -> float:
        """The share of the estimated work that is done, from 0 to 1; it never falls.

        known: running job → the share of it that is done, where that is known, such as the epochs of a training.
        """
        total = sum(estimate for _, estimate in self.seconds.values())
        done = sum(self.seconds[job][1] for job in list(self.done))
        corrections = self.corrections()
        for job in list(self.running):
            done += self.seconds[job][1] * self._part(job, now, known or {}, corrections)
        self._told = max(self._told, done / total if total else 1.0)
        return min(self._told, 1.0)

    def left(self, now: float, known: dict[int, float] | None = None) -> float | None:
        """About how many seconds the rest will take, with as many jobs at once as so far; None before anything is known."""
        if not (self.done or self.running):
            return None
        corrections = self.corrections()
        rest = {job: 0.0 if job in self.done else self._expected(job, corrections) for job in self.seconds}
        for job in list(self.running):
            rest[job] *= 1 - self._part(job, now, known or {}, corrections)
        busy = sum(list(self.done.values())) + sum(now - start for start in list(self.running.values()))
        at_once = max(1.0, busy / (now - self.began) if now > self.began else 1.0, len(self.running) if not self.done else 0)
        return max(sum(rest.values()) / at_once, max((rest[job] for job in list(self.running) if job in rest), default=0.0))

    def _expected(self, job: int, corrections: dict[str, float]) -> float:
        rule, estimate = self.seconds[job]
        return estimate * corrections.get(rule, corrections.get("", 1.0))

    def _part(self, job: int, now: float, known: dict[int, float], corrections: dict[str, float]) -> float:
        if job in known:
            return known[job]
        expected = self._expected(job, corrections)
        return min((now - self.running[job]) / expected, NEARLY) if expected and job in self.running else 0.0
