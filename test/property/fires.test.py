#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 600
"""When schedules fire, against an independent reading of docs/schedules.md.

The reference looks at every minute of UTC around a change of a clock, asks Python's zoneinfo what the clock shows there, and the
expression whether it matches; it knows nothing of how core/cron searches. SLUICE_ORACLE_CHANGES says how many changes are drawn (seeded;
"all" for each of 2024-2040); those that were once wrong are always among them. The examples of docs/schedules.md are run from the page.
"""
import calendar
import datetime
import os
import random
import re
import subprocess
import sys
import zoneinfo

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "house"))
from tap import BUILD, SOURCE, run  # noqa: E402

MINUTE = 60
WINDOW = 36 * 60  # minutes looked at on both sides of a change
EPOCH = datetime.datetime(1970, 1, 1)
UTC = datetime.timezone.utc

# Expressions of every kind; {d} {m} {y} are the day, month and year of the change on the clock that holds before it.
EXPRESSIONS = """
0 0 0 * * ?|0 30 0 * * ?|0 0 1 * * ?|0 30 1 * * ?|0 59 1 * * ?|0 0 2 * * ?|0 15 2 * * ?|0 30 2 * * ?|0 45 2 * * ?|0 0 3 * * ?|0 30 23 * * ?
0 0 */2 * * ?|0 0 1/2 * * ?|0 0/30 */3 * * ?|0 0/15 0-4,23 * * ?|0 0/20 22-2 * * ?|0 10,50 0-3 * * ?|0 0/30 12 * * ?|0 0 0,12 * * ?
0 * * * * ?|0 0 * * * ?|0 0/5 * * * ?|0 30 * * * ?|0 7/25 * * * ?|0 0/30 * ? * SUN|0 45 * ? * SAT,SUN
0 0 2 ? * 1L|0 30 1 ? * 1#2|0 0 2 ? * SUN-MON|0 30 2 L * ?|0 30 2 L-3 * ?|0 0 2 LW * ?|0 30 2 15W * ?
0 0/30 12 {d} {m} ? {y}|0 0/30 * {d} {m} ? {y}|0 0/30 0-3,22-23 {d} {m} ? {y}|0 30 1 ? {m} 1L {y}|0 30 2 ? {m} 1L *|0 0 0 {d} {m} ?|0 0 2/5 {d} * ? *
""".replace("\n", "|").strip("|").split("|")

# Zone and a moment near the change: faults that were found, half an hour, two hours, midnight, a rule with a negative time.
ALWAYS = [("Europe/Berlin", "2027-10-31"), ("Europe/Dublin", "2038-03-28"), ("Europe/Dublin", "2038-10-31"),
          ("America/Scoresbysund", "2027-03-28"), ("Asia/Beirut", "2027-10-30"), ("Asia/Beirut", "2027-03-28"),
          ("Australia/Lord_Howe", "2027-04-04"), ("Australia/Lord_Howe", "2027-10-03"), ("America/Havana", "2027-11-07"),
          ("Antarctica/Troll", "2027-03-28"), ("America/Nuuk", "2039-03-27"), ("Africa/Casablanca", "2030-01-01"),
          ("Africa/Cairo", "2027-04-30"), ("America/Santiago", "2039-09-04")]

NAMES = {name: i + 1 for i, name in enumerate("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split())}
DAYS = {name: i + 1 for i, name in enumerate("SUN MON TUE WED THU FRI SAT".split())}


def numbers(text, low, high, names):
    """The numbers that a field without L, W and # stands for."""
    found = set()
    for item in text.split(","):
        body, _, step = item.partition("/")
        first, dash, last = body.partition("-")
        if body in ("*", ""):
            first, last = low, high
        else:
            first = names[first] if first in names else int(first)
            last = (names[last] if last in names else int(last)) if dash else high if step else first
        span = high - low + 1
        reach = (last - first) % span if last < first else last - first
        found |= {low + (first + i - low) % span for i in range(0, reach + 1, int(step or 1))}
    return found


def nearest_workday(year, month, target):
    """The working day nearest to a day, in the same month."""
    last = calendar.monthrange(year, month)[1]
    if not 1 <= target <= last:
        return None
    days = [d for d in range(1, last + 1) if datetime.date(year, month, d).weekday() < 5]
    return min(days, key=lambda d: (abs(d - target), d))


class Expression:
    """A cron expression as a question to a date and a time of day."""

    def __init__(self, text):
        fields = text.split()
        _, minute, hour, self.day, month, self.weekday = fields[:6]
        self.minutes = numbers(minute, 0, 59, {})
        self.hours = numbers(hour, 0, 23, {})
        self.months = numbers(month, 1, 12, NAMES)
        self.years = numbers(fields[6] if len(fields) > 6 else "*", 1970, 2099, {})
        self.is_elapsed = len(self.hours) == 24
        self.known = {}

    def day_matches(self, date):
        if date.month not in self.months or date.year not in self.years:
            return False
        last = calendar.monthrange(date.year, date.month)[1]
        number = date.isoweekday() % 7 + 1
        if self.weekday != "?" and self.day == "?":
            special = re.fullmatch(r"([1-7])(?:L|#([1-5]))", self.weekday)
            if not special:
                return number in numbers(self.weekday, 1, 7, DAYS)
            place = date.day + 7 > last if special[2] is None else (date.day + 6) // 7 == int(special[2])
            return number == int(special[1]) and place
        special = re.fullmatch(r"(?:(L)(?:-(\d+))?|(\d+))(W)?", self.day)
        if special and (special[1] or special[4]):
            target = last - int(special[2] or 0) if special[1] else int(special[3])
            if special[4]:
                target = nearest_workday(date.year, date.month, target)
            return date.day == target
        return date.day in numbers(self.day, 1, 31, {})

    def matches(self, when):
        date = when.date()
        if date not in self.known:
            self.known[date] = self.day_matches(date)
        return when.minute in self.minutes and when.hour in self.hours and self.known[date]


class Window:
    """The minutes around a change: what the clock of a zone shows at each."""

    def __init__(self, zone, change):
        self.zone = zone
        info = zoneinfo.ZoneInfo(zone)
        first = change // MINUTE * MINUTE - WINDOW * MINUTE
        self.instants = [first + i * MINUTE for i in range(2 * WINDOW)]
        self.clock = [datetime.datetime.fromtimestamp(at, info).replace(tzinfo=None) for at in self.instants]
        # Per local minute, the first moment that shows it or more: a skipped one has that of the gap's end.
        self.first, reached = {}, self.clock[0]
        for at, shown in zip(self.instants, self.clock):
            while reached <= shown:
                self.first[reached] = at
                reached += datetime.timedelta(minutes=1)

    def fires(self, expression, begin, end):
        if expression.is_elapsed:
            found = [at for at, shown in zip(self.instants, self.clock) if expression.matches(shown)]
        else:
            found = sorted({at for shown, at in self.first.items() if expression.matches(shown)})
        if begin:
            limit = min(at for at, shown in zip(self.instants, self.clock) if shown >= moment(begin))
            found = [at for at in found if at >= limit]
        if end:
            is_day = len(end) == 10
            limit = max(at for at, shown in zip(self.instants, self.clock)
                        if (shown.date() <= moment(end).date() if is_day else shown <= moment(end)))
            found = [at for at in found if at <= limit]
        return found


def moment(text):
    return datetime.datetime.fromisoformat(text)


def offset(info, at):
    return int(datetime.datetime.fromtimestamp(at, info).utcoffset().total_seconds())


def changes(zone, first_year=2024, last_year=2040):
    """Each moment at which the zone's clock jumps, found by looking every six hours and then closer."""
    info = zoneinfo.ZoneInfo(zone)
    at = calendar.timegm((first_year, 1, 1, 0, 0, 0))
    end = calendar.timegm((last_year + 1, 1, 1, 0, 0, 0))
    found = []
    while at < end:
        step = at + 6 * 3600
        if offset(info, at) != offset(info, step):
            low, high = at, step
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset(info, middle) == offset(info, low) else (low, middle)
            found.append(high)
        at = step
    return found


def ask(questions):
    """The answers of the program under test, one list of instants per question."""
    text = "".join("\t".join(map(str, question)) + "\n" for question in questions)
    done = subprocess.run([os.path.join(BUILD, "test/property/fires")], input=text, capture_output=True, text=True, check=True)
    answers = done.stdout.split("\n")[:-1]
    assert len(answers) == len(questions), done.stderr
    return [answer if answer.startswith("refused") else [int(word) for word in answer.split()] for answer in answers]


def draw(randomness):
    """The changes to look at: (zone, instant), zones that jump alike at one moment only once."""
    wanted = os.environ.get("SLUICE_ORACLE_CHANGES", "24")
    drawn = []
    for zone, day in ALWAYS:
        near = calendar.timegm(moment(day).timetuple())
        drawn += [(zone, min(changes(zone, int(day[:4]), int(day[:4])), key=lambda at: abs(at - near)))]
    names = sorted(n for n in zoneinfo.available_timezones() if not n.startswith(("posix", "right")) and n not in ("localtime", "Factory"))
    if wanted != "all":
        names = randomness.sample(names, 120)
    seen, others = set(), []
    for zone in names:
        info = zoneinfo.ZoneInfo(zone)
        for at in changes(zone):
            key = (at, offset(info, at - 1), offset(info, at))
            if key not in seen:
                seen.add(key)
                others.append((zone, at))
    return drawn + (others if wanted == "all" else randomness.sample(others, int(wanted)))


def bounds(randomness, window, change):
    """Begins and ends around a change: its days, and times inside the gap or the hour that comes twice."""
    middle = window.clock[WINDOW]
    before = window.clock[WINDOW - 1]
    days = sorted({(middle + datetime.timedelta(days=d)).date().isoformat() for d in (-1, 0)} | {before.date().isoformat()})
    times = [(before + datetime.timedelta(minutes=m)).isoformat(" ", "minutes") for m in (-90, -31, -1, 1, 30, 59, 90)]
    return [("", "")] + [("", day) for day in days] + [(days[0], ""), (days[-1], "")] + \
        [(randomness.choice(times), "") for _ in range(2)] + [("", randomness.choice(times)) for _ in range(2)]


def schedules_fire_as_a_walk_over_every_minute_says():
    randomness = random.Random(20271031)
    drawn = draw(randomness)
    wrong, compared = [], 0
    for zone, change in drawn:
        window = Window(zone, change)
        day = window.clock[WINDOW - 1]
        limits = bounds(randomness, window, change)
        questions, wanted = [], []
        for text in EXPRESSIONS:
            text = text.format(d=day.day, m=day.month, y=day.year)
            expression = Expression(text)
            first, until = window.instants[12 * 60], window.instants[-12 * 60]
            for begin, end in [limits[0]] + randomness.sample(limits[1:], 3):
                fires = [at for at in window.fires(expression, begin, end) if at < until]
                questions.append((zone, text, begin, end, first - 1, until))
                wanted.append([at for at in fires if at >= first])
                after = randomness.randrange(first, until)  # also from a moment between two fires
                questions.append((zone, text, begin, end, after, until))
                wanted.append([at for at in fires if at > after])
        for question, want, got in zip(questions, wanted, ask(questions)):
            compared += 1
            if want != got:
                wrong.append((question, want[:6], got[:6]))
    print(f"# {compared} schedules around {len(drawn)} changes")
    return [f"{question}: wanted {want}, got {got}" for question, want, got in wrong[:20]]


def page_examples():
    """The rows of the page's tables of examples: zone, expression, begin, end, looked at from, its first fires."""
    with open(os.path.join(SOURCE, "docs/schedules.md"), encoding="utf-8") as file:
        tables = re.findall(r"^\| Zone \|.*\n\|[- |]*\n((?:\|.*\n)+)", file.read(), re.M)
    return [[cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]
            for table in tables for line in table.splitlines()]


def every_example_of_the_page_is_true():
    rows, breaches = page_examples(), []
    if len(rows) < 20:
        breaches.append(f"docs/schedules.md has only {len(rows)} examples")
    for zone, text, begin, end, start, fires in rows:
        info = zoneinfo.ZoneInfo(zone)
        dates = ["" if date == "–" else date for date in (begin, end)]
        wanted = re.findall(r"\d{4}-\d\d-\d\dT\d\d:\d\d[+-]\d\d:\d\d", fires)
        first = int(moment(start).replace(tzinfo=info).timestamp())
        got = ask([(zone, text, *dates, first - 1, first + 400 * 86400)])[0]
        got = [datetime.datetime.fromtimestamp(at, info).isoformat(timespec="minutes") for at in got]
        is_whole = not fires.endswith("…")  # otherwise others follow
        if got[:len(wanted)] != wanted or (is_whole and len(got) != len(wanted)):
            breaches.append(f"{zone} {text} {dates} from {start}: {got[:6]}")
    return breaches


if __name__ == "__main__":
    run([("every example of docs/schedules.md is true", every_example_of_the_page_is_true),
         ("schedules fire as a walk over every minute says", schedules_fire_as_a_walk_over_every_minute_says)])
