"""Metrics of translation: BLEU, chrF, exact match, and the perplexity of the references.

Item columns, one entry per sentence:

- `bleu_K`, K = 0…9: the statistics of BLEU as sacreBLEU counts them on the texts (tokenizer 13a), in the order of
  `BLEU_STATISTICS`; `words_bleu_K`: the same on the words of the translation and of the target;
- `chrf_K`, K = 0…17: for each length n = 1…6, the n-grams of letters in the translation, in the reference, in both;
- `exact`: 1 if the words are those of the target, else 0;
- `nats`: −ln p of the target's words and of `<eos>`, NaN if the model has no probabilities; `symbols`: their number;
- `length`: words of the source, 0 if it is a vector;
- `wrong_bits`: how many bits differ from those of the target, NaN unless words are bits.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import zip_longest
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sacrebleu.metrics.bleu import BLEU as SacreBLEU
from sacrebleu.metrics.chrf import CHRF as SacreCHRF

from seqbench.evidence.metrics import SHARE, Columns, Metric, column, mean_of, one_error, share_of, totals
from seqbench.interface import Floats
from seqbench.tasks.items import Answers
from seqbench.tasks.language.vocab import EOS, UNK, Vocab
from seqbench.tasks.translations.model import Pairs, Words

ORDER, LETTERS = 4, 6
"""The longest n-grams of words in BLEU, and of letters in chrF."""
BETA = 2.0
"""In chrF, recall counts β² times as much as precision (Popović 2016, "chrF deconstructed")."""
BLEU_STATISTICS = ("length", "reference length", *("matches",) * ORDER, *("totals",) * ORDER)
MATCHES = slice(2, 2 + ORDER)


def item_columns(
    texts: Sequence[str], said: Sequence[Words], pairs: Pairs, log_p: Answers | None, bits: int = 0
) -> Columns:
    """Return the item columns.

    Args:
        texts: the translations of the N sources, as they are written.
        said: their words.
        log_p: of the targets, each (T_i + 1,), with `<eos>`; None: the model has no probabilities.
        bits: of each word; 0: words are not bits.
    """
    references = references_of(pairs)
    by_words = [[" ".join(words) for words in side] for side in (said, pairs.targets)]
    statistics: Mapping[str, Any] = {
        "bleu": _statistics(SacreBLEU(force=True), texts, references),
        "words_bleu": _statistics(SacreBLEU(tokenize="none", force=True), *by_words),
        "chrf": _statistics(SacreCHRF(char_order=LETTERS, beta=int(BETA)), texts, references),
    }
    nats = np.full(len(pairs), np.nan) if log_p is None else np.array([-found.sum() for found in log_p])
    exact = [list(a) == list(b) for a, b in zip(said, pairs.targets, strict=True)]
    return {
        **{f"{name}_{k}": counts[:, k] for name, counts in statistics.items() for k in range(counts.shape[1])},
        "exact": np.array(exact, dtype=np.int32),
        "nats": nats + 0.0,  # no −0
        "symbols": np.array([len(target) + 1 for target in pairs.targets], dtype=np.int32),
        "length": np.array([0 if isinstance(s, np.ndarray) else len(s) for s in pairs.sources], dtype=np.int32),
        "wrong_bits": wrong_bits(said, pairs.targets, bits) if bits else np.full(len(pairs), np.nan),
    }


def bits_per_word(vocab: Vocab) -> int:
    """Return the number of bits of each word but `<unk>` and `<eos>`; 0: they are not all written in as many bits."""
    words = [word for word in vocab.symbols if word not in (UNK, EOS)]
    lengths = {len(word) for word in words}
    return lengths.pop() if len(lengths) == 1 and not set("".join(words)) - {"0", "1"} else 0


def wrong_bits(said: Sequence[Words], targets: Sequence[Words], bits: int) -> Floats:
    """Return how many bits (N,) of translations differ from those of the targets, place by place.

    Of a word that is missing, too many, or of another length, all bits are wrong.
    """
    return np.array(
        [
            sum(
                sum(x != y for x, y in zip(a, b, strict=True)) if len(a) == len(b) else bits
                for a, b in zip_longest(words, target, fillvalue="")
            )
            for words, target in zip(said, targets, strict=True)
        ],
        dtype=np.float64,
    )


def references_of(pairs: Pairs) -> Sequence[str]:
    """Return the targets as they were written."""
    return [" ".join(words) for words in pairs.targets] if pairs.written is None else pairs.written


def _statistics(measure: Any, said: Sequence[str], references: Sequence[str]) -> NDArray[np.int32]:
    """Return the statistics of each sentence, (N, K), of which a corpus score of sacreBLEU is a function of sums."""
    return np.array(measure._extract_corpus_statistics(list(said), [list(references)]), dtype=np.int32)


def _counts(columns: Columns, name: str) -> Floats:
    """Return the statistics (N, K) of a metric."""
    places = range(sum(found.rpartition("_")[0] == name for found in columns))
    return np.stack([column(columns, f"{name}_{k}") for k in places], axis=1)


def _bleu(sums: Floats) -> Floats:
    """Return BLEU in 0..1: the brevity penalty times the geometric mean of the precisions of n-grams, n = 1…4.

        BLEU = min(1, exp(1 − r/c)) · (Π_n m_n / l_n)^(1/4)

    for the lengths r and c of references and translations, with m_n of l_n n-grams right (Papineni et al. 2002, "BLEU:
    a method for automatic evaluation of machine translation", section 2.3). As in sacreBLEU, the k-th precision of 0 is
    replaced by 1/(2^k l_n), unless no word is right (Chen & Cherry 2014, smoothing method 3).
    """
    c, r = sums[:, 0], sums[:, 1]
    matches, totals = np.maximum(sums[:, MATCHES], 0.0), sums[:, MATCHES.stop :]
    scored = np.any(matches > 0, axis=1) & np.all(totals > 0, axis=1)
    smoothed = np.where(matches > 0, matches, 0.5 ** np.cumsum(matches <= 0, axis=1))
    precisions = np.where(scored[:, None], smoothed / np.where(totals > 0, totals, 1.0), 1.0)
    brevity = np.exp(np.minimum(0.0, 1 - r / np.where(c > 0, c, 1.0)))
    score: Floats = np.where(scored, brevity * np.exp(np.log(precisions).mean(axis=1)), 0.0)
    return score


def _chrf(sums: Floats) -> Floats:
    """Return chrF in 0..1: F of the mean precision and the mean recall over the lengths n that both sides have.

    Popović 2015, "chrF: character n-gram F-score for automatic MT evaluation", eq. 1, with the means as in sacreBLEU.
    """
    said, known, both = np.moveaxis(sums.reshape(len(sums), LETTERS, 3), 2, 0)
    counts = (said > 0) & (known > 0)
    lengths = np.maximum(counts.sum(axis=1), 1)
    precision, recall = (
        (np.where(counts, both, 0.0) / np.where(counts, side, 1.0)).sum(axis=1) / lengths for side in (said, known)
    )
    divisor = BETA**2 * precision + recall
    score: Floats = (1 + BETA**2) * precision * recall / np.where(divisor > 0, divisor, 1.0)
    return score


def _no_match(columns: Columns, name: str, places: slice) -> tuple[Floats, Floats]:
    """Return what changes if a sentence with the mean number of matches had none."""
    mean = _counts(columns, name).mean(axis=0)
    change = np.zeros_like(mean)
    change[places] = -mean[places]
    return change[None], np.ones(1)


def _exact(columns: Columns) -> Floats:
    exact = column(columns, "exact")
    return np.stack([exact, np.ones(len(exact))], axis=1)


def _likelihood(columns: Columns) -> Floats:
    """Return (N, 3): the nats of a target if they are finite, whether they are infinite, and its symbols; 0 if the
    model has no probabilities."""
    nats, symbols = column(columns, "nats"), column(columns, "symbols")
    told, impossible = ~np.isnan(nats), np.isposinf(nats)
    return np.stack([np.where(told & ~impossible, nats, 0.0), impossible * 1.0, told * symbols], axis=1)


def _perplexity(sums: Floats) -> Floats:
    nats, impossible, symbols = sums.T
    told = symbols > 0
    with np.errstate(over="ignore"):
        perplexity: Floats = np.where(told, np.exp(nats / np.where(told, symbols, 1.0)), np.nan)
    perplexity[told & (impossible > 0)] = np.inf
    return perplexity


def _of_ngrams(name: str, title: str, value: Any, matches: slice) -> Metric:
    return Metric(
        name,
        title,
        partial(_counts, name=name),
        value,
        errors=partial(_no_match, name=name, places=matches),
        **SHARE,
    )


BLEU = _of_ngrams("bleu", "BLEU", _bleu, MATCHES)
"""sacreBLEU's, on the text of a translation against the reference as it was written."""
WORDS_BLEU = _of_ngrams("words_bleu", "BLEU of words", _bleu, MATCHES)
"""The same on the words of the data, as older papers report it ("tokenised BLEU"); smoothed as sacreBLEU does."""
CHRF = _of_ngrams("chrf", "chrF", _chrf, slice(2, None, 3))
EXACT_MATCH = Metric("exact_match", "exact match", _exact, share_of, errors=one_error, **SHARE)
PERPLEXITY = Metric(
    "perplexity", "perplexity", _likelihood, _perplexity, lower_is_better=True, scale="log", range="positive"
)
"""Of the words of the references and `<eos>`, each given the words before it."""
WRONG_BITS = Metric(
    "wrong_bits",
    "wrong bits per sequence",
    partial(totals, name="wrong_bits"),
    mean_of,
    lower_is_better=True,
    range="positive",
)
"""Undefined unless words are bits. Graves, Wayne & Danihelka 2014 report it."""
