"""How dates, numbers and codes are written in the train world."""

import datetime
import random

from check_digits import card, iban, mac, nhs, npi, pattern, spaced, ssn, vin
from train import names

MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
SHORT = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sept", "Oct", "Nov", "Dec"]
DAYS = ["Mon", "Tues", "Wed", "Thurs", "Fri", "Sat", "Sun"]
SPOKEN = """first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth
fifteenth sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third twenty-fourth
twenty-fifth twenty-sixth twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first""".split()
DIGITS = ["oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


def ordinal(day: int) -> str:
    return f"{day}{'th' if 10 < day < 14 else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"


def any_day(rng: random.Random, first: int = 1996, last: int = 2025) -> datetime.date:
    start = datetime.date(first, 1, 1).toordinal()
    return datetime.date.fromordinal(rng.randint(start, datetime.date(last, 12, 31).toordinal()))


def date(rng: random.Random) -> str:
    day = any_day(rng)
    month, short, year = MONTHS[day.month - 1], SHORT[day.month - 1], day.year
    week = DAYS[day.weekday()]
    return rng.choice(
        [
            f"{day:%m-%d-%Y}",
            f"{day.day}/{day.month}/{year}",
            f"{ordinal(day.day)} {month} {year}",
            f"{day.day} {month}, {year}",
            f"{short}. {day.day}, {year}",
            f"{year}/{day.month:02}/{day.day:02}",
            f"{day.month}/{day.day}/{year % 100:02}",
            f"{day.day}-{short}-{year % 100:02}",
            f"{week} {ordinal(day.day)} {month}",
            f"{month} the {ordinal(day.day)}",
            f"{ordinal(day.day)} of {month} {year}",
            f"{day.day} {short}",
            f"{day.month}-{day.day}",
            f"{day.day}.{day.month}.{year % 100:02}",
            f"{short} {day.day}",
            f"{month} {day.day},{year}",
            f"{day.month:02}/{day.day:02} /{year}",
            f"{week} {day.day}/{day.month}",
            f"{short}{day.day}, {year}",
            f"{month} {day.day} ,{year}",
            f"{month} {ordinal(day.day)} {year}",
        ]
    )


def month(rng: random.Random) -> str:
    day = any_day(rng)
    month = MONTHS[day.month - 1]
    return rng.choice(
        [
            month,
            f"{month}, {day.year}",
            f"{SHORT[day.month - 1]} '{day.year % 100:02}",
            f"{month} {day.year}",
            f"{month} of {day.year}",
            f"{SHORT[day.month - 1]}. {day.year}",
        ]
    )


def month_number(rng: random.Random) -> str:
    day = any_day(rng)
    return f"{day.month}/{day.year}"


def date_spoken(rng: random.Random) -> str:
    day = any_day(rng)
    month = MONTHS[day.month - 1]
    word = SPOKEN[day.day - 1]
    return rng.choice(
        [f"{month} {word}", f"{word} of {month}", f"{month} {word} two thousand nineteen", f"the {word} of {month}"]
    )


def birth(rng: random.Random) -> str:
    day = any_day(rng, 1935, 2010)
    return rng.choice(
        [
            f"{day.day}/{day.month}/{day.year}",
            f"{day:%m-%d-%Y}",
            f"{MONTHS[day.month - 1]} {day.day}, {day.year}",
            f"{day:%Y%m%d}",
            f"{day.month}/{day.day}/{day.year % 100:02}",
        ]
    )


def holiday(rng: random.Random) -> str:
    return rng.choice(
        [
            "Christmas",
            "Christmas Day",
            "New Year's Eve",
            "Easter",
            "Memorial Day",
            "Halloween",
            "the Fourth of July",
            "Veterans Day",
            "Good Friday",
            "New Year's",
        ]
    )


def age_old(rng: random.Random) -> str:
    return str(rng.randint(90, 106))


def age_old_spoken(rng: random.Random) -> str:
    return rng.choice(["ninety", "ninety-four", "ninety eight", "a hundred and two", "one hundred"])


def phone(rng: random.Random) -> str:
    return rng.choice(
        [
            pattern(rng, "(^##) ^##-####"),
            pattern(rng, "(^##)^##-####"),
            pattern(rng, "^## ^## ####"),
            pattern(rng, "+1-^##-^##-####"),
            pattern(rng, "07#########"),
            pattern(rng, "+447#########"),
            pattern(rng, "0207 ### ####"),
            pattern(rng, "01## ### ####"),
            pattern(rng, "+33 6 ## ## ## ##"),
            pattern(rng, "00 44 20 #### ####"),
            pattern(rng, "1 (^##) ^##-####"),
            pattern(rng, "^##-####"),
            pattern(rng, "(020) #### ####"),
            pattern(rng, "^##-^##-####") + " x" + pattern(rng, "####"),
            pattern(rng, "^##/^##-####"),
            pattern(rng, "+52 55 #### ####"),
        ]
    )


def phone_spoken(rng: random.Random) -> str:
    groups = [[DIGITS[rng.randint(0, 9)] for _ in range(size)] for size in rng.choice([[3, 4], [3, 3, 4]])]
    return rng.choice([" ", ", "]).join(" ".join(group) for group in groups)


def pager(rng: random.Random) -> str:
    return pattern(rng, "^###")


def fax(rng: random.Random) -> str:
    return rng.choice(
        [
            pattern(rng, "(^##)^##-####"),
            pattern(rng, "^##.^##.####"),
            pattern(rng, "+1 ^##-^##-####"),
            pattern(rng, "01## ### ####"),
        ]
    )


def word(rng: random.Random) -> str:
    return rng.choice(["maple", "orbit", "falcon", "cobalt", "willow", "anchor", "ember", "meadow"])


def given(rng: random.Random) -> str:
    return rng.choice(["mary", "james", "priya", "carlos", "noor", "kofi", "emily", "lars"])


def host(rng: random.Random) -> str:
    return rng.choice(["yahoo.com", "hotmail.co.uk", "icloud.com", "mercygeneral.org", "med.westmoor.edu", "aol.com"])


def email(rng: random.Random) -> str:
    return rng.choice(
        [
            f"{given(rng)}_{word(rng)}@{host(rng)}",
            f"{given(rng)[0]}.{word(rng)}@{host(rng)}",
            f"{word(rng)}{rng.randint(1950, 2005)}@{host(rng)}",
            f"{given(rng).title()}.{word(rng).title()}@{host(rng)}",
        ]
    )


def email_spoken(rng: random.Random) -> str:
    return rng.choice(
        [
            f"{given(rng)} underscore {word(rng)} at yahoo dot com",
            f"{word(rng)} {rng.randint(10, 99)} at icloud dot com",
        ]
    )


def ssn_dashed(rng: random.Random) -> str:
    digits = ssn(rng)
    return rng.choice([digits, digits, digits.replace("-", " - "), "***-**-" + digits[-4:], digits.replace("-", ".")])


def ssn_four(rng: random.Random) -> str:
    return pattern(rng, "####")


def mrn(rng: random.Random) -> str:
    return rng.choice(
        [
            pattern(rng, "########"),
            pattern(rng, "M#######"),
            pattern(rng, "^###-####"),
            pattern(rng, "@##-####"),
            pattern(rng, "00######"),
        ]
    )


def nhs_number(rng: random.Random) -> str:
    return spaced(nhs(rng), [3, 3, 4])


def plan(rng: random.Random) -> str:
    return rng.choice(
        [
            pattern(rng, "@@@##@#######"),
            pattern(rng, "^########-01"),
            pattern(rng, "H####-###"),
            pattern(rng, "^@@^@@^@@##"),
            pattern(rng, "##########"),
            pattern(rng, "G#####"),
        ]
    )


def account(rng: random.Random) -> str:
    return rng.choice([pattern(rng, "##########"), pattern(rng, "A########"), pattern(rng, "^##-#####-#")])


def card_number(rng: random.Random) -> str:
    return rng.choice(
        [
            spaced(card(rng, rng.choice(["4", "51", "6011"])), [4, 4, 4, 4], "-"),
            card(rng, "55"),
            spaced(card(rng, "34", 15), [4, 6, 5], "-"),
        ]
    )


def iban_number(rng: random.Random) -> str:
    return spaced(iban(rng), [4] * 6)


def licence(rng: random.Random) -> str:
    return rng.choice(
        [pattern(rng, "@###-####-####"), pattern(rng, "@@######"), pattern(rng, "ME#####"), pattern(rng, "########")]
    )


def dea(rng: random.Random) -> str:
    digits = pattern(rng, "######")
    total = sum(int(digit) for digit in digits[0::2]) + 2 * sum(int(digit) for digit in digits[1::2])
    return rng.choice("ABFM") + rng.choice("BDFJLS") + digits + str(total % 10)


def npi_number(rng: random.Random) -> str:
    return npi(rng)


def gmc(rng: random.Random) -> str:
    return pattern(rng, "^######")


def plate(rng: random.Random) -> str:
    return rng.choice(
        [
            pattern(rng, "@@##@@@"),
            pattern(rng, "@@@ ####"),
            pattern(rng, "^@@@##"),
            pattern(rng, "###-@@@"),
            pattern(rng, "@@ ### @@"),
            pattern(rng, "@-@@ ####"),
            pattern(rng, "@@ ## @@ ####"),
            pattern(rng, "@@## @##"),
        ]
    )


def vin_number(rng: random.Random) -> str:
    return vin(rng)


def serial(rng: random.Random) -> str:
    return rng.choice(
        [
            pattern(rng, "@@##########"),
            pattern(rng, "#########"),
            pattern(rng, "##-@@-####"),
            pattern(rng, "@#######"),
            pattern(rng, "RNB######S"),
        ]
    )


def udi(rng: random.Random) -> str:
    return rng.choice(
        [
            pattern(rng, "(01)0081##########(21)@@######"),
            pattern(rng, "(01)0#############(17)2#0#2#(10)@####(21)######"),
        ]
    )


def lot(rng: random.Random) -> str:
    return pattern(rng, "##@@###")


def imei(rng: random.Random) -> str:
    return card(rng, "86", 15)


def mac_address(rng: random.Random) -> str:
    return mac(rng).upper().replace(":", "-")


def url(rng: random.Random) -> str:
    return rng.choice(
        [
            f"http://{word(rng)}{word(rng)}.com/{given(rng)}",
            f"https://my{word(rng)}.org/results?id={pattern(rng, '#####')}",
            f"www.{given(rng)}{word(rng)}.net",
            f"instagram.com/{given(rng)}_{word(rng)}",
            f"https://gofundme.com/f/help-{given(rng)}-heal",
        ]
    )


def ip(rng: random.Random) -> str:
    four = ".".join(str(rng.randint(1, 254)) for _ in range(4))
    return rng.choice(
        [four, four, "2a02:" + ":".join(pattern(rng, "~~~~") for _ in range(7)), "2001:db8::" + pattern(rng, "~~~~")]
    )


def biometric(rng: random.Random) -> str:
    return rng.choice(
        [
            pattern(rng, "FPR-#####"),
            pattern(rng, "BM-@@-####"),
            pattern(rng, "voice_#####"),
            pattern(rng, "~~~~~~~~"),
            pattern(rng, "IRX#####"),
        ]
    )


def photo(rng: random.Random) -> str:
    return rng.choice(
        [
            pattern(rng, "IMG-2019####-WA00##.jpg"),
            f"{given(rng)}{word(rng)}.jpg",
            pattern(rng, "P10####.JPEG"),
            pattern(rng, "face_####.png"),
            pattern(rng, "scan##.tiff"),
        ]
    )


def photo_id(rng: random.Random) -> str:
    return rng.choice([pattern(rng, "IM-####"), pattern(rng, "#####"), pattern(rng, "F##-###")])


def other(rng: random.Random) -> str:
    return rng.choice(
        [
            pattern(rng, "SP-##-####"),
            pattern(rng, "@@-#####"),
            pattern(rng, "########"),
            pattern(rng, "E######"),
            pattern(rng, "2#-S-#####"),
        ]
    )


def study(rng: random.Random) -> str:
    return rng.choice([pattern(rng, "###-###"), pattern(rng, "ORB-####"), pattern(rng, "^##")])


def handle(rng: random.Random) -> str:
    return rng.choice([f"@{word(rng)}.{given(rng)}", f"@{given(rng)}{rng.randint(1, 99)}"])


def zip_code(rng: random.Random) -> str:
    return rng.choice([pattern(rng, "#####"), pattern(rng, "#####"), pattern(rng, "#####-####")])


def postcode(rng: random.Random) -> str:
    return rng.choice(
        [pattern(rng, "OX# #@@"), pattern(rng, "W#@ #@@"), pattern(rng, "B## #@@"), pattern(rng, "CF## #@@")]
    )


def street(rng: random.Random) -> str:
    road = f"{rng.choice(names.STREETS)} {rng.choice(names.STREET_KINDS)}"
    number = pattern(rng, rng.choice(["^", "^#", "^##", "^####"]))
    return rng.choice(
        [
            f"{number} {road}",
            f"{number} {road}",
            f"{number} {road} #12",
            f"Unit 7, {number} {road}",
            f"{number} {road}, Suite 200",
        ]
    )


KINDS = {
    "date": "Date",
    "month": "Date",
    "month_number": "Date",
    "date_spoken": "Date",
    "birth": "Date",
    "holiday": "Date",
    "age_old": "Date",
    "age_old_spoken": "Date",
    "phone": "Phone",
    "phone_spoken": "Phone",
    "pager": "Phone",
    "fax": "Fax",
    "email": "Email",
    "email_spoken": "Email",
    "ssn_dashed": "SocialSecurity",
    "ssn_four": "SocialSecurity",
    "mrn": "MedicalRecord",
    "nhs_number": "MedicalRecord",
    "plan": "HealthPlan",
    "account": "Account",
    "card_number": "Account",
    "iban_number": "Account",
    "licence": "Certificate",
    "dea": "Certificate",
    "npi_number": "Certificate",
    "gmc": "Certificate",
    "plate": "Vehicle",
    "vin_number": "Vehicle",
    "serial": "Device",
    "udi": "Device",
    "lot": "Device",
    "imei": "Device",
    "mac_address": "Device",
    "url": "Url",
    "ip": "IpAddress",
    "biometric": "Biometric",
    "photo": "Photo",
    "photo_id": "Photo",
    "other": "Other",
    "study": "Other",
    "handle": "Other",
    "zip_code": "Geography",
    "postcode": "Geography",
    "street": "Geography",
}
