"""What is trained from nothing: networks by name, each one file, and a CRF without a network.

A network's `make(annotations, labels, limit, *, head, scheme, weights, id2label, label2id,
**settings)` returns it untrained, and the encoder of its phrases. `crfsuite`, which is what `small`
means, is trained and run by a library of its own (`core.learn.scratch.crfsuite`,
`core.learn.engines.crfsuite`).
"""

from core.registry import Registry

SCRATCH = Registry(
    "network from scratch",
    {
        "windows": "core.learn.scratch.windows:make",
        "transformer": "core.learn.scratch.transformer:make",
        "cnn-bilstm-crf": "core.learn.scratch.cnn_bilstm:make",
    },
)
"""The network of a name that training is asked for."""

NETWORKS = Registry(
    "network from scratch",
    {
        "lettera-small": "core.learn.scratch.windows:WindowsNetwork",
        "lettera-transformer": "core.learn.scratch.transformer:TransformerNetwork",
        "lettera-cnn-bilstm": "core.learn.scratch.cnn_bilstm:CnnBilstmNetwork",
    },
)
"""The class of a network by the `model_type` that its folder tells."""
