"""How the words of a target are chosen, one after another: by beam search, of which greedy search is a case, or drawn.

All sentences of a batch move on together; a sentence that has ended leaves the batch.
"""

import math
from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import Tensor

Tensors = tuple[Tensor, ...]
"""What belongs to the N sentences (or hypotheses) of a batch: tensors (N, …)."""
Step = Callable[[Tensor, Tensors, Tensors], tuple[Tensor, Tensors]]
"""Takes the last words (N,), what is known of the sources, and the state; returns log p (N, V) of the next word and the
state after it."""
Normalisation = Literal["mean", "wu", "none"]

ALPHA = 0.6
"""Exponent of the length penalty of Wu et al. 2016, between 0.6 and 0.7 in their table 2."""


def normalised(log_p: float, length: int, kind: Normalisation) -> float:
    """Return what finished hypotheses are compared by.

    mean: log p / length; wu: log p / ((5 + length) / 6)^α, Wu et al. 2016, eq. 14; none: log p, which likes few words.

    Args:
        log_p: natural logarithm of the probability of all words and of the end.
        length: number of words and the end.
    """
    match kind:
        case "mean":
            return log_p / length
        case "wu":
            return log_p / math.pow((5 + length) / 6, ALPHA)
        case "none":
            return log_p


@torch.inference_mode()
def beam_search(
    step: Step,
    memory: Tensors,
    state: Tensors,
    limits: Sequence[int],
    *,
    start: int,
    end: int,
    beam: int,
    normalisation: Normalisation = "mean",
) -> list[list[int]]:
    """Return the words of the best hypothesis that the search finds for each of B sentences, without the end.

    At each step a sentence keeps the `beam` most probable unfinished hypotheses. One that ends among the `beam` best
    continuations is finished; a sentence is done when it has `beam` finished hypotheses, and the best of these by
    `normalised` is returned. A beam of 1 is greedy search.

    Args:
        step: see `Step`; the words and states that it gets are those of hypotheses.
        memory, state: of the sentences, (B, …), before the first word.
        limits: (B,) the largest number of words; at the limit a hypothesis must end.
        start: the word before the first.
        end: the symbol that ends a hypothesis.

    Raises:
        ValueError: the beam is below 1.
    """
    if beam < 1:
        raise ValueError(f"a beam must have at least 1 hypothesis, not {beam}")
    sentences = list(range(len(limits)))
    finished: list[list[tuple[float, list[int]]]] = [[] for _ in sentences]
    if not sentences:
        return []
    memory, state = (tuple(t.repeat_interleave(beam, 0) for t in given) for given in (memory, state))
    device = memory[0].device
    scores = torch.full((len(sentences), beam), -torch.inf, dtype=torch.float64, device=device)
    scores[:, 0] = 0  # at first all hypotheses of a sentence are the same
    words = torch.full((len(sentences), beam, 1), start, device=device)
    most = torch.tensor(limits, device=device)
    for length in range(max(limits) + 1):
        log_p, state = step(words[:, :, -1].flatten(), memory, state)
        # The best 2 · beam continuations of a sentence are among the best 2 · beam of each hypothesis.
        of_each, next_words = (t.view(*scores.shape, -1) for t in log_p.topk(min(2 * beam, log_p.shape[1])))
        over = most <= length
        if over.any():
            must = torch.full_like(of_each, -torch.inf)
            must[:, :, 0] = log_p[:, end].view_as(scores)
            of_each = torch.where(over[:, None, None], must, of_each)
            next_words = next_words.masked_fill(over[:, None, None], end)
        total = of_each.double() + scores[:, :, None]
        best, found = total.flatten(1).topk(min(2 * beam, total[0].numel()))
        parents, said = found // total.shape[2], next_words.flatten(1).gather(1, found)
        ends = said == end
        done = ends[:, :beam] & (best[:, :beam] > -torch.inf)
        for row, rank in done.nonzero().tolist():
            hypothesis = words[row, parents[row, rank], 1:].tolist()
            value = normalised(float(best[row, rank]), length + 1, normalisation)
            finished[sentences[row]].append((value, hypothesis))
        # Of 2 · beam continuations at most `beam` are ends, one per hypothesis.
        going = ends.to(torch.int8).argsort(dim=1, stable=True)[:, :beam]
        scores = best.masked_fill(ends, -torch.inf).gather(1, going)
        parents, said = parents.gather(1, going), said.gather(1, going)
        kept = [
            row
            for row, alive in enumerate((scores[:, 0] > -torch.inf).tolist())
            if alive and len(finished[sentences[row]]) < beam
        ]
        if not kept:
            break
        rows = torch.tensor(kept, device=device)
        places = torch.arange(beam, device=device)
        if len(kept) < len(sentences):
            whole = (rows[:, None] * beam + places).flatten()
            memory = tuple(t[whole] for t in memory)
        scores, parents, said, most = scores[rows], parents[rows], said[rows], most[rows]
        sentences = [sentences[row] for row in kept]
        state = tuple(t[(rows[:, None] * beam + parents).flatten()] for t in state)
        words = torch.cat([words[rows[:, None], parents], said[:, :, None]], dim=2)
    return [max(hypotheses, key=lambda h: h[0])[1] for hypotheses in finished]


@torch.inference_mode()
def draw(
    step: Step,
    memory: Tensors,
    state: Tensors,
    limits: Sequence[int],
    uniforms: Tensor,
    *,
    start: int,
    end: int,
    temperature: float,
) -> list[list[int]]:
    """Draw a sequence of words for each of B sentences, each word from p^(1 / temperature), normalised.

    Args:
        uniforms: (B, at least max(limits)) numbers in [0, 1), one per word, by which it is drawn.

    For the other arguments see `beam_search`; at the limit a sequence ends.

    Raises:
        ValueError: the temperature is not positive.
    """
    if not temperature > 0:
        raise ValueError(f"the temperature must be positive, not {temperature}; a beam of 1 gives the greedy words")
    drawn: list[list[int]] = [[] for _ in limits]
    sentences = [row for row, limit in enumerate(limits) if limit > 0]
    rows = torch.tensor(sentences, dtype=torch.int64, device=memory[0].device)
    memory, state = (tuple(t[rows] for t in given) for given in (memory, state))
    last = torch.full_like(rows, start)
    for length in range(max(limits, default=0)):
        if not sentences:
            break
        log_p, state = step(last, memory, state)
        cumulative = (log_p.double() / temperature).softmax(-1).cumsum(-1)
        u = uniforms[torch.tensor(sentences), length].to(cumulative)[:, None]
        last = torch.searchsorted(cumulative, u * cumulative[:, -1:], right=True)[:, 0]
        kept = []
        for row, word in enumerate(last.tolist()):
            if word != end:
                drawn[sentences[row]].append(word)
                if len(drawn[sentences[row]]) < limits[sentences[row]]:
                    kept.append(row)
        sentences, rows = [sentences[row] for row in kept], torch.tensor(kept, dtype=torch.int64, device=last.device)
        last, memory, state = last[rows], tuple(t[rows] for t in memory), tuple(t[rows] for t in state)
    return drawn
