"""Sums of two squares: claim 91 (raghakot, "Double squares", a Facebook puzzle).

In how many ways is ``N = x² + y²`` with ``0 <= x <= y``? A ladder of algorithms, each with its number of steps:

1. every pair up to N: ``(N + 1)²`` pairs;
2. every pair inside the circle's square: ``(√N + 1)²``, of order N;
3. along the arc: for each x the y follows, ``√N + 1`` steps;
4. half the arc, the other half being its mirror image: ``√(N/2) + 1``;
5. no search at all: write N as a product of primes. If a prime ``p ≡ 3 (mod 4)`` occurs to an odd power: none;
   otherwise ``B = Π (e + 1)`` over the primes ``p ≡ 1 (mod 4)`` counts the lattice points on a quarter of the circle
   (Fermat, Jacobi), and a square N or a point on the diagonal needs a half counted right. Pollard's rho method finds
   the primes in about the *fourth* root of N steps.

All of that is in terms of N itself; an input of b bits has N = 2ᵇ, so the first four are exponential in its length.

``published_count`` is the source's Java. It goes up to two steps past the diagonal: for small N the mirror images it
set out to avoid are counted again.
"""

from __future__ import annotations

import math

import numpy as np

LIMIT = 2**31 - 1
LADDER = ("grid", "square", "arc", "half arc")


def operations(number: int, algorithm: str) -> int:
    """How many candidates an algorithm of the ladder looks at, without running it."""
    root = math.isqrt(_checked(number))
    counts = {
        "grid": (number + 1) ** 2,
        "square": (root + 1) ** 2,
        "arc": root + 1,
        "half arc": math.isqrt(number // 2) + 1,
    }
    return counts[algorithm]


def count(number: int, algorithm: str) -> tuple[int, int]:
    """The number of ways, and the candidates looked at, by an algorithm of the ladder (vectorised over candidates)."""
    root = math.isqrt(_checked(number))
    if algorithm in ("grid", "square"):
        side = np.arange((number if algorithm == "grid" else root) + 1, dtype=np.int64)
        looked = found = 0
        for x in side:
            hits = side[side * side == number - x * x]
            looked += side.size
            found += int((hits >= x).sum())
        return found, looked
    x = np.arange((root if algorithm == "arc" else math.isqrt(number // 2)) + 1, dtype=np.int64)
    rest = number - x * x
    y = np.sqrt(rest).round().astype(np.int64)  # exact below 2⁵²
    return int(((y * y == rest) & (y >= x)).sum()), x.size


def by_factors(number: int) -> tuple[int, int]:
    """The number of ways from the factorisation, and the modular multiplications and divisions it took."""
    if _checked(number) == 0:
        return 1, 0
    powers, steps = factorise(number)
    if any(p % 4 == 3 and e % 2 for p, e in powers.items()):
        return 0, steps
    quarter = math.prod(e + 1 for p, e in powers.items() if p % 4 == 1)
    on_axis = math.isqrt(number) ** 2 == number
    on_diagonal = number % 2 == 0 and math.isqrt(number // 2) ** 2 == number // 2
    return (quarter + on_axis + on_diagonal) // 2, steps


def factorise(number: int) -> tuple[dict[int, int], int]:
    """Prime factors with their powers, and the steps taken: small primes divided out, the rest by Pollard's rho."""
    powers: dict[int, int] = {}
    steps = 0
    for prime in (2, 3, 5, 7, 11, 13):
        steps += 1
        while number % prime == 0:
            number //= prime
            powers[prime] = powers.get(prime, 0) + 1
            steps += 1
    pending = [number] if number > 1 else []
    while pending:
        part = pending.pop()
        prime, cost = _is_prime(part)
        steps += cost
        if prime:
            powers[part] = powers.get(part, 0) + 1
        else:
            divisor, cost = _rho(part)
            steps += cost
            pending += [divisor, part // divisor]
    return powers, steps


def _is_prime(number: int) -> tuple[bool, int]:
    """Miller's test with bases that decide every number below 3.4 · 10¹⁴; and its multiplications.

    The caller has divided out the primes up to 13, and bases up to 17 suffice far beyond 2³¹.
    """
    steps = 0
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in (2, 3, 5, 7, 11, 13, 17):
        if base % number == 0:
            continue
        power = pow(base, odd, number)
        steps += 2 * odd.bit_length()
        for _ in range(twos):
            if power in (1, number - 1):
                break
            power = power * power % number
            steps += 1
        if power == 1 or power == number - 1:
            continue
        return False, steps
    return True, steps


def _rho(number: int) -> tuple[int, int]:
    """A proper divisor of a composite number: walks of ``x² + c`` at two speeds meet modulo a prime factor."""
    root = math.isqrt(number)
    if root * root == number:
        return root, 1
    steps = 0
    for offset in range(1, 100):
        slow = fast = 2
        divisor = 1
        while divisor == 1:
            slow = (slow * slow + offset) % number
            fast = (fast * fast + offset) % number
            fast = (fast * fast + offset) % number
            divisor = math.gcd(abs(slow - fast), number)
            steps += 4
        if divisor != number:
            return divisor, steps
    raise ValueError(f"{number}: no divisor found; is it prime?")


def published_count(number: int) -> int:
    """The source's ``getNumSumSquares``, in Java's arithmetic: 32-bit ``x*x``, square root of a negative is NaN."""
    if _checked(number) == 0:
        return 1
    iterations = math.ceil(math.sqrt(number * 1.0 / 2)) + 1
    x = np.arange(iterations + 1, dtype=np.int32)
    with np.errstate(invalid="ignore", over="ignore"):
        y = np.sqrt((np.int32(number) - x * x).astype(np.float64))
    return int((np.floor(y) == y).sum())


def _checked(number: int) -> int:
    if not 0 <= number <= LIMIT:
        raise ValueError(f"{number}: the puzzle's numbers go from 0 to {LIMIT}")
    return number
