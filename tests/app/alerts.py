#!/usr/bin/env python3
"""The server is killed while it tells people that something is wrong: who had no message gets one, who had one may get it a second time, and no
more than that, whatever the night was about."""
import os
import re
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "support"))
from program import expect, finish, require_program, run, store  # noqa: E402
from served import ask, fast_clock, listener, server  # noqa: E402

require_program()
NOW = ["--no-baseline", "--grace", "0"]
fast = {**os.environ, "LD_PRELOAD": fast_clock()}  # five attempts and the pauses between them take minutes


def limit(name):
    """A night that a limit refuses."""
    return store(name), ["--max-removal", "0.01"], "send_alert", "aborted (safety_threshold)", "safety_threshold"


def container(name):
    """A night in which a folder of sources has gone."""
    s = store(name, orphans=0, groups=0)
    database = s.connect()
    database.execute("UPDATE documents SET id = 'mail/' || id WHERE id LIKE 'alone 1_'")
    database.execute("UPDATE items SET source = 'mail/' || source WHERE source LIKE 'alone 1_'")
    database.commit()
    result = run("run", *s.options(), "--phase", "log", *NOW)
    expect(result.returncode == 0, "all sources are there", result)
    database.execute("DELETE FROM documents WHERE id LIKE 'mail/%'")
    database.commit()
    database.close()
    return s, ["--max-removal", "1", "--max-absence-rise", "1"], "send_container_alert", "done (container_refused)", "'mail'"


def failure(name):
    """A night that cannot be."""
    s = store(name)
    database = s.connect()
    database.execute("ALTER TABLE items RENAME TO others")
    database.commit()
    database.close()
    return s, [], "send_failure_alert", "failed (step_failed)", "analyze_vector_store"


for night_of in (limit, container, failure):
    for answered in (False, True):
        when = f"{night_of.__name__}, " + ("killed while the answer is on its way" if answered else "killed before there is an answer")
        s, options, step, ended, words = night_of(f"{night_of.__name__}_{answered}.sqlite")
        content = s.content() if night_of is not failure else None
        slack = listener()
        slack.busy[0] = 0
        fast["UPKEEP_SLACK_WEBHOOK"] = f"http://127.0.0.1:{slack.port}/services/T0/B0/secret"
        begin = time.time_ns() // 1000000
        fast["UPKEEP_FAST_CLOCK"] = f"60 {begin} {begin}"

        def serve():
            return server(s, *NOW, *options, environment=fast)

        ask("trigger", s)
        if answered:
            slack.at_message = lambda: (night.kill(), setattr(slack, "at_message", None))
        else:
            slack.silent.set()
        night = serve()
        expect(slack.asked.wait(60), f"{when}: people are told: {night.said()}")
        if answered:
            night.process.wait(60)
        else:
            night.kill()
        before = list(slack.taken)
        expect(len(before) == answered, f"{when}: what was told: {before}")
        expect("begun, not ended" in ask("history", s).stdout, f"{when}: the night has not ended")
        slack.silent.clear()
        night = serve()
        expect(night.waits_for("job_ended") and night.stop() == 0, f"{when}: the night comes to its end: {night.said()}")
        expect(len(slack.taken) == 1 + answered, f"{when}: told once, and again only where no answer came: {slack.taken}")
        expect(len(set(slack.taken)) == 1 and words in slack.taken[0], f"{when}: with the same words: {slack.taken}")
        result = ask("history", s)
        expect(f"manual  {ended}" in result.stdout and len(re.findall(r"^\S", result.stdout, re.M)) == 1, f"{when}: one night, {ended}", result)
        expect(f"{step} interrupted" in result.stdout and f"{step} completed" in result.stdout, f"{when}: the history says so", result)
        night = serve()
        expect(night.waits_for("serving") and night.stop() == 0 and len(slack.taken) == 1 + answered, f"{when}: nobody is told later: {night.said()}")
        expect(night_of is failure or s.content() == content, f"{when}: nothing went")

finish()
