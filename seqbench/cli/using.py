"""Commands that use the fit of a run: predict, translate, answer, restore, generate."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from seqbench.cli.app import app, plain_errors, print_out, say
from seqbench.cli.options import Store, Unit


@contextmanager
def plain_errors_of_fits() -> Iterator[None]:
    """Report any error in one line: the files of a store may come from anywhere, and so may a fit that cannot be used.

    From Python, the same call shows the whole traceback.
    """
    with plain_errors():
        try:
            yield
        except (ValueError, OSError, ImportError, typer.Exit, typer.Abort):
            raise
        except Exception as error:
            from seqbench.runs.failure import one_line

            raise ValueError(f"this fit cannot be used: {type(error).__name__}: {one_line(error)}") from error


@app.command()
def predict(
    run: Annotated[str, typer.Argument(help="The folder of a record, or the beginning of its key.")],
    data: Annotated[Path, typer.Option(help="File with the data to predict.")],
    store: Store = Path("results"),
) -> None:
    """Predict new data with the fit of a run: CSV on stdout, one line per item."""
    with plain_errors_of_fits():
        from seqbench.api import predict as score

        print_out(score(run, data, store).to_csv(index=False, lineterminator="\n").rstrip("\n"))


@app.command()
def translate(
    run: Annotated[str, typer.Argument(help="The folder of a record, or the beginning of its key.")],
    text: Annotated[str, typer.Argument(help="The sentence to translate.")],
    beam: Annotated[
        int | None, typer.Option(help="Size of the beam; by default the model's own search.", min=1)
    ] = None,
    show_attention: Annotated[
        Path | None, typer.Option(help="File to draw the attention into: .png, .svg or .pdf.")
    ] = None,
    show_memory: Annotated[
        Path | None, typer.Option(help="File to draw the heads of a memory into: .png, .svg or .pdf.")
    ] = None,
    store: Store = Path("results"),
) -> None:
    """Translate a sentence with the fit of a run, and show where the model looked for each word."""
    with plain_errors_of_fits():
        from seqbench.translating import translate as render

        print_out(render(run, text, beam=beam, attention=show_attention, memory=show_memory, store=store))


@app.command()
def answer(
    run: Annotated[str, typer.Argument(help="The folder of a record, or the beginning of its key.")],
    story: Annotated[Path, typer.Option(help="File with the story, a sentence per line.")],
    question: Annotated[str, typer.Option(help="The question about it.")],
    show_memory: Annotated[
        Path | None, typer.Option(help="File to draw into which sentences were read: .png, .svg or .pdf.")
    ] = None,
    store: Store = Path("results"),
) -> None:
    """Answer a question about a story with the fit of a run, and show which sentences the model read."""
    with plain_errors_of_fits():
        from seqbench.answering import answer as ask

        said = ask(run, story, question, memory=show_memory, store=store)
        if said.unknown:
            say(f"words that do not occur in training, and so mean little: {', '.join(said.unknown)}", "yellow")
        print_out("\n".join(f"{text}  {p:.3f}" for text, p in said.answers))


@app.command()
def recall(
    run: Annotated[str, typer.Argument(help="The folder of a record, or the beginning of its key.")],
    data: Annotated[Path, typer.Option(help="File with damaged patterns: .csv, .npy, .png, or a folder of pictures.")],
    show: Annotated[
        Path | None, typer.Option(help="File to draw damaged and restored patterns into: .png, .svg or .pdf.")
    ] = None,
    store: Store = Path("results"),
) -> None:
    """Restore damaged patterns with the fit of a run: CSV on stdout, one line per pattern."""
    with plain_errors_of_fits():
        from seqbench.recalling import recall as restore

        print_out(restore(run, data, sheet=show, store=store).to_csv(index=False, lineterminator="\n").rstrip("\n"))


@app.command()
def sample(
    model: Annotated[str, typer.Argument(help="A model, such as lstm or 'kneser-ney(order=5)+cache'.")],
    dataset: Annotated[
        str | None, typer.Option(help="Training data; by default that of the suite: python-reference for text.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="A text file of your own as training data.")] = None,
    unit: Annotated[Unit | None, typer.Option(help="Whether a symbol of --data is a word or a character.")] = None,
    encoding: Annotated[
        str | None, typer.Option(help="Encoding of --data without a byte-order mark, such as cp1252; by default utf-8.")
    ] = None,
    suite: Annotated[str, typer.Option(help="The suite with the preset by which the model is fitted.")] = "lm",
    preset: Annotated[str | None, typer.Option(help="Preset of the suite, such as quick or standard.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N (GPU number N), or mps.")] = "auto",
    length: Annotated[int, typer.Option(help="Number of symbols to generate, or of frames.")] = 300,
    prompt: Annotated[str, typer.Option(help="The text that the model continues.")] = "",
    temperature: Annotated[
        float, typer.Option(help="Below 1: more probable symbols; above 1: more varied ones.")
    ] = 1.0,
    greedy: Annotated[bool, typer.Option("--greedy", help="Always take the most probable symbol.")] = False,
    top_k: Annotated[int | None, typer.Option(help="Draw only from the k most probable symbols.")] = None,
    nucleus: Annotated[
        float | None, typer.Option(help="Draw from the most probable symbols that together have this probability.")
    ] = None,
    unknown: Annotated[bool, typer.Option("--unknown", help="Allow <unk> in the text.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of the random text.", min=0)] = 0,
    output: Annotated[
        list[Path] | None,
        typer.Option(help="With --suite music: file to write, .mid, or a picture .png, .svg or .pdf. Can be repeated."),
    ] = None,
    store: Store = Path("results"),
) -> None:
    """Generate text or music: with the fit that `seqbench run --keep` stored, or else with a new fit."""
    with plain_errors_of_fits():
        options = {"unit": unit and unit.value, "encoding": encoding}
        fitted: dict[str, Any] = {
            "dataset": dataset,
            "data": data,
            "data_options": {name: value for name, value in options.items() if value is not None},
            "suite": suite,
            "preset": preset,
            "device": device,
            "store": store,
        }
        how: dict[str, Any] = {
            "prompt": prompt,
            "temperature": temperature,
            "greedy": greedy,
            "top_k": top_k,
            "nucleus": nucleus,
            "unknown": unknown,
            "seed": seed,
        }
        if output:
            from seqbench.composing import compose

            text = compose(model, length, output, how=how, **fitted)
        else:
            from seqbench.api import sample as write

            text = write(model, length, **fitted, **how)
        print_out(text)
