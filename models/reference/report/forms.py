"""Records of reports and their texts without names, numbers and words that mean something: placeholders stand for them.

The forms of numbers, units and times are those of `nodes/src/report/text/number.rs` and `words.rs`.
"""

import datetime
import re

UNITS = {"m/s2": "m/s²", "um": "µm", "degC": "°C", "1": ""}
MONTHS = "January February March April May June July August September October November December".split()
ALARMS = {
    "normal": ["no alarm", "alarm normal"],
    "active_unacknowledged": ["unacknowledged alarm", "alarm active and unacknowledged"],
    "active_acknowledged": ["acknowledged alarm", "alarm active and acknowledged"],
    "returned_unacknowledged": ["alarm returned, unacknowledged", "returned alarm, unacknowledged"],
    "latched_unacknowledged": ["alarm latched, unacknowledged", "latched alarm, unacknowledged"],
    "latched_acknowledged": ["alarm latched, acknowledged", "latched alarm, acknowledged"],
    "shelved": ["alarm shelved", "shelved alarm"],
    "suppressed_by_design": ["alarm suppressed by design"],
    "out_of_service": ["alarm out of service"],
}
QUANTITIES = {
    "rms": ["rms value", "rms level"],
    "peak": ["peak value", "peak level"],
    "crest_factor": ["crest factor"],
    "kurtosis": ["kurtosis"],
    "residual": ["residual", "model residual"],
    "anomaly_score": ["anomaly score"],
    "temperature": ["temperature"],
    "pressure": ["pressure"],
    "flow": ["flow", "flow rate"],
    "current": ["current"],
    "voltage": ["voltage"],
    "speed": ["speed", "shaft speed"],
    "power": ["power"],
}
DEFECTS = {
    "outer_race": ["outer-race order", "BPFO amplitude"],
    "inner_race": ["inner-race order", "BPFI amplitude"],
    "rolling_element": ["ball-spin order", "BSF amplitude"],
    "cage": ["cage order", "FTF amplitude"],
}
FAULTS = {
    "outer_race_defect": "an outer-race defect",
    "inner_race_defect": "an inner-race defect",
    "rolling_element_defect": "a rolling-element defect",
    "cage_defect": "a cage defect",
    "unbalance": "unbalance",
    "misalignment": "misalignment",
    "looseness": "looseness",
    "poor_lubrication": "poor lubrication",
    "cavitation": "cavitation",
    "gear_damage": "gear damage",
    "valve_fault": "a valve fault",
    "leak": "a leak",
    "electrical_fault": "an electrical fault",
    "sensor_fault": "a sensor fault",
}
ACTIONS = {
    "inspect_bearing": "inspect the bearing",
    "check_alignment": "check the alignment",
    "check_balance": "check the balance",
    "check_mounting": "check the mounting",
    "check_lubrication": "check the lubrication",
    "check_suction": "check the suction side",
    "check_valves": "check the valves",
    "inspect_gears": "inspect the gears",
    "search_leak": "look for a leak",
    "check_supply": "check the electrical supply",
    "check_sensor": "check the sensor",
    "repeat_measurement": "repeat the measurement",
}
FLAGS = {
    "gap": ["gap"],
    "saturation": ["saturation", "saturated signal"],
    "stuck_sensor": ["stuck sensor", "stuck signal"],
    "wrong_unit": ["wrong unit"],
    "rate_drift": ["sample rate drift", "drifting sample rate"],
    "missing_sensor": ["missing sensor"],
    "doubled_time_stamps": ["doubled time stamps"],
    "backward_time_stamps": ["backward time stamps"],
    "not_a_number": ["invalid values"],
}
REASONS = {
    "no_trend": ["no clear trend"],
    "too_few_data": ["too few data"],
    "poor_data": ["flawed data"],
    "no_failure_history": ["no failure history", "no known failures"],
    "changing_operation": ["changing operation", "changing speed or load"],
}
HEDGES = [
    (0.95, ["almost certainly"]),
    (0.66, ["probably", "most likely"]),
    (0.33, ["possibly", "perhaps"]),
    (0.0, ["conceivably"]),
]
EVIDENCE_MAX, CHANGES_MAX, ORDERS_MAX = 3, 1, 1


def rounded(value, digits):
    if value == 0:
        return "0"
    scientific = f"{value:.{digits - 1}e}"
    if not 1e-3 <= abs(value) < 1e5:
        mantissa, exponent = scientific.split("e")
        return f"{mantissa}e{int(exponent)}"
    exponent = int(f"{value:.16e}".split("e")[1])
    return f"{value:.{max(digits - 1 - exponent, 0)}f}"


def digits_of(quantity):
    return 3 if quantity["kind"] in ("temperature", "speed", "pressure", "voltage") else 2


def digits_apart(left, right, digits):
    return next((d for d in range(digits, 18) if rounded(left, d) != rounded(right, d)), digits)


def measure(value, unit, digits):
    unit = UNITS.get(unit, unit)
    return f"{rounded(value, digits)} {unit}".strip()


def percent(probability):
    if probability < 0.01:
        return "under 1 %"
    if probability > 0.99:
        return "over 99 %"
    return f"{rounded(float(int(probability * 100 + 0.5)), 1)} %"


def duration(seconds):
    for limit, by, unit in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h"), (1e99, 86_400, "days")):
        if seconds < limit:
            return f"{rounded(seconds / by, 2)} {unit}"


def day(text, end):
    date = datetime.date.fromisoformat(text[:10])
    year = "" if date.year == int(end[:4]) else f" {date.year}"
    return f"{date.day} {MONTHS[date.month - 1]}{year}"


def moment(text, end):
    return f"{day(text, end)} {text[11:16]}"


def band(low, high):
    digits = digits_apart(low, high, 3)
    edges = [rounded(edge, digits) for edge in (low, high)]
    edges = [edge.rstrip("0").rstrip(".") if "." in edge and "e" not in edge else edge for edge in edges]
    return f"{edges[0]} to {edges[1]} Hz"


def quantity(of):
    kind = of["kind"]
    if kind == "band_energy":
        return [f"{name} from {band(of['from_hz'], of['to_hz'])}" for name in ("band energy", "energy in the band")]
    if kind == "shaft":
        return [f"shaft order {rounded(float(of['order']), 1)} amplitude"]
    if kind == "defect":
        head = "" if of["harmonic"] == 1 else f"harmonic {rounded(float(of['harmonic']), 1)} of the "
        return [head + name for name in DEFECTS[of["order"]]]
    return QUANTITIES[kind]


def beyond(evidence):
    limit = evidence.get("limit")
    if not limit:
        return None
    above = limit["direction"] == "above"
    wrong = evidence["measured"] > limit["value"] if above else evidence["measured"] < limit["value"]
    return limit["direction"] if wrong else "within"


def course(trend):
    return "rising" if trend["low"] > 0 else "falling" if trend["high"] < 0 else "unclear"


def ranked(report):
    def key(evidence):
        way = beyond(evidence)
        if way in ("above", "below"):
            limit = evidence["limit"]["value"]
            return (-2, -abs(evidence["measured"] - limit) / max(abs(limit), 1e-12))
        trend = evidence.get("trend")
        return (-1, 0.0) if trend and course(trend) != "unclear" else (0, 0.0)

    return sorted(range(len(report["evidence"])), key=lambda index: key(report["evidence"][index]))


class Sheet:
    """What one record lets a text say: a plan of tokens, and placeholders with the forms that may stand for them."""

    def __init__(self, report, quoted):
        self.end, self.quoted = report["interval"]["to"], quoted
        self.forms, self.once, self.names = {}, set(), {}
        self.quantities, self.words = {}, set()
        self.plan = []
        self.headline(report)
        places = ranked(report)
        for rank, index in enumerate(places[:EVIDENCE_MAX]):
            self.evidence(rank, report["evidence"][index])
        if "cause" in report:
            self.cause(report, places)
        if "check" in report:
            self.slot("ACTION", [ACTIONS[report["check"]["action"]]])
            self.plan += ["CHECK"] + ([self.name(report["check"]["sensor"])] if report["check"].get("sensor") else [])
        for index, flag in enumerate(report["flags"]):
            self.plan += ["FLAG", f"K:{flag['kind']}"]
            self.forms[f"K:{flag['kind']}"] = FLAGS[flag["kind"]]
            if flag.get("sensor"):
                self.plan.append(self.name(flag["sensor"]))
            if flag.get("seconds"):
                self.plan.append(self.slot(f"D{index}", [duration(flag["seconds"])]))
        self.life(report["remaining_life"])
        self.history(report)

    def slot(self, name, forms):
        self.forms[name] = forms
        self.once.add(name)
        return name

    def name(self, sensor):
        if sensor not in self.names:
            self.names[sensor] = f"S{len(self.names)}"
            self.forms[self.names[sensor]] = [f"“{sensor}”" if sensor in self.quoted else sensor]
        return self.names[sensor]

    def quantity(self, of):
        key = str(sorted(of.items()))
        if key not in self.quantities:
            self.quantities[key] = f"Q{len(self.quantities)}"
            self.forms[self.quantities[key]] = quantity(of)
        return self.quantities[key]

    def headline(self, report):
        asset = report["asset"]
        self.slot("ASSET", [f"“{asset}”" if asset in self.quoted else asset])
        self.slot("ALARM", ALARMS[report["alarm"]])
        self.plan.append("HEAD")
        severity = report.get("severity")
        if severity:
            self.plan += [self.slot("ZONE", [f"zone {severity['zone']}"]), self.name(severity["sensor"])]
            self.plan.append(self.slot("ZVALUE", [measure(severity["measured"], severity["unit"], 2)]))
        if report.get("since"):
            self.plan.append(self.slot("SINCE", [moment(report["since"], self.end)]))
        if not report["evidence"]:
            self.plan.append("NOTHING")

    def evidence(self, rank, of):
        digits = digits_of(of["quantity"])
        way = beyond(of)
        if way in ("above", "below"):
            digits = digits_apart(of["measured"], of["limit"]["value"], digits)
        self.plan += ["EVIDENCE", self.quantity(of["quantity"]), self.name(of["sensor"])]
        self.plan.append(self.slot(f"M{rank}", [measure(of["measured"], of["unit"], digits)]))
        if way:
            self.slot(f"L{rank}", [measure(of["limit"]["value"], of["unit"], digits)])
            self.plan.append(f"W:{way}")
            self.words |= {"above": {"above", "over"}, "below": {"below", "under"}, "within": {"within", "inside"}}[way]
        if way == "above" and of.get("ratio", 0) >= 1.2:
            self.plan.append(self.slot(f"X{rank}", [rounded(of["ratio"], 2)]))
            self.words.add("times")
        if of.get("trend"):
            trend = of["trend"]
            way = course(trend)
            self.plan.append(f"T:{way}")
            self.words |= {"rising": {"rising", "up"}, "falling": {"falling", "down"}, "unclear": {"clear"}}[way]
            if way != "unclear":
                self.slot(f"P{rank}", [measure(abs(trend["per_day"]), of["unit"], 2)])
                low, high = sorted(abs(end) for end in (trend["low"], trend["high"]))
                self.slot(f"PL{rank}", [rounded(low, 2)])
                self.slot(f"PH{rank}", [rounded(high, 2)])

    def cause(self, report, places):
        cause = report["cause"]
        self.slot("FAULT", [FAULTS[cause["fault"]]])
        self.slot("PERCENT", [percent(cause["probability"])])
        self.slot("HEDGE", next(words for limit, words in HEDGES if cause["probability"] >= limit))
        self.plan.append("CAUSE")
        for against in cause["against"]:
            kind = against["kind"]
            self.plan.append(f"A:{kind}")
            if kind in ("within_limit", "no_trend"):
                of = report["evidence"][against["evidence"]]
                self.plan += [self.quantity(of["quantity"]), self.name(of["sensor"])]
                self.words |= {"within", "inside"} if kind == "within_limit" else {"clear"}
            elif kind == "alternative":
                self.slot("RIVAL", [FAULTS[against["fault"]]])
                self.slot("RPERCENT", [percent(against["probability"])])
            else:
                self.words.add("flawed")

    def life(self, life):
        if life["kind"] == "estimated":
            self.plan.append("LIFE")
            for name, key in (("DAYS", "days"), ("LOW", "low"), ("HIGH", "high")):
                self.slot(name, [rounded(life[key], 2)])
        else:
            self.plan.append("NOLIFE")
            self.slot("REASON", REASONS[life["reason"]])

    def history(self, report):
        latest = sorted(report["changes"], key=lambda change: change["at"], reverse=True)
        for of in latest[:CHANGES_MAX]:
            digits = digits_apart(of["from"], of["to"], digits_of(of["quantity"]))
            self.plan += ["CHANGE", self.quantity(of["quantity"]), self.name(of["sensor"])]
            self.slot("CFROM", [rounded(of["from"], digits)])
            self.slot("CTO", [measure(of["to"], of["unit"], digits)])
            self.slot("CDAY", [day(of["at"], self.end)])
        orders = sorted(report["work_orders"], key=lambda order: order["date"], reverse=True)
        for of in orders[:ORDERS_MAX]:
            self.plan.append("ORDER")
            self.slot("WID", [of["id"]])
            self.slot("WDAY", [day(of["date"], self.end)])
            self.slot("WTEXT", [f"“{of['snippet']}”"])


TOKEN = re.compile(r"\{[^}]+\}|[\w-]+|[^\w\s]")


def without(text, sheet):
    """The tokens of a text with placeholders for what means something; none where that cannot be told for certain."""
    forms = [(form, name) for name, all_forms in sheet.forms.items() for form in all_forms]
    forms.sort(key=lambda pair: -len(pair[0]))
    out, at, used = [], 0, set()
    while at < len(text):
        begins = at == 0 or not (text[at - 1].isalnum())
        fits = [
            (form, name)
            for form, name in forms
            if begins
            and (text.startswith(form, at) or text.startswith(form[0].upper() + form[1:], at))
            and not (form[-1].isalnum() and text[at + len(form) : at + len(form) + 1].isalnum())
            and not (name in sheet.once and name in used)
        ]
        longest = [pair for pair in fits if len(pair[0]) == len(fits[0][0])] if fits else []
        if longest:
            form, name = longest[0]
            used.add(name)
            out.append("{" + name + "}")
            at += len(form)
        else:
            out.append(text[at])
            at += 1
    tokens = TOKEN.findall("".join(out))
    begins = [place == 0 or tokens[place - 1] == "." for place in range(len(tokens))]
    lowered = [token.lower() if first and token[0] != "{" else token for token, first in zip(tokens, begins)]
    return None if any(re.search(r"\d|[“”]", token) for token in lowered if token[0] != "{") else lowered


def with_forms(tokens, sheet, random):
    """The text of tokens, each placeholder with one of its forms."""
    text, begins = "", True
    for token in tokens:
        named = token[0] == "{"
        word = random.choice(sheet.forms[token[1:-1]]) if named else token
        is_name = named and (token[1:-1] == "ASSET" or re.fullmatch(r"S\d+", token[1:-1]))
        if begins and not is_name:
            word = word[0].upper() + word[1:]
        space = "" if not text or text[-1] == "(" or (not named and token in ".,:;)") else " "
        text += space + word
        begins = token == "."
    return text
