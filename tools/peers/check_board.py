"""Shows what TensorBoard reads of run folders: pictures, hyper-parameters, scalars.

    python tools/peers/check_board.py runs

Needs the package tensorboard, which comes with tensorflow. The exit status is 1
where a run has no picture, no learning rate or no hyper-parameters.
"""
import sys

from tensorboard import context
from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
from tensorboard.plugins import base_plugin
from tensorboard.plugins.hparams import api_pb2, backend_context, list_session_groups
from tensorboard.plugins.image import images_plugin
from tensorboard.plugins.scalar import scalars_plugin


def main(folder):
    events = plugin_event_multiplexer.EventMultiplexer().AddRunsFromDirectory(folder)
    events.Reload()
    board = base_plugin.TBContext(logdir=folder, multiplexer=events, data_provider=data_provider.MultiplexerDataProvider(events, folder))
    request = context.RequestContext()
    pictures = images_plugin.ImagesPlugin(board)._index_impl(request, "")
    scalars = scalars_plugin.ScalarsPlugin(board).index_impl(request, "")
    hyper = backend_context.Context(board)
    asked = api_pb2.ListSessionGroupsRequest(allowed_statuses=[0, 1, 2, 3], slice_size=1000)
    groups = list_session_groups.Handler(request, hyper, "", asked).run().session_groups
    ok = bool(groups) and bool(pictures)
    for g in groups:
        values = {k: v.WhichOneof("kind") and getattr(v, v.WhichOneof("kind")) for k, v in g.hparams.items()}
        print(g.name, *(f"{k}={values[k]}" for k in sorted(values)))
        ok = ok and bool(values)
    for run in sorted(pictures):
        print(run, "pictures:", *sorted(pictures[run]))
        ok = ok and "train/rate" in scalars.get(run, {})
    sys.exit(0 if ok else 1)


if __name__ == "__main__":
    main(sys.argv[1])
