"""The hidden Markov model: against enumeration, against hmmlearn, and by the laws of EM."""

import itertools
import sys
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seqbench.baselines.hidden_markov.em import (
    Parameters,
    climb,
    cut,
    expect,
    expect_all,
    forward,
    log_likelihood,
    maximise,
    pack,
    places,
)
from seqbench.baselines.hidden_markov.language import HMM, HMMConfig
from seqbench.interface import Budget, Documents, Floats, Ids
from seqbench.tasks.language.model import LanguageContext
from seqbench.tasks.language.vocab import Vocab

NO_PRIOR = Parameters(*(torch.zeros(1, 1, dtype=torch.float64),) * 3)


def random_model(K: int, V: int, seed: int) -> Parameters:
    rng = np.random.default_rng(seed)
    start, A, B = rng.dirichlet(np.ones(K), 2), rng.dirichlet(np.ones(K), K), rng.dirichlet(np.ones(V), K)
    return Parameters(torch.from_numpy(start), torch.from_numpy(A), torch.from_numpy(B.T.copy()))


def as_language_model(model: Parameters) -> HMM:
    hmm = HMM(HMMConfig(states=len(model.A)))
    start, A, B = (x.numpy() for x in model)
    hmm.restore({"startprob": start[0], "transmat": A, "emissionprob": B.T.copy()})
    return hmm


def sample(model: Parameters, length: int, rng: np.random.Generator) -> Ids:
    start, A, B = (x.numpy() for x in model)
    cumulative_A, cumulative_B = A.cumsum(axis=1), B.T.cumsum(axis=1)
    state, ids = int(rng.choice(len(A), p=start[0])), np.empty(length, dtype=np.int64)
    for t, (u, v) in enumerate(rng.random((length, 2)) * (1 - 1e-12)):
        ids[t] = np.searchsorted(cumulative_B[state] / cumulative_B[state, -1], u, side="right")
        state = int(np.searchsorted(cumulative_A[state] / cumulative_A[state, -1], v, side="right"))
    return ids


def documents(seed: int, V: int, lengths: tuple[int, ...]) -> list[Ids]:
    rng = np.random.default_rng(seed)
    return [rng.integers(V, size=length) for length in lengths]


def context(V: int, valid: Documents, epochs: int, log: Callable[[str, float], None], seed: int = 0) -> LanguageContext:
    return LanguageContext(
        seed=seed, budget=Budget(epochs=epochs), valid=valid, log=log, vocab=Vocab(tuple(map(str, range(V))))
    )


def silent(name: str, value: float) -> None:
    pass


def paths_probability(model: Parameters, ids: Ids) -> float:
    """p(o) as the sum over all K^T paths of states."""
    start, A, B = (x.numpy() for x in model)
    total = 0.0
    for path in itertools.product(range(len(A)), repeat=len(ids)):
        p = start[0][path[0]] * B[ids[0], path[0]]
        for i, j, o in zip(path[:-1], path[1:], ids[1:], strict=True):
            p *= A[i, j] * B[o, j]
        total += p
    return float(total)


def test_the_likelihood_is_the_sum_over_all_paths() -> None:
    model, docs = random_model(3, 4, 0), documents(1, 4, (6, 1, 5, 3))
    expected = [np.log(paths_probability(model, d)) for d in docs]
    assert log_likelihood(model, [pack(docs, [False] * 4)]) == pytest.approx(sum(expected), abs=1e-12)
    scores = [as_language_model(model).predict(d[None])[0].sum() for d in docs]
    np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-12)


def test_expected_counts_are_the_posterior_over_all_paths() -> None:
    model, (ids,) = random_model(3, 4, 2), documents(3, 4, (5,))
    start, A, B = (x.numpy() for x in model)
    counts = [np.zeros((2, 3)), np.zeros((3, 3)), np.zeros((4, 3))]
    for path in itertools.product(range(3), repeat=5):
        p = start[0][path[0]] * np.prod(B[ids, path]) * np.prod(A[path[:-1], path[1:]])
        counts[0][0, path[0]] += p
        np.add.at(counts[1], (path[:-1], path[1:]), p)
        np.add.at(counts[2], (ids, path), p)
    got, likelihood = expect(model, pack([ids], [False]))
    assert likelihood == pytest.approx(np.log(counts[0].sum()), abs=1e-12)
    for ours, theirs in zip(got, counts, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs / counts[0].sum(), rtol=0, atol=1e-12)


def test_a_step_of_em_is_hmmlearns() -> None:
    hmmlearn = pytest.importorskip("hmmlearn.hmm", reason="hmmlearn is the oracle")
    K, V, lengths = 5, 7, (40, 3, 1, 120, 17)
    model, docs = random_model(K, V, 4), documents(5, V, lengths)
    theirs = hmmlearn.CategoricalHMM(K, n_features=V, n_iter=1, init_params="", implementation="scaling")
    theirs.startprob_, theirs.transmat_ = model.start[0].numpy(), model.A.numpy()
    theirs.emissionprob_ = model.B.numpy().T
    theirs.fit(np.concatenate(docs)[:, None], list(lengths))
    counts, likelihood = expect(model, pack(docs, [False] * len(docs)))
    ours = maximise(counts, NO_PRIOR)
    assert likelihood == pytest.approx(theirs.monitor_.history[0], rel=1e-12)
    np.testing.assert_allclose(ours.start[0].numpy(), theirs.startprob_, rtol=0, atol=1e-10)
    np.testing.assert_allclose(ours.A.numpy(), theirs.transmat_, rtol=0, atol=1e-10)
    np.testing.assert_allclose(ours.B.numpy().T, theirs.emissionprob_, rtol=0, atol=1e-10)


def test_the_first_step_of_a_fit_is_the_same_by_either_implementation() -> None:
    """One start, whole documents, equal pseudo-counts: hmmlearn's priors are ours."""
    pytest.importorskip("hmmlearn")
    docs = documents(6, 6, (50, 30, 20))
    fits = []
    for implementation in ("torch", "hmmlearn"):
        hmm = HMM(
            HMMConfig(states=3, restarts=1, piece=50, tolerance=0, dtype="float64", implementation=implementation)
        )
        hmm.fit(docs, context(6, [], 1, silent))
        fits.append(hmm.arrays())
    for name in fits[0]:
        np.testing.assert_allclose(fits[0][name], fits[1][name], rtol=0, atol=1e-10)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 4), st.integers(2, 5), st.sampled_from([1.0, 1.5, 3.0]))
def test_the_objective_never_falls(seed: int, K: int, V: int, growth: float) -> None:
    batches = [pack(documents(seed, V, (30, 9, 1)), [False, True, True])]
    nats = [s.nats for s in climb(random_model(K, V, seed), batches, NO_PRIOR, 12, growth=growth)]
    assert np.all(np.diff(nats) <= 1e-12)


def test_packing_together_or_in_batches_gives_the_same_counts() -> None:
    model, docs = random_model(4, 6, 7), documents(8, 6, (12, 30, 1, 5, 30, 2))
    after_cut = [False, True, False, True, False, True]
    together, likelihood = expect(model, pack(docs, after_cut))
    alone = [expect(model, pack([d], [a])) for d, a in zip(docs, after_cut, strict=True)]
    assert likelihood == pytest.approx(sum(x for _, x in alone), abs=1e-10)
    for k, counts in enumerate(together):
        torch.testing.assert_close(counts, sum(c[k] for c, _ in alone), rtol=0, atol=1e-11)


def test_the_e_step_is_the_same_on_any_number_of_threads() -> None:
    model = random_model(4, 6, 7)
    batches = [pack(documents(seed, 6, (40, 30)), [False, True]) for seed in range(5)]
    threads = torch.get_num_threads()
    try:
        answers = []
        for n in (1, 3):
            torch.set_num_threads(n)
            answers.append(expect_all(model, batches))
            assert torch.get_num_threads() == n
    finally:
        torch.set_num_threads(threads)
    assert answers[0][1] == answers[1][1]
    for one, many in zip(answers[0][0], answers[1][0], strict=True):
        assert torch.equal(one, many)


def test_a_piece_that_starts_from_the_filtered_state_continues_the_uncut_stream() -> None:
    model, (ids,) = random_model(4, 6, 9), documents(10, 6, (60,))
    alpha, c = forward(model, pack([ids[:25]], [False]))
    handed_over = torch.stack([model.start[0], alpha[-1] @ model.A])
    rest = log_likelihood(model._replace(start=handed_over), [pack([ids[25:]], [True])])
    whole = log_likelihood(model, [pack([ids], [False])])
    assert float(c.log().sum()) + rest == pytest.approx(whole, abs=1e-11)


def test_documents_are_cut_into_even_pieces_and_nothing_is_lost() -> None:
    docs = documents(11, 6, (10, 0, 3, 11))
    pieces = cut(docs, 5)
    assert pieces.lengths.tolist() == [5, 5, 3, 4, 4, 3]
    assert pieces.starts.tolist() == [0, 5, 10, 13, 17, 21]
    assert pieces.after_cut.tolist() == [False, True, False, False, True, True]
    batch, whole = pieces.packed(), np.concatenate(docs)
    for start, where in zip(pieces.starts, places(pieces.lengths), strict=True):
        np.testing.assert_array_equal(batch.ids[where], whole[start : start + len(where)])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.integers(0, 40), max_size=4), st.integers(1, 4))
def test_one_piece_or_many_and_any_batch_give_the_same_scores(seed: int, cuts: list[int], B: int) -> None:
    hmm = as_language_model(random_model(4, 6, seed))
    ids = np.random.default_rng(seed).integers(6, size=(B, 40))
    whole, final = hmm.predict(ids)
    state, scores = None, []
    for piece in np.split(ids, sorted(cuts), axis=1):
        piece_scores, state = hmm.predict(piece, state)
        scores.append(piece_scores)
    np.testing.assert_allclose(np.concatenate(scores, axis=1), whole, rtol=0, atol=1e-12)
    np.testing.assert_allclose(state, final, rtol=0, atol=1e-13)
    np.testing.assert_allclose(hmm.predict(ids[:1])[0], whole[:1], rtol=0, atol=1e-12)


def test_next_sums_to_one_and_is_what_predict_scores() -> None:
    hmm = as_language_model(random_model(4, 6, 12))
    _, state = hmm.predict(np.random.default_rng(0).integers(6, size=(3, 17)))
    kept = state.copy()
    for given_state in (None, state):
        answer = hmm.next(given_state, batch=3)
        np.testing.assert_allclose(answer.sum(axis=1), 1, rtol=0, atol=1e-13)
        for v in range(6):
            scores, _ = hmm.predict(np.full((3, 1), v), given_state)
            np.testing.assert_allclose(np.exp(scores[:, 0]), answer[:, v], rtol=1e-12)
    np.testing.assert_array_equal(state, kept)


def test_the_names_of_the_states_do_not_matter() -> None:
    model, order = random_model(5, 6, 13), [3, 0, 4, 1, 2]
    renamed = Parameters(model.start[:, order], model.A[order][:, order], model.B[:, order])
    ids = np.random.default_rng(1).integers(6, size=(2, 30))
    ours, theirs = as_language_model(model).predict(ids)[0], as_language_model(renamed).predict(ids)[0]
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)


def perplexity_gap(seed: int) -> tuple[float, list[float]]:
    """Test perplexity of a fit over that of the model that made the data, less one; and the curve of the fit."""
    rng, truth = np.random.default_rng(seed), random_model(6, 15, seed)
    A = rng.dirichlet(np.full(6, 0.15), 6)
    B = rng.dirichlet(np.full(15, 0.3), 6)
    truth = truth._replace(A=torch.from_numpy(A), B=torch.from_numpy(B.T.copy()))
    train, valid, test = (sample(truth, n, rng) for n in (60_000, 6_000, 20_000))
    curve: list[float] = []
    hmm = HMM(HMMConfig(states=12))
    hmm.fit([train], context(15, [valid], 30, lambda name, x: curve.append(x) if name == "train_nats" else None))
    ours, theirs = (float(m.predict(test[None])[0].mean()) for m in (hmm, as_language_model(truth)))
    return float(np.exp(theirs - ours)) - 1, curve


def test_a_fit_to_synthetic_data_comes_within_a_percent_of_the_true_perplexity() -> None:
    gap, curve = perplexity_gap(seed=0)
    assert gap < 0.01
    assert 0 < len(curve) <= 30


def test_a_fit_is_repeated_by_its_seed_and_restored_from_its_arrays() -> None:
    docs = documents(14, 5, (300, 200))
    fits = [HMM(HMMConfig(states=3)) for _ in range(3)]
    for hmm, seed in zip(fits, (1, 1, 2), strict=True):
        hmm.fit(docs, context(5, [], 4, silent, seed))
    ids = np.random.default_rng(2).integers(5, size=(2, 50))
    scores: list[Floats] = [hmm.predict(ids)[0] for hmm in fits]
    np.testing.assert_array_equal(scores[0], scores[1])
    assert np.abs(scores[0] - scores[2]).max() > 1e-6
    again = HMM(HMMConfig(states=3))
    again.restore(fits[0].arrays())
    np.testing.assert_array_equal(again.predict(ids)[0], scores[0])
    assert again.parameter_count() == 2 + 3 * 2 + 3 * 4


def test_an_unseen_symbol_has_the_mass_of_its_pseudo_counts() -> None:
    """One state: the model is a unigram, (n_v + κ V p_v) / (N + κ V) with p the add-one unigram."""
    ids = np.array([0, 0, 1])
    hmm = HMM(HMMConfig(states=1, pseudo_count=0.5, dtype="float64"))
    hmm.fit([ids], context(4, [], 2, silent))
    expected = (np.array([2, 1, 0, 0]) + 2 * np.array([3, 2, 1, 1]) / 7) / (3 + 2)
    np.testing.assert_allclose(hmm.next()[0], expected, rtol=1e-12)


def test_nothing_to_learn_from_is_said() -> None:
    with pytest.raises(ValueError, match="no symbols"):
        HMM().fit([np.empty(0, dtype=np.int64)], context(4, [], 2, silent))
    with pytest.raises(ValueError, match="one epoch"):
        HMM().fit([np.array([0, 1])], context(4, [], 0, silent))


def test_nan_is_a_clear_error() -> None:
    model = random_model(2, 3, 0)
    model.B[1] = 0  # a symbol that no state emits
    with pytest.raises(FloatingPointError, match="pseudo_count"):
        list(climb(model, [pack(documents(0, 3, (20,)), [False])], NO_PRIOR, 3))


def test_a_missing_hmmlearn_names_the_install_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hmmlearn.hmm", None)
    with pytest.raises(ImportError, match=r"pip install 'seqbench\[hmmlearn\]'"):
        HMM(HMMConfig(implementation="hmmlearn")).fit([np.array([0, 1])], context(4, [], 2, silent))
