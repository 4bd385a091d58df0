"""Memory capacity: how many past inputs a linear read-out can recover from the state of a reservoir.

    MC_k = r²(u_{t−k}, ŷ_k),  MC = Σ_{k≥0} MC_k ≤ N

where ŷ_k is the linear read-out of x_t that recovers the input u of k steps ago best, and inputs are independent and
identically distributed. The bound is reached by a linear reservoir whose vectors w, A w, A² w, … span N dimensions.

Jaeger 2002, "Short term memory in echo state networks", GMD report 152. The report sums from k = 1; here the state has
already read u_t, so k = 0 counts too.
"""

import numpy as np

from seqbench.interface import Floats
from seqbench.recurrent.reservoirs.readout import Triangle
from seqbench.recurrent.reservoirs.reservoir import Reservoir


def memory_capacities(reservoir: Reservoir, delays: int, steps: int, rng: np.random.Generator) -> Floats:
    """Measure MC_k (K,) for k = 0..`delays` − 1, with inputs that are uniform between −1 and 1.

    The read-outs are fitted on `steps` steps and scored on as many others, so chance adds about 1 / `steps` to each.
    """
    washout = max(delays, 500)
    u = rng.uniform(-1, 1, washout + 2 * steps)
    states = reservoir.run(u[None, :, None])[0, washout:]
    past = np.stack([u[washout - k : len(u) - k] for k in range(delays)], axis=1)
    triangle = Triangle(reservoir.hidden_size, delays)
    triangle.add(states[:steps], past[:steps])
    recovered = triangle.ridge().solve([0.0])(states[steps:])[0]
    a, b = recovered - recovered.mean(axis=0), past[steps:] - past[steps:].mean(axis=0)
    sizes = (a**2).sum(axis=0) * (b**2).sum(axis=0)
    found: Floats = (a * b).sum(axis=0) ** 2 / np.where(sizes > 0, sizes, 1)
    return found


def linear_memory_capacities(reservoir: Reservoir, delays: int) -> Floats:
    """Return MC_k (K,) of a linear reservoir with one input in closed form, for k = 0..`delays` − 1.

    The state is x_t = Σ_k A^k w u_{t−k}, with A = (1 − a) I + a W and w = a W_in. So MC_k = (A^k w)ᵀ C⁻¹ A^k w with
    C = Σ_k A^k w (A^k w)ᵀ: the leverage of row k of the matrix whose rows are the A^k w. Their sum is its rank.
    """
    a, size = reservoir.leak, reservoir.hidden_size
    step = (1 - a) * np.eye(size) + a * reservoir.recurrent.toarray()
    rows = [a * reservoir.inputs[:, 0]]
    while len(rows) < delays or np.linalg.norm(rows[-1]) > 1e-20 * np.linalg.norm(rows[0]):
        rows.append(step @ rows[-1])
    u, s, _ = np.linalg.svd(np.stack(rows), full_matrices=False)
    leverages: Floats = (u[:delays, s > 1e-14 * s[0]] ** 2).sum(axis=1)
    return leverages
