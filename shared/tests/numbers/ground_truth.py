#!/usr/bin/env python3
"""Numbers of every region and kind, each with the verdict of Google's own metadata.

Run by numbers.rs with the directory for a virtual environment as its only argument. Prints JSON
lines: {"input", "verdict", "e164", "region", "type", "kind"}. The policy is written here a second
time, from the specification and not from the Rust code: reading it twice is the point.
"""

import json
import os
import re
import subprocess
import sys
import venv

# The release whose metadata `rlibphonenumber` 2.2.15 carries; raise both together.
VERSION = "9.0.42"


def library(home):
    """Makes the virtual environment when it is missing, and continues inside it."""
    python = os.path.join(home, "bin", "python")
    stamp = os.path.join(home, "phonenumbers-" + VERSION)
    if not os.path.exists(stamp):
        print(f"installing phonenumbers {VERSION} under {home}: the ground truth of the numbers test", file=sys.stderr)
        venv.create(home, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "phonenumbers==" + VERSION], check=True, stdout=sys.stderr)
        open(stamp, "w").close()
    if sys.prefix != os.path.realpath(home) and sys.prefix != home:
        os.execv(python, [python, os.path.abspath(__file__), home])


library(sys.argv[1])

import phonenumbers as google  # noqa: E402
from phonenumbers.shortnumberinfo import SUPPORTED_SHORT_REGIONS  # noqa: E402

KINDS = [
    "FIXED_LINE", "MOBILE", "TOLL_FREE", "PREMIUM_RATE", "SHARED_COST",
    "VOIP", "PERSONAL_NUMBER", "PAGER", "UAN", "VOICEMAIL",
]  # fmt: skip
NAMES = {getattr(google.PhoneNumberType, name): name for name in KINDS + ["FIXED_LINE_OR_MOBILE", "UNKNOWN"]}
CALLED = {"FIXED_LINE", "MOBILE", "FIXED_LINE_OR_MOBILE", "VOIP"}
GLOBAL = sorted(google.COUNTRY_CODES_FOR_NON_GEO_REGIONS)
# Separators that a person writes; one plus in front, one pair of parentheses at most.
WRITTEN = re.compile(r" *\+[0-9]+(?:(?: ?[-.] ?| )?(?:\([0-9]+(?:[-. ][0-9]+)*\)|[0-9]+))* *")

SHORT_KINDS = ["short_code", "emergency", "toll_free", "premium_rate", "standard_rate", "carrier_specific", "sms_services"]


def verdict(text):
    """What the policy says of a text: (verdict, e164, region, type)."""
    if not WRITTEN.fullmatch(text) or text.count("(") > 1:
        return "block", None, None, None
    digits = "+" + "".join(c for c in text if c in "0123456789")
    if not 7 <= len(digits) - 1 <= 15 or digits[1] == "0":
        return "block", None, None, None
    try:
        number = google.parse(digits, None)
    except google.NumberParseException:
        return "block", None, None, None
    kind = NAMES[google.number_type(number)]
    region = google.region_code_for_number(number)
    valid = google.is_valid_number(number)
    again = google.format_number(number, google.PhoneNumberFormat.E164)
    if not valid:
        return "block", None, None, "UNKNOWN"
    if region in (None, "001") or kind not in CALLED or again != digits:
        return "block", None, region, kind
    return "allow", digits, region, kind


def examples():
    """(label, number): of every region and kind what the metadata gives as examples, valid and not."""
    for region in sorted(google.SUPPORTED_REGIONS):
        for kind in KINDS:
            number = google.example_number_for_type(region, getattr(google.PhoneNumberType, kind))
            if number:
                yield kind, google.format_number(number, google.PhoneNumberFormat.E164)
        wrong = google.invalid_example_number(region)
        if wrong:
            yield "invalid", google.format_number(wrong, google.PhoneNumberFormat.E164)
    for code in GLOBAL:
        number = google.example_number_for_non_geo_entity(code)
        yield "global", google.format_number(number, google.PhoneNumberFormat.E164)
        for national in ("1", "123", "12345678", "1234567890", "612345678", "772001234", "9999999999"):
            yield "global", f"+{code}{national}"


def short_numbers():
    """Emergency lines and short codes, alone and behind their country's code."""
    for region in sorted(SUPPORTED_SHORT_REGIONS):
        metadata = google.PhoneMetadata.short_metadata_for_region(region)
        code = google.country_code_for_region(region)
        for kind in SHORT_KINDS:
            desc = getattr(metadata, kind)
            example = desc and desc.example_number
            if example:
                for text in (example, f"+{code}{example}", f"+{code} {example}", f"+{example}"):
                    yield "short", text
    for emergency in ("112", "911", "999", "000", "102", "110", "119", "*112", "112#", "0112", "00112"):
        for text in (emergency, "+" + emergency, "+1" + emergency, "+380" + emergency, "+49" + emergency):
            yield "short", text


def mutations(number):
    """What a slip of the hand makes of a number: often still a number, of somebody else."""
    code = str(google.parse(number, None).country_code)
    national = number[1 + len(code) :]
    yield "dropped", number[:-1]
    yield "dropped", number[:-2]
    yield "dropped", f"+{code}{national[1:]}"
    yield "dropped", number[:5] + number[6:]
    yield "added", number + "0"
    yield "added", number + "12"
    yield "added", number + "0123456"
    yield "added", f"+{code}{national[0]}{national}"
    yield "national 0", f"+{code}0{national}"
    yield "national 0", f"+{code} (0) {national}"
    yield "national 0", f"+{code}8{national}"
    yield "national 0", f"+{code}1{national}"
    for other in ("1", "7", "44", "39", "49", "380", "599", "262", "881"):
        yield "other country", f"+{other}{national}"
    yield "other country", f"+{code}{code}{national}"
    yield "prefix", f"00{code}{national}"
    yield "prefix", f"011{code}{national}"
    yield "prefix", f"+00{code}{national}"
    yield "prefix", number[1:]
    yield "prefix", "0" + national
    yield "prefix", national
    yield "last digit", number[:-1] + str((int(number[-1]) + 1) % 10)
    yield "last digit", number[:-3] + "000"
    middle = len(code) + 3
    yield "spaces", f"+{code} {national}"
    yield "spaces", f"+{code} ({national[:2]}) {national[2:]}"
    yield "spaces", f"{number[:middle]}-{number[middle:]}"
    yield "spaces", f"{number[:middle]}.{number[middle:]}"
    yield "spaces", f"  {number} "


def malformed(number):
    """Injection and rubbish around a good number; not one of these may pass."""
    for tail in (
        "x123", " ext. 5", ";ext=5", ";phone-context=+1", "#", "#1", "*", "p1", "w1", ",1", ",,1", "\0", "\r\n", "\n",
        "\r\nX-Evil: 1", "\t", "@evil.example", "&PJSIP/1@evil", "${EXTEN}", "%40evil", "/n", "<", ">", "'", '"', "+",
        "-", ".", "(", ")", "()", "\u00a0", "\u200b", "\u202e", "\u0660", "\uff11", "\\", "|1", ":5060", "?x=y", "e5", "~",
    ):  # fmt: skip
        yield "malformed", number + tail
    for head in ("+", "tel:", "sip:", "*67", "*31#", "#31#", "-", "(", "\t", "\n", "\0", "\u200e", "\uff0b", "<", "=", "w"):
        yield "malformed", head + number
    full_width = "".join(chr(ord(c) - 0x30 + 0xFF10) if c.isdigit() else c for c in number)
    arabic = "".join(chr(ord(c) - 0x30 + 0x660) if c.isdigit() else c for c in number)
    yield "malformed", full_width
    yield "malformed", arabic
    yield "malformed", number[:4] + full_width[4:]
    for inside in ("  ", "--", "\0", "\n", "/", ",", ";", "x", "\u00a0", "\u2010", "((", "))", "+"):
        yield "malformed", number[:5] + inside + number[5:]


def main():
    seen = set()

    def tell(label, text):
        if text in seen:
            return
        seen.add(text)
        answer, e164, region, kind = verdict(text)
        print(json.dumps({"label": label, "input": text, "verdict": answer, "e164": e164, "region": region, "type": kind}))

    valid = list(examples())
    for label, number in valid:
        tell(label, number)
    for label, text in short_numbers():
        tell(label, text)
    for label, number in valid:
        if label != "global":
            for how, text in mutations(number):
                tell(how, text)
    # Rubbish is refused before any metadata is asked: one number of each region is enough.
    for label, number in valid:
        if label in ("MOBILE", "PREMIUM_RATE"):
            for how, text in malformed(number):
                tell(how, text)
    for text in ("", " ", "+", "++", "null", "0", "-1", "1e9", "NaN", "+" + "1" * 400, "a" * 5000):
        tell("malformed", text)


main()
