"""How dates, numbers and codes are written in the valid world."""

import datetime
import random

from check_digits import card, iban, mac, nhs, npi, pattern, spaced, ssn, vin
from valid import names

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
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
ORDINALS = """first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth
fifteenth sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third twenty-fourth
twenty-fifth twenty-sixth twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first""".split()
DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


def ordinal(day: int) -> str:
    return f"{day}{'th' if 10 < day < 14 else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"


def any_day(rng: random.Random, first: int = 1998, last: int = 2026) -> datetime.date:
    start = datetime.date(first, 1, 1).toordinal()
    return datetime.date.fromordinal(rng.randint(start, datetime.date(last, 12, 31).toordinal()))


def date(rng: random.Random) -> str:
    day = any_day(rng)
    month, short, year = MONTHS[day.month - 1], MONTHS[day.month - 1][:3], day.year
    week = DAYS[day.weekday()]
    return rng.choice(
        [
            f"{month} {day.day}, {year}",
            f"{day.day} {short} {year}",
            f"{day:%m/%d/%Y}",
            f"{day.month}/{day.day}",
            f"{day:%d.%m.%Y}",
            f"the {ordinal(day.day)} of {month}",
            f"{month} {ordinal(day.day)}",
            f"{day:%Y-%m-%d}",
            f"{day.day:02}-{short.upper()}-{year}",
            f"{week}, {month} {day.day}",
            f"{day.day}/{day.month}/{year % 100:02}",
            f"{month} {ordinal(day.day)}, {year}",
            f"{short} {day.day} {year}",
            f"{ordinal(day.day)} {short}",
            f"{week} {day.day} {month} {year}",
            f"{day.day}/ {day.month}/{year}",
            f"{month}{day.day}, {year}",
        ]
    )


def month(rng: random.Random) -> str:
    day = any_day(rng)
    month = MONTHS[day.month - 1]
    return rng.choice(
        [month, f"{month} {day.year}", f"{month[:3]} {day.year}", f"early {month}"[6:], f"{month} of {day.year}"]
    )


def month_number(rng: random.Random) -> str:
    day = any_day(rng)
    return f"{day.month:02}/{day.year}"


def date_spoken(rng: random.Random) -> str:
    day = any_day(rng)
    month = MONTHS[day.month - 1]
    word = ORDINALS[day.day - 1].replace("-", " ")
    return rng.choice(
        [f"{month} {word}", f"the {word} of {month}", f"{month} {word} twenty twenty four", f"{month} the {word}"]
    )


def birth(rng: random.Random) -> str:
    day = any_day(rng, 1937, 2005)
    return rng.choice(
        [
            f"{day:%m/%d/%Y}",
            f"{day:%d/%m/%Y}",
            f"{day.day} {MONTHS[day.month - 1]} {day.year}",
            f"{day:%Y-%m-%d}",
            f"{day.month}-{day.day}-{day.year % 100:02}",
        ]
    )


def holiday(rng: random.Random) -> str:
    return rng.choice(["Thanksgiving", "Christmas Eve", "New Year's Day", "Easter Sunday", "Labor Day", "Boxing Day"])


def age_old(rng: random.Random) -> str:
    return str(rng.randint(90, 103))


def age_old_spoken(rng: random.Random) -> str:
    return rng.choice(["ninety three", "ninety-one", "ninety seven", "one hundred and one"])


def phone(rng: random.Random) -> str:
    return rng.choice(
        [
            pattern(rng, "(^##) 555-####"),
            pattern(rng, "^##-^##-####"),
            pattern(rng, "^##.^##.####"),
            pattern(rng, "+1 ^## ^## ####"),
            pattern(rng, "07### ######"),
            pattern(rng, "+44 7### ######"),
            pattern(rng, "020 7### ####"),
            pattern(rng, "01### ######"),
            pattern(rng, "+49 30 ########"),
            pattern(rng, "+353 87 ### ####"),
            pattern(rng, "1-8^^-^##-####"),
            pattern(rng, "^##-####"),
            pattern(rng, "(0113) ### ####"),
            pattern(rng, "^#########"),
            pattern(rng, "^## ^## ####") + " ext. " + pattern(rng, "###"),
            pattern(rng, "+91 9#### #####"),
        ]
    )


def phone_spoken(rng: random.Random) -> str:
    return " ".join(DIGITS[rng.randint(0, 9)] for _ in range(rng.choice([7, 10])))


def pager(rng: random.Random) -> str:
    return pattern(rng, "^####")


def fax(rng: random.Random) -> str:
    return rng.choice(
        [
            pattern(rng, "(^##) ^##-####"),
            pattern(rng, "^##-^##-####"),
            pattern(rng, "+44 161 ### ####"),
            pattern(rng, "0161 ### ####"),
        ]
    )


def word(rng: random.Random) -> str:
    return rng.choice(["harbor", "lilac", "kestrel", "tuxedo", "nimbus", "pickle", "quartz", "saffron"])


def given(rng: random.Random) -> str:
    return rng.choice(["kwabena", "ottilie", "grace", "sipho", "xiomara", "rupert", "drew", "meera"])


def host(rng: random.Random) -> str:
    return rng.choice(
        [
            "gmail.com",
            "outlook.com",
            "nhs.net",
            "wexcombe-infirmary.org",
            "btinternet.com",
            "otter-creek.k12.us",
            "proton.me",
        ]
    )


def email(rng: random.Random) -> str:
    return rng.choice(
        [
            f"{given(rng)}.{word(rng)}@{host(rng)}",
            f"{given(rng)}{rng.randint(1, 99)}@{host(rng)}",
            f"{word(rng)}_{given(rng)}+clinic@{host(rng)}",
            f"{given(rng)[0]}{word(rng)}@{host(rng)}".upper(),
        ]
    )


def email_spoken(rng: random.Random) -> str:
    return rng.choice(
        [f"{given(rng)} dot {word(rng)} at gmail dot com", f"{given(rng)}{rng.randint(10, 99)} at outlook dot com"]
    )


def ssn_dashed(rng: random.Random) -> str:
    digits = ssn(rng)
    return rng.choice([digits, digits.replace("-", " "), digits.replace("-", ""), "xxx-xx-" + digits[-4:]])


def ssn_four(rng: random.Random) -> str:
    return pattern(rng, "####")


def mrn(rng: random.Random) -> str:
    return rng.choice(
        [
            pattern(rng, "#######"),
            pattern(rng, "H######"),
            pattern(rng, "^##-##-##"),
            pattern(rng, "@@######"),
            pattern(rng, "0########"),
        ]
    )


def nhs_number(rng: random.Random) -> str:
    digits = nhs(rng)
    return rng.choice([spaced(digits, [3, 3, 4]), digits, spaced(digits, [3, 3, 4], "-")])


def plan(rng: random.Random) -> str:
    return rng.choice(
        [
            pattern(rng, "@@@#########"),
            pattern(rng, "^###-#####-##"),
            pattern(rng, "W##########"),
            pattern(rng, "^@@^-@@^-@@##"),
            pattern(rng, "#########A"),
            pattern(rng, "GRP-######"),
        ]
    )


def account(rng: random.Random) -> str:
    return rng.choice(
        [
            pattern(rng, "########"),
            pattern(rng, "AC-####-####"),
            pattern(rng, "V###########"),
            pattern(rng, "^###.######"),
        ]
    )


def card_number(rng: random.Random) -> str:
    return rng.choice(
        [
            spaced(card(rng, rng.choice(["4", "52", "6011"])), [4, 4, 4, 4]),
            card(rng, "4"),
            spaced(card(rng, "37", 15), [4, 6, 5]),
        ]
    )


def iban_number(rng: random.Random) -> str:
    written = iban(rng)
    return rng.choice([written, spaced(written, [4] * 6)])


def licence(rng: random.Random) -> str:
    return rng.choice(
        [
            pattern(rng, "@#######"),
            pattern(rng, "@@@@@^######@@#@@"),
            pattern(rng, "MD-######"),
            pattern(rng, "RN #######"),
            pattern(rng, "@##-##-####"),
        ]
    )


def dea(rng: random.Random) -> str:
    digits = pattern(rng, "######")
    total = sum(int(digit) for digit in digits[0::2]) + 2 * sum(int(digit) for digit in digits[1::2])
    return rng.choice("ABFM") + rng.choice("ACGHKR") + digits + str(total % 10)


def npi_number(rng: random.Random) -> str:
    return npi(rng)


def gmc(rng: random.Random) -> str:
    return pattern(rng, "^######")


def plate(rng: random.Random) -> str:
    return rng.choice(
        [
            pattern(rng, "@@## @@@"),
            pattern(rng, "@@@-####"),
            pattern(rng, "#@@@###"),
            pattern(rng, "@@@ ###"),
            pattern(rng, "@@ ## @@"),
        ]
    )


def vin_number(rng: random.Random) -> str:
    return vin(rng)


def serial(rng: random.Random) -> str:
    return rng.choice(
        [
            pattern(rng, "@@@######@"),
            pattern(rng, "########"),
            pattern(rng, "@##-#####"),
            pattern(rng, "SN#######"),
            pattern(rng, "PJN######H"),
        ]
    )


def udi(rng: random.Random) -> str:
    return rng.choice(
        [
            pattern(rng, "(01)0088##########(17)2#0#1#(21)%%######"),
            pattern(rng, "(01)0#############(11)2#010#(21)########"),
        ]
    )


def lot(rng: random.Random) -> str:
    return pattern(rng, "@####@##")


def imei(rng: random.Random) -> str:
    return card(rng, "35", 15)


def mac_address(rng: random.Random) -> str:
    return mac(rng)


def url(rng: random.Random) -> str:
    return rng.choice(
        [
            f"https://www.{word(rng)}health.org/portal/{pattern(rng, '####')}",
            f"www.{word(rng)}-{word(rng)}.co.uk",
            f"http://{word(rng)}.wordpress.com/my-cancer-diary",
            f"facebook.com/{given(rng)}.{word(rng)}",
            f"https://caringbridge.org/visit/{given(rng)}{word(rng)}?ref=7&x=%20a",
        ]
    )


def ip(rng: random.Random) -> str:
    four = ".".join(str(rng.randint(1, 254)) for _ in range(4))
    return rng.choice(
        [
            four,
            "2001:db8:" + ":".join(pattern(rng, "~~~~") for _ in range(6)),
            "fe80::" + pattern(rng, "~~~~:~~~~:~~~~:~~~~"),
            four,
        ]
    )


def biometric(rng: random.Random) -> str:
    return rng.choice(
        [
            pattern(rng, "FP-######"),
            pattern(rng, "BIO#######"),
            pattern(rng, "vp_####"),
            pattern(rng, "~~~~~~~~~~~~"),
            pattern(rng, "R#-####-@@"),
        ]
    )


def photo(rng: random.Random) -> str:
    return rng.choice(
        [
            pattern(rng, "IMG_####.jpg"),
            f"{given(rng)}_face_{pattern(rng, '##')}.png",
            pattern(rng, "DSC0####.JPG"),
            pattern(rng, "photo-####.jpeg"),
            f"{given(rng)}-{word(rng)}.heic",
        ]
    )


def photo_id(rng: random.Random) -> str:
    return rng.choice([pattern(rng, "PH-#####"), pattern(rng, "######"), pattern(rng, "MI/##/####")])


def other(rng: random.Random) -> str:
    return rng.choice(
        [
            pattern(rng, "S2#-#####"),
            pattern(rng, "####-@@-##"),
            pattern(rng, "ACC#######"),
            pattern(rng, "@#########"),
            pattern(rng, "##:@####"),
        ]
    )


def study(rng: random.Random) -> str:
    return rng.choice([pattern(rng, "0##-0##"), pattern(rng, "KST-###-####"), pattern(rng, "^###")])


def handle(rng: random.Random) -> str:
    return rng.choice([f"@{given(rng)}_{word(rng)}", f"@{word(rng)}{rng.randint(1, 999)}"])


def zip_code(rng: random.Random) -> str:
    return rng.choice([pattern(rng, "#####"), pattern(rng, "#####-####")])


def postcode(rng: random.Random) -> str:
    return rng.choice(
        [pattern(rng, "LS# #@@"), pattern(rng, "SW#@ #@@"), pattern(rng, "M## #@@"), pattern(rng, "EH# #@@")]
    )


def street(rng: random.Random) -> str:
    road = f"{rng.choice(names.STREETS)} {rng.choice(names.STREET_KINDS)}"
    number = pattern(rng, rng.choice(["^", "^#", "^##", "^###"]))
    return rng.choice(
        [
            f"{number} {road}",
            f"{number} {road}",
            f"Flat 3, {number} {road}",
            f"{number} {road}, Apt 4B",
            f"{number}A {road}",
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
