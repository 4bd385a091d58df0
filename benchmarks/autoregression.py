"""Autoregression of all M4 Hourly series at once beside a loop of statsmodels' AutoReg, in turn, on equal threads.

    python benchmarks/autoregression.py [--lags 24 48 168] [--threads 1] [--repeats 3]

Fit and 48 forecasts of each of the 414 series by least squares with an intercept and no ridge; ours makes the variances
of the forecasts as well. Prints seconds of the best repeat, the ratio, scores, and the largest difference of a forecast
in standard deviations of its series. Reads `m4-hourly`, and downloads it where it is not at hand.
"""

import argparse
import time

import numpy as np
import torch
from statsmodels.tsa.ar_model import AutoReg
from threadpoolctl import threadpool_limits

from seqbench.baselines.series.autoregression import Autoregression, AutoregressionConfig
from seqbench.datasets.series.m4_hourly import M4Hourly
from seqbench.interface import Budget, Floats
from seqbench.tasks.forecasts.metrics import MASE, SMAPE, item_columns, seasonal_scale
from seqbench.tasks.forecasts.model import ForecastContext


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--lags", type=int, nargs="+", default=[24, 48, 168])
    arguments.add_argument("--threads", type=int, nargs="+", default=[1])
    arguments.add_argument("--repeats", type=int, default=3)
    chosen = arguments.parse_args()

    data = M4Hourly().load()
    past, actual = data.past(data.test), data.actual(data.test)
    context = ForecastContext(seed=0, budget=Budget(), valid=data.train, horizon=data.horizon)
    scale = seasonal_scale(past.values, data.season)
    spread = np.array([[values.std()] for values in past.values])

    def ours(lags: int) -> Floats:
        model = Autoregression(AutoregressionConfig(lags=lags))
        model.fit(data.train, context)
        return model.predict(past, data.horizon, np.array([])).mean

    def theirs(lags: int) -> Floats:
        return np.stack([AutoReg(values, lags).fit().forecast(data.horizon) for values in data.train.values])

    for threads in chosen.threads:
        torch.set_num_threads(threads)
        for lags in chosen.lags:
            best, found = {}, {}
            with threadpool_limits(threads):
                for _ in range(chosen.repeats):
                    for name, fit in (("ours", ours), ("statsmodels", theirs)):
                        began = time.perf_counter()
                        found[name] = fit(lags)
                        best[name] = min(best.get(name, np.inf), time.perf_counter() - began)
            print(f"{threads} thread(s), {lags} lags, {len(past)} series, best of {chosen.repeats}")
            print(f"  seconds      ours {best['ours']:8.3f}   statsmodels {best['statsmodels']:8.3f}", end="")
            print(f"   ratio {best['statsmodels'] / best['ours']:.1f}")
            for metric in (SMAPE, MASE):
                score = {name: metric(item_columns(actual, mean, scale))[0] for name, mean in found.items()}
                print(f"  {metric.title:12} ours {score['ours']:8.3f}   statsmodels {score['statsmodels']:8.3f}")
            print(f"  largest difference {np.abs((found['ours'] - found['statsmodels']) / spread).max():.1e}")


if __name__ == "__main__":
    main()
