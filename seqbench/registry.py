"""Models, data sets and report formats by name.

Nothing is imported before it is asked for, so that `seqbench list` answers at once. Other people's packages join
through the entry points `seqbench.models` and `seqbench.datasets`; a file at hand is `path/to/file.py:ClassName`.
"""

import difflib
import hashlib
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from seqbench.data import Dataset
from seqbench.fingerprint import source_sha256
from seqbench.interface import Config, SequenceModel
from seqbench.spec import Spec


@dataclass(frozen=True)
class Entry:
    summary: str
    targets: Mapping[str, str]
    """By task: `module:attribute`, or `path/to/file.py:attribute`; under "" where only the class knows its task."""


def _entry(summary: str, **targets: str) -> Entry:
    return Entry(summary, {task: f"seqbench.{target}" for task, target in targets.items()})


MODELS: Mapping[str, Entry] = {
    "uniform": _entry("every symbol alike", lm="baselines.ngrams.models:Uniform"),
    "unigram": _entry("relative frequencies", lm="baselines.ngrams.models:Unigram"),
    "add-k": _entry("n-gram with add-k smoothing", lm="baselines.ngrams.models:AddK"),
    "witten-bell": _entry("interpolated Witten–Bell n-gram", lm="baselines.ngrams.models:WittenBell"),
    "absolute-discounting": _entry(
        "n-gram with one discount an order", lm="baselines.ngrams.models:AbsoluteDiscounting"
    ),
    "kneser-ney": _entry("interpolated modified Kneser–Ney n-gram", lm="baselines.ngrams.models:KneserNey"),
    "hmm": _entry(
        "hidden Markov model, Baum–Welch",
        lm="baselines.hidden_markov.language:HMM",
        forecast="baselines.hidden_markov.forecaster:HMMForecaster",
    ),
    "cache": _entry("what was said lately, beside the unigram", lm="baselines.ngrams.cache:Cache"),
    "cbow": _entry("mean of the vectors of the words before", lm="baselines.windows.cbow:CBOWLanguageModel"),
    "bengio": _entry("neural probabilistic model of Bengio et al.", lm="baselines.windows.bengio:BengioLanguageModel"),
    "window-mlp": _entry(
        "perceptron over a window",
        lm="baselines.windows.mlp:WindowMLPLanguageModel",
        forecast="baselines.windows.forecasters:WindowMLPForecaster",
    ),
    "majority": _entry("the frequencies of the classes", classify="baselines.bags_of_words.naive_bayes:Majority"),
    "naive-bayes": _entry(
        "multinomial naive Bayes", classify="baselines.bags_of_words.naive_bayes:MultinomialNaiveBayes"
    ),
    "complement-naive-bayes": _entry(
        "naive Bayes of each class's complement", classify="baselines.bags_of_words.naive_bayes:ComplementNaiveBayes"
    ),
    "perceptron": _entry("perceptron over a bag of words", classify="baselines.bags_of_words.linear:Perceptron"),
    "logistic-regression": _entry(
        "logistic regression over words, n-grams or letters",
        classify="baselines.bags_of_words.linear:LogisticRegression",
    ),
    "linear-svm": _entry("linear SVM over n-grams, calibrated", classify="baselines.bags_of_words.linear:LinearSVM"),
    "averaged-embeddings": _entry(
        "mean of word and bigram vectors, as fastText",
        classify="baselines.bags_of_words.averaged_embeddings:AveragedEmbeddings",
    ),
    "kim-cnn": _entry("convolution over time, max pooled", classify="baselines.convolutions.kim:KimClassifier"),
    "naive": _entry("the last value goes on", forecast="baselines.series.naive:Naive"),
    "seasonal-naive": _entry("the last season goes on", forecast="baselines.series.naive:SeasonalNaive"),
    "drift": _entry("the mean step goes on", forecast="baselines.series.naive:Drift"),
    "naive2": _entry("seasonally adjusted naive, M4's benchmark", forecast="baselines.series.naive:Naive2"),
    "autoregression": _entry(
        "linear in its lags, an equation a series", forecast="baselines.series.autoregression:Autoregression"
    ),
    "arima": _entry("ARIMA, searched for each series within bounds", forecast="baselines.series.arima:ARIMA"),
    "ets": _entry("exponential smoothing, searched within bounds", forecast="baselines.series.ets:ETS"),
    "theta": _entry("the Theta method", forecast="baselines.series.theta:Theta"),
    "linear-window": _entry(
        "least squares from a window, trend and season apart", forecast="baselines.windows.forecasters:LinearWindow"
    ),
    "tcn": _entry(
        "causal temporal convolution",
        lm="baselines.convolutions.language:TemporalConvolutionLanguageModel",
        classify="baselines.convolutions.temporal:TemporalConvolutionClassifier",
        forecast="baselines.convolutions.forecaster:TemporalConvolutionForecaster",
    ),
    "elman": _entry(
        "simple recurrent network",
        lm="recurrent.language.elman:ElmanLanguageModel",
        classify="recurrent.classifier:ElmanClassifier",
        forecast="recurrent.forecasters:ElmanForecaster",
    ),
    "gru": _entry(
        "gated recurrent unit",
        lm="recurrent.language.gru:GRULanguageModel",
        classify="recurrent.classifier:GRUClassifier",
        forecast="recurrent.forecasters:GRUForecaster",
    ),
    "lstm": _entry(
        "long short-term memory",
        lm="recurrent.language.lstm:LSTMLanguageModel",
        classify="recurrent.classifier:LSTMClassifier",
        forecast="recurrent.forecasters:LSTMForecaster",
    ),
    "bilstm": _entry(
        "LSTM that reads both ways",
        lm="recurrent.language.lstm:BidirectionalLSTMLanguageModel",
        classify="recurrent.classifier:BidirectionalLSTMClassifier",
    ),
}

DATASETS: Mapping[str, Entry] = {
    "synthetic-markov": _entry("Markov chain, true model known", lm="datasets.synthetic.text:SyntheticMarkov"),
    "synthetic-hmm": _entry("hidden Markov source, true model known", lm="datasets.synthetic.text:SyntheticHMM"),
    "synthetic-brackets": _entry("nested brackets, true model known", lm="datasets.synthetic.text:SyntheticBrackets"),
    "python-reference": _entry(
        "the Python language reference, in words", lm="datasets.text.python_reference:PythonReference"
    ),
    "tinyshakespeare": _entry("Shakespeare, in characters", lm="datasets.text.tinyshakespeare:TinyShakespeare"),
    "wikitext2": _entry("Wikipedia articles, 2.1 million words", lm="datasets.text.wikitext:WikiText2"),
    "wikitext2-chars": _entry("Wikipedia articles, in characters", lm="datasets.text.wikitext:WikiText2Characters"),
    "synthetic-words": _entry(
        "single words decide, true posterior known", classify="datasets.synthetic.documents:SyntheticWords"
    ),
    "synthetic-order": _entry(
        "only word order decides, true posterior known", classify="datasets.synthetic.documents:SyntheticOrder"
    ),
    "synthetic-distance": _entry(
        "a word far back decides, true posterior known", classify="datasets.synthetic.documents:SyntheticDistance"
    ),
    "library-docstrings": _entry(
        "which part of SciPy a docstring documents", classify="datasets.documents.library_docstrings:LibraryDocstrings"
    ),
    "trec": _entry("questions by what they ask for, 6 classes", classify="datasets.documents.trec:Trec"),
    "reuters-r8": _entry("newswire by topic, 8 classes", classify="datasets.documents.reuters:ReutersR8"),
    "mr": _entry("sentences of film reviews, 2 classes", classify="datasets.documents.movie_reviews:MovieReviews"),
    "cedr-ru": _entry(
        "Russian sentences, as text or by emotion",
        classify="datasets.documents.cedr:Cedr",
        lm="datasets.documents.cedr:CedrText",
    ),
    "ag-news": _entry("news by topic, 4 classes, 127,600 texts", classify="datasets.documents.ag_news:AGNews"),
    "synthetic-ar": _entry("autoregression, true model known", forecast="datasets.synthetic.series:SyntheticAR"),
    "synthetic-seasonal": _entry(
        "a season in noise, true model known", forecast="datasets.synthetic.series:SyntheticSeasonal"
    ),
    "synthetic-threshold": _entry(
        "two linear regimes, true model known", forecast="datasets.synthetic.series:SyntheticThreshold"
    ),
    "mackey-glass": _entry("chaos with a delay", forecast="datasets.synthetic.series:MackeyGlass"),
    "lorenz": _entry("chaos, Lorenz's first coordinate", forecast="datasets.synthetic.series:Lorenz"),
    "nile": _entry("flow of the Nile, by the year", forecast="datasets.series.statsmodels_series:Nile"),
    "sunspots-yearly": _entry(
        "sunspots since 1700, by the year", forecast="datasets.series.statsmodels_series:YearlySunspots"
    ),
    "co2": _entry("carbon dioxide at Mauna Loa, by the week", forecast="datasets.series.statsmodels_series:CO2"),
    "elnino": _entry("sea surface temperature, by the month", forecast="datasets.series.statsmodels_series:ElNino"),
    "macrodata": _entry(
        "economy of the USA, 12 series by the quarter", forecast="datasets.series.statsmodels_series:Macrodata"
    ),
    "m4-hourly": _entry("414 hourly series of the M4 competition", forecast="datasets.series.m4_hourly:M4Hourly"),
    "ett-h1": _entry("a transformer's loads and oil temperature, by the hour", forecast="datasets.series.ett:ETTh1"),
    "exchange-rate": _entry("eight currencies, by the day", forecast="datasets.series.exchange_rate:ExchangeRate"),
    "airpassengers": _entry("airline passengers, by the month", forecast="datasets.series.airpassengers:AirPassengers"),
    "daily-min-temps": _entry(
        "temperatures in Melbourne, by the day", forecast="datasets.series.daily_min_temps:DailyMinTemps"
    ),
    "sunspots": _entry("sunspots since 1749, by the month", forecast="datasets.series.sunspots:Sunspots"),
    "file": _entry(
        "your own data: file(path=mine.txt)",
        lm="datasets.text.own:TextFile",
        classify="datasets.documents.own:LabelledFile",
        forecast="datasets.series.own:SeriesFile",
    ),
}


@dataclass(frozen=True)
class Reduction:
    name: str
    """As tables write it behind the model's."""
    target: str
    """The function from a class of the one task to a class of the other."""


REDUCTIONS: Mapping[tuple[str, str], Reduction] = {
    ("lm", "classify"): Reduction("Bayes", "seqbench.tasks.documents.bayes:bayes"),
    ("lm", "forecast"): Reduction("quantised", "seqbench.baselines.reductions.quantised:quantised"),
}
"""By the model's task and the one wanted."""

SUMS: Mapping[str, str] = {
    "lm": "seqbench.tasks.language.mixture:mixture",
    "forecast": "seqbench.tasks.forecasts.mean:mean_of",
}
"""By task, the function from the classes of models that a spec adds to the class that they make together."""

REPORTS: Mapping[str, str] = {
    "terminal": "seqbench.reports.terminal:render",
    "markdown": "seqbench.reports.markdown:render",
    "latex": "seqbench.reports.latex:render",
    "html": "seqbench.reports.html:render",
    "csv": "seqbench.reports.frame:render",
}


class UnknownName(ValueError):
    """A name that nothing is registered under, with the nearest names that are."""


@dataclass(frozen=True)
class Found:
    """What a name stands for, with the hash of the source behind it."""

    target: str
    attribute: Any
    source_sha256: str
    reduction: str = ""
    """Of a model of another task: what makes it one of this task."""


def models() -> dict[str, Entry]:
    return _with_entry_points("seqbench.models", MODELS)


def datasets() -> dict[str, Entry]:
    return _with_entry_points("seqbench.datasets", DATASETS)


def find_model(spec: Spec, task: str) -> Found:
    """The model class of a spec; one of another task through a reduction, where there is one.

    Raises:
        UnknownName: no model has that name.
        ValueError: it is no model of that task, or its file cannot be imported.
    """
    found = _sum(spec, task) if spec.parts else _of_kind(_find(spec.name, models, "model", task), SequenceModel, spec)
    reduction = REDUCTIONS.get((found.attribute.task, task))
    if reduction is None:
        return _of_task(found, spec, task)
    reduce = resolve(reduction.name, reduction.target)
    source = _joint(found.source_sha256, reduce.source_sha256)
    return Found(found.target, reduce.attribute(found.attribute), source, reduction.name)


def _sum(spec: Spec, task: str) -> Found:
    """What the models that a spec adds make together."""
    of = task_of_parts(spec, task)
    parts = [find_model(part, of) for part in spec.parts]
    if of not in SUMS:
        raise ValueError(f"{spec.name}: models of the task {of} cannot be added, only those of {' and '.join(SUMS)}")
    own = resolve("a sum", SUMS[of])
    return Found(
        "+".join(part.target for part in parts),
        own.attribute([part.attribute for part in parts]),
        _joint(*(part.source_sha256 for part in parts), own.source_sha256),
    )


def task_of_parts(spec: Spec, task: str) -> str:
    """Models are added as models of the task itself where it has sums, else of their own, for a reduction to follow."""
    return task if task in SUMS else home_task(spec)


def _joint(*hashes: str) -> str:
    """One hash of several."""
    return hashlib.sha256(" ".join(hashes).encode()).hexdigest()


def home_task(spec: Spec) -> str:
    """The task that a model is made for; of several, the first.

    Raises:
        UnknownName, ValueError: as `find_model`.
    """
    if spec.parts:
        return home_task(spec.parts[0])
    task: str = _of_kind(_find(spec.name, models, "model", ""), SequenceModel, spec).attribute.task
    return task


def find_dataset(spec: Spec, task: str) -> Found:
    """The data set class of a spec; raises as `find_model` does."""
    return _of_task(_of_kind(_find(spec.name, datasets, "data set", task), Dataset, spec), spec, task)


def _of_kind(found: Found, base: type[SequenceModel[Any, Any]] | type[Dataset[Any]], spec: Spec) -> Found:
    kind = found.attribute
    if not (isinstance(kind, type) and issubclass(kind, base)):
        raise ValueError(f"{spec.name} is no {base.__name__}; derive it from {base.__module__}.{base.__name__}")
    return found


def _of_task(found: Found, spec: Spec, task: str) -> Found:
    if found.attribute.task != task:
        raise ValueError(f"{spec.name} is of the task {found.attribute.task}, not {task}")
    return found


def renderer(name: str) -> Any:
    """The function that writes a table in a format.

    Raises:
        UnknownName: there is no such format.
    """
    if name not in REPORTS:
        raise UnknownName(_unknown(name, REPORTS, "format"))
    return attribute(REPORTS[name])


def spelled_out(spec: Spec, task: str) -> Spec:
    """The spec of a model with the whole names of its settings, for any beginning that only one setting has:
    `lstm(hidden=400)` is `lstm(hidden_size=400)`.

    Raises:
        UnknownName, ValueError: as `find_model`.
    """
    settings = _whole_names(find_model(spec, task).attribute.config_class, spec.settings)
    return Spec(spec.name, settings, tuple(spelled_out(part, task_of_parts(spec, task)) for part in spec.parts))


def configured(kind: type[Config], spec: Spec, task: str) -> Any:
    """`kind` made of the settings of a spec for a task; their names may be shortened as in `spelled_out`.

    Raises:
        ValueError: a setting is unknown or out of its range; the message names the allowed ones.
    """
    settings = _whole_names(kind, spec.settings)
    if spec.parts:
        of = task_of_parts(spec, task)
        settings["parts"] = [configured(find_model(part, of).attribute.config_class, part, of) for part in spec.parts]
    try:
        return kind(**settings)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            known = ", ".join(kind.model_fields) or "none"
            raise ValueError(f"{spec.name} has no setting {name!r}; it has: {known}") from None
        if first["type"] == "missing":
            raise ValueError(f"{spec.name} needs the setting {name!r}: {spec.name}({name}=…)") from None
        raise ValueError(f"{spec.name}: {name}={first['input']!r}: {first['msg'].lower()}") from None


def _whole_names(kind: type[Config], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings under the names of `kind`'s fields, where they are such a name or the beginning of only one."""
    whole: dict[str, Any] = {}
    for name, value in settings.items():
        meant = [field for field in kind.model_fields if field.startswith(name)]
        field = meant[0] if len(meant) == 1 and name not in kind.model_fields else name
        if field in whole or (field != name and field in settings):
            raise ValueError(f"{field} is given twice, as {name} too")
        whole[field] = value
    return whole


def _with_entry_points(group: str, own: Mapping[str, Entry]) -> dict[str, Entry]:
    """Our own names and those that installed packages add; `name = "package.module:attribute"`.

    Raises:
        ValueError: two packages claim one name.
    """
    entries = dict(own)
    for point in entry_points(group=group):
        if point.name in entries:
            raise ValueError(
                f"{point.value} claims the name {point.name!r} of {', '.join(entries[point.name].targets.values())} "
                f"through the entry point {group}; uninstall one of them"
            )
        package = point.dist.name if point.dist is not None else point.value
        entries[point.name] = Entry(f"from the package {package}", {"": point.value})
    return entries


def _find(name: str, registered: Callable[[], Mapping[str, Entry]], what: str, task: str) -> Found:
    if ".py:" in name:
        path, _, defined = name.rpartition(":")
        return _from_file(Path(path), defined)
    entries = registered()
    if name not in entries:
        raise UnknownName(_unknown(name, entries, what))
    targets = entries[name].targets
    return resolve(name, targets.get(task) or next(iter(targets.values())))


def resolve(name: str, target: str) -> Found:
    """What a target `module:attribute` names.

    Raises:
        ValueError: there is no such module.
    """
    module = target.partition(":")[0]
    try:
        spec = find_spec(module)
    except ModuleNotFoundError:
        spec = None
    if spec is None or spec.origin is None:
        raise ValueError(f"{name} is registered as {target}, and there is no module {module}")
    return Found(target, attribute(target), source_sha256(Path(spec.origin), module))


def attribute(target: str) -> Any:
    """What `module:attribute` names, imported now."""
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)


def _from_file(path: Path, name_in_file: str) -> Found:
    """A class out of a file at hand; its folder may hold modules that it imports."""
    if not path.is_file():
        raise ValueError(f"there is no file {path}; write path/to/file.py:ClassName")
    name = f"seqbench_file_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]}"
    spec = spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    folder = str(path.resolve().parent)
    if folder not in sys.path:
        sys.path.append(folder)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ValueError(f"{path} cannot be imported: {type(error).__name__}: {error}") from error
    if not hasattr(module, name_in_file):
        defined = [n for n, v in vars(module).items() if isinstance(v, type) and v.__module__ == name]
        raise UnknownName(f"{path} defines no {name_in_file!r}; it defines: {', '.join(defined) or 'no class'}")
    return Found(f"{path.name}:{name_in_file}", getattr(module, name_in_file), source_sha256(path, path.stem))


def _unknown(name: str, known: Iterable[str], what: str) -> str:
    near = difflib.get_close_matches(name, list(known), n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(known)}"
    return f"there is no {what} {name!r}; {hint}"
