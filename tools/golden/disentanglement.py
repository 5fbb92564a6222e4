"""Records scores of disent 0.8 on planted codes, for tools/internal/study/disentanglement.

disent brings PyTorch along, which its formulas do not need: the script loads the files of its metrics alone.

    python3 -m venv .venv/disent
    .venv/disent/bin/pip install 'numpy<2' scikit-learn tqdm
    .venv/disent/bin/pip install --no-deps disent==0.8.0
    .venv/disent/bin/python -W ignore tools/golden/disentanglement.py

Writes disent.npz: factors [n,f] are categories of 3, 4, 5 and 2 values, codes [n,d] mix them with noise; the first rows are to fit to, the others to test on.

    mig, sap            scores; sap_scores [d,f] is the accuracy of each unit
    correlations [d,f]  what disent's sap scores where factors are numbers
    importance [d,f]    drawn at random; disentanglement and completeness are of it
    lasso [d]           weights of scikit-learn's Lasso at the penalties lasso_penalties [p], [p,d], on scaled codes and the first factor
    grid [g,f], map [f,u]   all combinations of the factors; codes are grid·map plus .6·noise; factorvae [5] the scores of five seeds
"""

import importlib.util
import os
import sys
import types

import numpy as np
from sklearn.linear_model import Lasso

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "internal", "study", "disentanglement", "testdata", "disent.npz")
VALUES = (3, 4, 5, 2)


def load():
    """Returns disent's modules of metrics, with nothing else of it."""
    root = os.path.dirname(importlib.util.find_spec("disent").submodule_search_locations[0] + "/x")
    stand = {"disent": {}, "disent.dataset": {"DisentDataset": object}, "disent.util": {"to_numpy": np.asarray},
             "disent.util.function": {"wrapped_partial": lambda f, **k: f}, "disent.metrics": {}}
    for name, attributes in stand.items():
        module = types.ModuleType(name)
        module.__path__ = []
        vars(module).update(attributes)
        sys.modules[name] = module
    out = {}
    for name in ("utils", "_mig", "_dci", "_sap", "_factor_vae"):
        spec = importlib.util.spec_from_file_location("disent.metrics." + name, os.path.join(root, "metrics", name + ".py"))
        out[name] = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
        if name == "utils":
            sys.modules["disent.metrics"].utils = out[name]
        spec.loader.exec_module(out[name])
    return out


class Grid:
    """The images of factors are the factors, as disent's FactorVAE score asks a data set for them."""

    num_factors = len(VALUES)

    def __init__(self, rng):
        self.rng, self.gt_data = rng, self

    def sample_factors(self, n):
        return np.stack([self.rng.integers(0, v, n) for v in VALUES], 1)

    def dataset_batch_from_factors(self, factors, mode):
        return factors

    def dataset_sample_batch(self, n, mode):
        return self.sample_factors(n)


def main():
    disent = load()
    rng = np.random.default_rng(5)
    n, fitted = 900, 600
    factors = np.stack([rng.integers(0, v, n) for v in VALUES], 1)
    mix = rng.normal(0, 0.4, (len(VALUES), 7))
    mix[range(4), range(4)] += 1.5
    codes = (factors @ mix + rng.normal(0, 0.5, (n, 7))).astype(np.float32)
    codes[:, 6] = 0.25  # a dead unit
    mus, ys = codes[:fitted].T.astype(float), factors[:fitted].T
    test, wanted = codes[fitted:].T.astype(float), factors[fitted:].T
    out = {"codes": codes, "factors": factors.astype(np.float32)}
    out["mig"] = disent["_mig"]._compute_mig(mus, ys)["mig.discrete_score"]
    np.random.seed(1)
    out["sap_scores"] = disent["_sap"]._compute_score_matrix(mus, ys, test, wanted, False)
    out["sap"] = disent["_sap"]._compute_avg_diff_top_two(out["sap_scores"])
    out["correlations"] = disent["_sap"]._compute_score_matrix(mus, ys, test, wanted, True)
    importance = rng.gamma(0.3, 1, (7, 4))
    importance[5] = 0
    out["importance"] = importance
    out["disentanglement"] = disent["_dci"]._disentanglement(importance)
    out["completeness"] = disent["_dci"]._completeness(importance)
    x = codes[:fitted, :6].astype(float)
    x = (x - x.mean(0)) / x.std(0)
    y = factors[:fitted, 0].astype(float)
    y = (y - y.mean()) / y.std()
    most = np.abs(x.T @ y).max() / fitted
    out["lasso_penalties"] = np.array([0.5, 0.1, 0.01]) * most
    out["lasso"] = np.stack([Lasso(alpha=a, tol=1e-10, max_iter=100000).fit(x, y).coef_ for a in out["lasso_penalties"]])
    out["map"] = 0.5 * np.eye(4, 5) + rng.normal(0, 0.5, (4, 5))
    out["grid"] = np.stack(np.meshgrid(*[np.arange(v) for v in VALUES], indexing="ij"), -1).reshape(-1, 4)
    scores = []
    for seed in range(5):
        np.random.seed(seed)
        noise = np.random.default_rng(seed + 100)
        represent = lambda f: f @ out["map"] + 0.6 * noise.normal(size=(len(f), 5))
        scores.append(disent["_factor_vae"].metric_factor_vae(Grid(np.random.default_rng(seed)), represent)["factor_vae.eval_accuracy"])
    out["factorvae"] = np.array(scores)
    os.makedirs(os.path.dirname(OUT), exist_ok=True)
    np.savez_compressed(OUT, **{k: np.asarray(v, np.float32) for k, v in out.items()})
    print({k: np.round(v, 4) for k, v in out.items() if np.size(v) < 8}, os.path.getsize(OUT))


main()
