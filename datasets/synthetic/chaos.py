"""Deterministic chaos, integrated in plain floating-point steps, so that every machine computes the same series."""

from collections.abc import Callable

import numpy as np

from seqbench.interface import Floats

Point = tuple[float, float, float]


def mackey_glass(length: int, every: float, delay: float, rng: np.random.Generator) -> Floats:
    """Return (length,) values x of dx/dt = 0.2 x(t−τ) / (1 + x(t−τ)^10) − 0.1 x(t), `every` time units apart.

    Mackey & Glass 1977, "Oscillation and chaos in physiological control systems", Science 197. It is
    integrated by Runge–Kutta of order 4 with steps of 0.1; between two steps, the delayed value is their mean. The
    history before the start is constant, drawn from 1.1 ± 0.1; the first 1,000 time units are discarded.

    Args:
        delay: τ, a multiple of 0.1; the series is chaotic for 17 and more.
    """
    step, lag, stride, burn_in = 0.1, round(delay / 0.1), round(every / 0.1), 10_000

    def slope(x: float, late: float) -> float:
        square = late * late
        fourth = square * square
        return 0.2 * late / (1 + fourth * fourth * square) - 0.1 * x

    path = [1.0 + 0.2 * float(rng.random())] * (lag + 1)
    for t in range(burn_in + stride * length):
        x, late, later = path[-1], path[t], path[t + 1]
        between = (late + later) / 2
        a = slope(x, late)
        b = slope(x + step / 2 * a, between)
        c = slope(x + step / 2 * b, between)
        d = slope(x + step * c, later)
        path.append(x + step / 6 * (a + 2 * b + 2 * c + d))
    return np.array(path[lag + 1 + burn_in :: stride][:length])


def lorenz(length: int, every: float, rng: np.random.Generator) -> Floats:
    """Return (length,) values x of the Lorenz system at σ = 10, ρ = 28, β = 8/3, `every` time units apart.

        dx/dt = σ (y − x),   dy/dt = x (ρ − z) − y,   dz/dt = x y − β z

    Lorenz 1963, "Deterministic nonperiodic flow", J. Atmospheric Sciences 20. It is integrated by Runge–Kutta of
    order 4 with steps of 0.01; the first 50 time units are discarded.
    """
    stride, burn_in = round(every / 0.01), 5000

    def slope(point: Point) -> Point:
        x, y, z = point
        return 10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z

    point: Point = (float(rng.random()), 1.0, 20.0)
    found = np.empty(length)
    for t in range(burn_in + stride * length):
        point = runge_kutta(slope, point, 0.01)
        if t >= burn_in and (t - burn_in) % stride == 0:
            found[(t - burn_in) // stride] = point[0]
    return found


def runge_kutta(slope: Callable[[Point], Point], at: Point, step: float) -> Point:
    """Take one step of the classical Runge–Kutta method of order 4."""
    a = slope(at)
    b = slope(_moved(at, a, step / 2))
    c = slope(_moved(at, b, step / 2))
    d = slope(_moved(at, c, step))
    mean = (
        (a[0] + 2 * b[0] + 2 * c[0] + d[0]) / 6,
        (a[1] + 2 * b[1] + 2 * c[1] + d[1]) / 6,
        (a[2] + 2 * b[2] + 2 * c[2] + d[2]) / 6,
    )
    return _moved(at, mean, step)


def _moved(at: Point, slope: Point, step: float) -> Point:
    return at[0] + step * slope[0], at[1] + step * slope[1], at[2] + step * slope[2]
