"""Numbers with check digits, and patterns of digits and letters."""

import random

LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
VIN_VALUES = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9]))
VIN_WEIGHTS = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2]


def pattern(rng: random.Random, shape: str) -> str:
    """`#` is a digit, `@` a letter, `%` either, `^` a digit other than 0, `~` a hexadecimal digit."""
    choices = {
        "#": "0123456789",
        "^": "123456789",
        "@": LETTERS,
        "%": LETTERS + "0123456789",
        "~": "0123456789abcdef",
    }
    return "".join(rng.choice(choices[sign]) if sign in choices else sign for sign in shape)


def luhn_digit(digits: str) -> str:
    """ISO/IEC 7812-1, annex B."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def card(rng: random.Random, prefix: str, length: int = 16) -> str:
    digits = prefix + pattern(rng, "#" * (length - len(prefix) - 1))
    return digits + luhn_digit(digits)


def npi(rng: random.Random) -> str:
    """Ten digits whose check is that of 80840 and the first nine (45 CFR 162.406)."""
    digits = rng.choice("12") + pattern(rng, "########")
    return digits + luhn_digit("80840" + digits)


def nhs(rng: random.Random) -> str:
    while True:
        digits = rng.choice("4679") + pattern(rng, "########")
        check = 11 - sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1))) % 11
        if check != 10:
            return digits + str(check % 11)


def vin(rng: random.Random) -> str:
    """49 CFR 565.15: the ninth sign checks the rest."""
    signs = list(rng.choice(["1HG", "2T1", "3FA", "WVW", "JHM", "5YJ", "KMH", "WBA"]) + pattern(rng, "%%%%%%%%%%%%%%"))
    signs = [sign if sign not in "IOQ" else "7" for sign in signs]
    total = sum(
        weight * (int(sign) if sign.isdigit() else VIN_VALUES[sign]) for sign, weight in zip(signs, VIN_WEIGHTS)
    )
    signs[8] = "0123456789X"[total % 11]
    return "".join(signs)


def iban(rng: random.Random) -> str:
    """ISO 13616: the letters as numbers from 10, modulo 97."""
    country, account = rng.choice(
        [("GB", "@@@@##############"), ("DE", "##################"), ("NL", "@@@@##########")]
    )
    account = pattern(rng, account)
    number = int("".join(str(int(sign, 36)) for sign in account + country + "00"))
    return f"{country}{98 - number % 97:02}{account}"


def ssn(rng: random.Random) -> str:
    area = rng.choice([number for number in range(1, 900) if number != 666])
    return f"{area:03}-{rng.randint(1, 99):02}-{rng.randint(1, 9999):04}"


def mac(rng: random.Random) -> str:
    return ":".join(pattern(rng, "~~") for _ in range(6))


def spaced(digits: str, sizes: list[int], sign: str = " ") -> str:
    parts, at = [], 0
    for size in sizes:
        parts.append(digits[at : at + size])
        at += size
    return sign.join(part for part in parts if part)
