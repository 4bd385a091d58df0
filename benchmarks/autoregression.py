"""Compare autoregression of all M4 Hourly series at once with a loop over statsmodels' AutoReg, on equal threads.

    python benchmarks/autoregression.py [--lags 24 48 168] [--threads 1] [--repeats 3]

Each program fits the 414 series by least squares, with an intercept and without ridge, and makes 48 forecasts per
series; ours also computes the variances of the forecasts. The programs run in turn. Prints the seconds of the best
repeat, their ratio, the scores, and the largest difference between two forecasts in standard deviations of the series.
Reads `m4-hourly`, and downloads it if it is not on this machine.
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
