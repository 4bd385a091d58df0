"""The models, data sets and reports of seqbench by name, each with the place of its code.

To add one, add an entry. Targets are strings, so that `seqbench list` imports none of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    summary: str
    targets: Mapping[str, str]
    """By task: `module:attribute`, or `path/to/file.py:attribute`; under "" if only the class defines its task."""


def _entry(summary: str, **targets: str) -> Entry:
    return Entry(summary, {task: f"seqbench.{target}" for task, target in targets.items()})


MODELS: Mapping[str, Entry] = {
    "uniform": _entry("all symbols equally probable", lm="baselines.ngrams.models:Uniform"),
    "unigram": _entry("relative frequencies", lm="baselines.ngrams.models:Unigram"),
    "add-k": _entry("n-gram with add-k smoothing", lm="baselines.ngrams.models:AddK"),
    "witten-bell": _entry("interpolated Witten–Bell n-gram", lm="baselines.ngrams.models:WittenBell"),
    "absolute-discounting": _entry(
        "n-gram with one discount per order", lm="baselines.ngrams.models:AbsoluteDiscounting"
    ),
    "kneser-ney": _entry("interpolated modified Kneser–Ney n-gram", lm="baselines.ngrams.models:KneserNey"),
    "hmm": _entry(
        "hidden Markov model, Baum–Welch",
        lm="baselines.hidden_markov.language:HMM",
        forecast="baselines.hidden_markov.forecaster:HMMForecaster",
        frames="baselines.hidden_markov.frames:FrameHMM",
    ),
    "cache": _entry("unigram mixed with a cache of recent words", lm="baselines.ngrams.cache:Cache"),
    "cbow": _entry("mean of the vectors of the preceding words", lm="baselines.windows.cbow:CBOWLanguageModel"),
    "bengio": _entry("neural probabilistic model of Bengio et al.", lm="baselines.windows.bengio:BengioLanguageModel"),
    "window-mlp": _entry(
        "perceptron over a window",
        lm="baselines.windows.mlp:WindowMLPLanguageModel",
        forecast="baselines.windows.forecasters:WindowMLPForecaster",
        regress="baselines.windows.sequences:WindowMLPRegressor",
        recognise="baselines.windows.sequences:WindowMLPRecogniser",
        tag="baselines.windows.taggers:WindowMLPTagger",
    ),
    "majority": _entry(
        "relative frequencies of the classes",
        classify="baselines.bags_of_words.naive_bayes:Majority",
        recognise="baselines.sequences.chance:MajorityRecogniser",
    ),
    "naive-bayes": _entry(
        "multinomial naive Bayes", classify="baselines.bags_of_words.naive_bayes:MultinomialNaiveBayes"
    ),
    "complement-naive-bayes": _entry(
        "naive Bayes on the complement of each class",
        classify="baselines.bags_of_words.naive_bayes:ComplementNaiveBayes",
    ),
    "perceptron": _entry("perceptron over a bag of words", classify="baselines.bags_of_words.linear:Perceptron"),
    "logistic-regression": _entry(
        "logistic regression over words, n-grams, letters, or steps",
        classify="baselines.bags_of_words.linear:LogisticRegression",
        recognise="baselines.sequences.linear:LogisticRecogniser",
        tag="baselines.taggers.window:LogisticTagger",
    ),
    "linear-svm": _entry("linear SVM over n-grams, calibrated", classify="baselines.bags_of_words.linear:LinearSVM"),
    "hashed-logistic-regression": _entry(
        "logistic regression over hashed n-grams, learned in pieces",
        classify="baselines.bags_of_words.hashed:HashedLogisticRegression",
    ),
    "averaged-embeddings": _entry(
        "mean of word and bigram vectors, as in fastText",
        classify="baselines.bags_of_words.averaged_embeddings:AveragedEmbeddings",
    ),
    "kim-cnn": _entry("convolution over time with max pooling", classify="baselines.convolutions.kim:KimClassifier"),
    "most-frequent-tag": _entry("each word's most frequent tag", tag="baselines.taggers.most_frequent:MostFrequentTag"),
    "hmm-tagger": _entry(
        "hidden Markov model of tags, counted, endings for new words", tag="baselines.taggers.hidden_markov:HMMTagger"
    ),
    "averaged-perceptron": _entry(
        "perceptron that reads the tags it gave before", tag="baselines.taggers.averaged_perceptron:AveragedPerceptron"
    ),
    "mean": _entry("mean of the targets", regress="baselines.sequences.chance:Mean"),
    "ridge": _entry("ridge regression over all steps", regress="baselines.sequences.linear:Ridge"),
    "bag": _entry(
        "linear model of mean, spread, extremes and length, which knows no order",
        regress="baselines.sequences.linear:BagRidge",
        recognise="baselines.sequences.linear:BagLogisticRecogniser",
    ),
    "dtw": _entry(
        "nearest neighbour under dynamic time warping", recognise="baselines.sequences.warping:NearestNeighbour"
    ),
    "copy-source": _entry("the source itself", translate="baselines.translation.copying:CopySource"),
    "most-frequent-target": _entry(
        "the most frequent target, whatever the source", translate="baselines.translation.ignoring:MostFrequentTarget"
    ),
    "language-model": _entry(
        "n-gram of the targets, whatever the source", translate="baselines.translation.unconditional:Unconditional"
    ),
    "nearest-sentence": _entry(
        "target of the nearest training source", translate="baselines.translation.nearest:NearestSentence"
    ),
    "ibm1": _entry("IBM model 1 with an n-gram of the targets", translate="baselines.translation.ibm1:IBM1"),
    "last-named": _entry(
        "the place last named with what is asked about", answer="baselines.answering.last_named:LastNamed"
    ),
    "naive": _entry("repeats the last value", forecast="baselines.series.naive:Naive"),
    "seasonal-naive": _entry("repeats the last season", forecast="baselines.series.naive:SeasonalNaive"),
    "drift": _entry("continues the mean step", forecast="baselines.series.naive:Drift"),
    "naive2": _entry("seasonally adjusted naive, M4's benchmark", forecast="baselines.series.naive:Naive2"),
    "autoregression": _entry(
        "linear in its lags, one equation per series", forecast="baselines.series.autoregression:Autoregression"
    ),
    "arima": _entry("ARIMA, searched for each series within bounds", forecast="baselines.series.arima:ARIMA"),
    "ets": _entry("exponential smoothing, searched within bounds", forecast="baselines.series.ets:ETS"),
    "theta": _entry("the Theta method", forecast="baselines.series.theta:Theta"),
    "linear-window": _entry(
        "least squares from a window, trend and season separate", forecast="baselines.windows.forecasters:LinearWindow"
    ),
    "tcn": _entry(
        "causal temporal convolution",
        lm="baselines.convolutions.language:TemporalConvolutionLanguageModel",
        classify="baselines.convolutions.temporal:TemporalConvolutionClassifier",
        forecast="baselines.convolutions.forecaster:TemporalConvolutionForecaster",
        regress="baselines.convolutions.sequences:TemporalConvolutionRegressor",
        recognise="baselines.convolutions.sequences:TemporalConvolutionRecogniser",
        tag="baselines.convolutions.taggers:TemporalConvolutionTagger",
        frames="baselines.convolutions.frames:TemporalConvolutionFrames",
    ),
    "elman": _entry(
        "simple recurrent network",
        lm="recurrent.language.elman:ElmanLanguageModel",
        classify="recurrent.classifier:ElmanClassifier",
        forecast="recurrent.forecasters:ElmanForecaster",
        regress="recurrent.regressors:ElmanRegressor",
        recognise="recurrent.regressors:ElmanRecogniser",
        tag="recurrent.taggers:ElmanTagger",
        frames="recurrent.frames.networks:ElmanFrames",
    ),
    "jordan": _entry(
        "recurrent network whose output is fed back",
        lm="recurrent.language.jordan:JordanLanguageModel",
        classify="recurrent.classifier:JordanClassifier",
        forecast="recurrent.forecasters:JordanForecaster",
        regress="recurrent.regressors:JordanRegressor",
        recognise="recurrent.regressors:JordanRecogniser",
        tag="recurrent.taggers:JordanTagger",
        frames="recurrent.frames.networks:JordanFrames",
    ),
    "shortcut": _entry(
        "recurrent unit with a write gate alone",
        lm="recurrent.language.shortcut:ShortcutLanguageModel",
        classify="recurrent.classifier:ShortcutClassifier",
        forecast="recurrent.forecasters:ShortcutForecaster",
        regress="recurrent.regressors:ShortcutRegressor",
        recognise="recurrent.regressors:ShortcutRecogniser",
        tag="recurrent.taggers:ShortcutTagger",
        frames="recurrent.frames.networks:ShortcutFrames",
    ),
    "multiplicative-rnn": _entry(
        "recurrent network whose input chooses the matrix",
        lm="recurrent.language.multiplicative:MultiplicativeLanguageModel",
        classify="recurrent.classifier:MultiplicativeClassifier",
        forecast="recurrent.forecasters:MultiplicativeForecaster",
        regress="recurrent.regressors:MultiplicativeRegressor",
        recognise="recurrent.regressors:MultiplicativeRecogniser",
        tag="recurrent.taggers:MultiplicativeTagger",
        frames="recurrent.frames.networks:MultiplicativeFrames",
    ),
    "mingru": _entry(
        "minimal GRU, by a parallel scan",
        lm="recurrent.language.mingru:MinGRULanguageModel",
        classify="recurrent.classifier:MinGRUClassifier",
        forecast="recurrent.forecasters:MinGRUForecaster",
        regress="recurrent.regressors:MinGRURegressor",
        recognise="recurrent.regressors:MinGRURecogniser",
        tag="recurrent.taggers:MinGRUTagger",
        frames="recurrent.frames.networks:MinGRUFrames",
    ),
    "gru": _entry(
        "gated recurrent unit",
        lm="recurrent.language.gru:GRULanguageModel",
        classify="recurrent.classifier:GRUClassifier",
        forecast="recurrent.forecasters:GRUForecaster",
        regress="recurrent.regressors:GRURegressor",
        recognise="recurrent.regressors:GRURecogniser",
        tag="recurrent.taggers:GRUTagger",
        frames="recurrent.frames.networks:GRUFrames",
    ),
    "lstm": _entry(
        "long short-term memory",
        lm="recurrent.language.lstm:LSTMLanguageModel",
        classify="recurrent.classifier:LSTMClassifier",
        forecast="recurrent.forecasters:LSTMForecaster",
        regress="recurrent.regressors:LSTMRegressor",
        recognise="recurrent.regressors:LSTMRecogniser",
        tag="recurrent.taggers:LSTMTagger",
        frames="recurrent.frames.networks:LSTMFrames",
    ),
    "bilstm": _entry(
        "LSTM that reads in both directions",
        lm="recurrent.language.lstm:BidirectionalLSTMLanguageModel",
        classify="recurrent.classifier:BidirectionalLSTMClassifier",
        regress="recurrent.regressors:BidirectionalLSTMRegressor",
        recognise="recurrent.regressors:BidirectionalLSTMRecogniser",
        tag="recurrent.taggers:BidirectionalLSTMTagger",
    ),
    "echo-state": _entry(
        "fixed random recurrent network, linear read-out in closed form",
        forecast="recurrent.reservoirs.forecaster:EchoStateForecaster",
        regress="recurrent.reservoirs.sequences:EchoStateRegressor",
        recognise="recurrent.reservoirs.sequences:EchoStateRecogniser",
    ),
    "gru-seq2seq": _entry(
        "encoder and decoder of GRUs, with any attention", translate="recurrent.translation.seq2seq:GRUSeq2Seq"
    ),
    "lstm-seq2seq": _entry(
        "encoder and decoder of LSTMs, with any attention", translate="recurrent.translation.seq2seq:LSTMSeq2Seq"
    ),
    "self-attention": _entry(
        "self-attention under a recurrent decoder",
        translate="recurrent.translation.self_attention:SelfAttentionTranslator",
    ),
    "transformer": _entry(
        "self-attention in encoder and decoder", translate="recurrent.translation.transformer:Transformer"
    ),
    "ntm": _entry(
        "neural Turing machine: a controller with a memory", translate="recurrent.memory.machine:NeuralTuringMachine"
    ),
    "dnc": _entry("differentiable neural computer", translate="recurrent.memory.machine:DifferentiableNeuralComputer"),
    "lstm-transducer": _entry(
        "LSTM that reads and then writes, without attention", translate="recurrent.memory.machine:LSTMTransducer"
    ),
    "memory-network": _entry(
        "memory network that is told the facts in training", answer="recurrent.memory.supervised:MemoryNetwork"
    ),
    "memn2n": _entry("end-to-end memory network", answer="recurrent.memory.memn2n:MemN2N"),
    "as-it-came": _entry("the damaged pattern itself", recall="baselines.memories.reference:AsItCame"),
    "nearest-pattern": _entry(
        "the stored pattern with the largest overlap", recall="baselines.memories.reference:NearestPattern"
    ),
    "hopfield": _entry(
        "Hopfield network",
        recall="baselines.memories.hopfield:Hopfield",
        lm="baselines.memories.language:HopfieldLanguageModel",
        classify="baselines.memories.classifiers:HopfieldClassifier",
        forecast="baselines.memories.forecasters:HopfieldForecaster",
    ),
    "dense-memory": _entry(
        "dense associative memory",
        recall="baselines.memories.dense:DenseMemory",
        lm="baselines.memories.language:DenseLanguageModel",
        classify="baselines.memories.classifiers:DenseClassifier",
        forecast="baselines.memories.forecasters:DenseForecaster",
    ),
    "boltzmann-machine": _entry(
        "Boltzmann machine without hidden units", recall="baselines.memories.boltzmann.recall:BoltzmannMemory"
    ),
    "note-ngram": _entry("each key from its own last states", frames="baselines.frames.notes:NoteNgram"),
    "chord-ngram": _entry(
        "Witten–Bell n-gram of chords, of notes for new ones", frames="baselines.frames.chords:ChordNgram"
    ),
    "rbm": _entry(
        "restricted Boltzmann machine",
        recall="baselines.memories.boltzmann.recall:RBMMemory",
        frames="baselines.memories.boltzmann.frames:FrameRBM",
        lm="baselines.memories.boltzmann.language:BoltzmannLanguageModel",
        classify="baselines.memories.boltzmann.classifier:ClassificationRBM",
        forecast="baselines.memories.boltzmann.forecaster:GaussianRBMForecaster",
    ),
    "conditional-rbm": _entry(
        "Boltzmann machine whose biases the last frames set",
        frames="baselines.memories.boltzmann.frames:ConditionalRBM",
    ),
    "rtrbm": _entry(
        "Boltzmann machine whose hidden units depend on those before", frames="recurrent.frames.joint:RTRBM"
    ),
    "rnn-rbm": _entry("recurrent network that sets a Boltzmann machine", frames="recurrent.frames.joint:RNNRBM"),
    "rnn-nade": _entry("recurrent network that sets NADE", frames="recurrent.frames.joint:RNNNADE"),
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
        "class depends on single words, true posterior known", classify="datasets.synthetic.documents:SyntheticWords"
    ),
    "synthetic-order": _entry(
        "class depends on word order only, true posterior known", classify="datasets.synthetic.documents:SyntheticOrder"
    ),
    "synthetic-distance": _entry(
        "class depends on a word far back, true posterior known",
        classify="datasets.synthetic.documents:SyntheticDistance",
    ),
    "copy-memory": _entry(
        "ten symbols, a delay, and the same symbols again; true model known", lm="datasets.synthetic.copying:CopyMemory"
    ),
    "reber": _entry("strings of the embedded Reber grammar, true model known", lm="datasets.synthetic.reber:Reber"),
    "digits-pixels": _entry("handwritten digits, pixel by pixel", lm="datasets.sequences.digits:DigitsPixels"),
    "temporal-order": _entry(
        "class depends on the order of two or three far symbols",
        classify="datasets.synthetic.temporal_order:TemporalOrder",
    ),
    "digits": _entry("handwritten digits, 10 classes", recognise="datasets.sequences.digits:Digits"),
    "adding": _entry("sum of two marked values far apart", regress="datasets.synthetic.adding:Adding"),
    "digit-names": _entry("handwritten digits in words", translate="datasets.captions.digits:DigitNames"),
    "digit-descriptions": _entry(
        "handwritten digits, their ink and slant in words", translate="datasets.captions.digits:DigitDescriptions"
    ),
    "made-music": _entry(
        "melodies for a composer and a key, true model known", translate="datasets.synthetic.melodies:MadeMusic"
    ),
    "music-by-key": _entry("chorales by Bach for their key", translate="datasets.captions.chorales:MusicByKey"),
    "made-chorales": _entry(
        "four voices over hidden chords, true model known", frames="datasets.synthetic.chorales:MadeChorales"
    ),
    "jsb-chorales": _entry("chorales by Bach, in quarter notes", frames="datasets.rolls.chorales:JSBChorales"),
    "library-docstrings": _entry(
        "which part of SciPy a docstring documents", classify="datasets.documents.library_docstrings:LibraryDocstrings"
    ),
    "trec": _entry("questions by the kind of answer, 6 classes", classify="datasets.documents.trec:Trec"),
    "reuters-r8": _entry("newswire by topic, 8 classes", classify="datasets.documents.reuters:ReutersR8"),
    "mr": _entry("sentences of film reviews, 2 classes", classify="datasets.documents.movie_reviews:MovieReviews"),
    "cedr-ru": _entry(
        "Russian sentences, as text or by emotion",
        classify="datasets.documents.cedr:Cedr",
        lm="datasets.documents.cedr:CedrText",
    ),
    "ag-news": _entry("news by topic, 4 classes, 127,600 texts", classify="datasets.documents.ag_news:AGNews"),
    "synthetic-tags": _entry(
        "words of a hidden Markov source, true posterior known", tag="datasets.synthetic.tags:SyntheticTags"
    ),
    "python-tokens": _entry(
        "Python's own source, the role of each token", tag="datasets.tagged.source_code:PythonTokens"
    ),
    "ud-english-ewt": _entry("English web text, parts of speech", tag="datasets.tagged.ewt:EnglishEWT"),
    "ud-russian-taiga": _entry(
        "Russian social media and poetry, parts of speech", tag="datasets.tagged.taiga:RussianTaiga"
    ),
    "synthetic-ar": _entry("autoregression, true model known", forecast="datasets.synthetic.series:SyntheticAR"),
    "synthetic-seasonal": _entry(
        "season plus noise, true model known", forecast="datasets.synthetic.series:SyntheticSeasonal"
    ),
    "synthetic-threshold": _entry(
        "two linear regimes, true model known", forecast="datasets.synthetic.series:SyntheticThreshold"
    ),
    "mackey-glass": _entry("chaotic equation with a delay", forecast="datasets.synthetic.series:MackeyGlass"),
    "lorenz": _entry("first coordinate of the chaotic Lorenz system", forecast="datasets.synthetic.series:Lorenz"),
    "nile": _entry("flow of the Nile, yearly", forecast="datasets.series.statsmodels_series:Nile"),
    "sunspots-yearly": _entry(
        "sunspots since 1700, yearly", forecast="datasets.series.statsmodels_series:YearlySunspots"
    ),
    "co2": _entry("carbon dioxide at Mauna Loa, weekly", forecast="datasets.series.statsmodels_series:CO2"),
    "elnino": _entry("sea surface temperature, monthly", forecast="datasets.series.statsmodels_series:ElNino"),
    "macrodata": _entry(
        "economy of the USA, 12 quarterly series", forecast="datasets.series.statsmodels_series:Macrodata"
    ),
    "m4-hourly": _entry("414 hourly series of the M4 competition", forecast="datasets.series.m4_hourly:M4Hourly"),
    "ett-h1": _entry("a transformer's loads and oil temperature, hourly", forecast="datasets.series.ett:ETTh1"),
    "exchange-rate": _entry("eight currencies, daily", forecast="datasets.series.exchange_rate:ExchangeRate"),
    "airpassengers": _entry("airline passengers, monthly", forecast="datasets.series.airpassengers:AirPassengers"),
    "daily-min-temps": _entry(
        "temperatures in Melbourne, daily", forecast="datasets.series.daily_min_temps:DailyMinTemps"
    ),
    "sunspots": _entry("sunspots since 1749, monthly", forecast="datasets.series.sunspots:Sunspots"),
    "multi30k": _entry("captions, German to English", translate="datasets.pairs.multi30k:Multi30k"),
    "copy-words": _entry("the words of a sentence again, rule known", translate="datasets.synthetic.pairs:CopyWords"),
    "reverse": _entry(
        "the words of a sentence read backwards, rule known", translate="datasets.synthetic.pairs:Reverse"
    ),
    "sort": _entry("the words of a sentence in order, rule known", translate="datasets.synthetic.pairs:Sort"),
    "numbers": _entry("digits to English number words, rule known", translate="datasets.synthetic.pairs:Numbers"),
    "bit-copy": _entry("random bits again, rule known", translate="datasets.synthetic.algorithms:BitCopy"),
    "repeat-copy": _entry(
        "random bits as often as asked, rule known", translate="datasets.synthetic.algorithms:RepeatCopy"
    ),
    "associative-recall": _entry(
        "the item after the one asked for, rule known", translate="datasets.synthetic.algorithms:AssociativeRecall"
    ),
    "priority-sort": _entry(
        "random bits by their priorities, rule known", translate="datasets.synthetic.algorithms:PrioritySort"
    ),
    "dates": _entry("dates in many forms to ISO 8601, rule known", translate="datasets.synthetic.pairs:Dates"),
    "made-world": _entry("who is where and holds what, rule known", answer="datasets.synthetic.stories:MadeWorld"),
    "babi": _entry("where somebody or something is, tasks 1 to 3", answer="datasets.stories.babi:Babi"),
    "random-patterns": _entry(
        "random patterns, some units flipped or erased", recall="datasets.patterns.random_patterns:RandomPatterns"
    ),
    "digit-patterns": _entry(
        "handwritten digits in black and white, damaged", recall="datasets.patterns.digits:DigitPatterns"
    ),
    "file": _entry(
        "your own data: file(path=mine.txt)",
        lm="datasets.text.own:TextFile",
        classify="datasets.documents.own:LabelledFile",
        forecast="datasets.series.own:SeriesFile",
        regress="datasets.sequences.own:TargetFile",
        recognise="datasets.sequences.own:ClassFile",
        tag="datasets.tagged.own:TaggedFile",
        translate="datasets.pairs.own:PairFile",
        answer="datasets.stories.own:StoryFile",
        recall="datasets.patterns.own:PatternFile",
        frames="datasets.rolls.own:RollFile",
    ),
}


REPORTS: Mapping[str, str] = {
    "terminal": "seqbench.reports.terminal:render",
    "markdown": "seqbench.reports.markdown:render",
    "latex": "seqbench.reports.latex:render",
    "html": "seqbench.reports.page.document:render",
    "csv": "seqbench.reports.frame:render",
    "json": "seqbench.reports.json:render",
}
