"""The public names of `seqbench`, and the modules in which they are defined."""

EXPORTS = {
    name: module
    for module, names in {
        "seqbench.advising": ("advise",),
        "seqbench.api": ("run", "fit", "report", "compare", "check", "predict", "sample"),
        "seqbench.tuning.search": ("tune",),
        "seqbench.interface": ("Budget", "Config", "Context", "SequenceModel"),
        "seqbench.tasks.language.model": ("LanguageContext", "LanguageModel"),
        "seqbench.tasks.language.vocab": ("Vocab",),
        "seqbench.tasks.documents.model": ("ClassificationContext", "Classifier", "Labelled", "Texts"),
        "seqbench.tasks.sequences.model": (
            "LabelledSequences",
            "RecognitionContext",
            "Recogniser",
            "RegressionContext",
            "Regressor",
            "TargetedSequences",
        ),
        "seqbench.tasks.answers.model": ("Answered", "Answerer", "AnsweringContext", "Asked"),
        "seqbench.tasks.patterns.model": ("Memory", "Probes", "RecallContext", "Settled"),
        "seqbench.tasks.frames.model": ("FrameModel", "FramesContext"),
        "seqbench.tasks.tags.model": ("Tagged", "Tagger", "TaggingContext"),
        "seqbench.tasks.translations.model": ("Pairs", "TranslationContext", "Translator"),
        "seqbench.tasks.forecasts.model": ("Forecast", "ForecastContext", "Forecaster", "Panel"),
    }.items()
    for name in names
}
"""The module of each name. A module is imported when its name is first used, so that `import seqbench` is fast."""
