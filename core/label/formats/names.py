"""The names under which a model speaks of fields -> labels and fields of the schema."""

from core.errors import UnknownName
from core.schema import TARGET, Schema, View


class Names:
    """What a model may call a span: the labels of a view, fields, and their aliases."""

    def __init__(self, schema: Schema, view: View) -> None:
        self._schema = schema
        self._view = view
        self._labels = {label.casefold(): label for label in schema.labels(view)}

    def find(self, name: str | None) -> tuple[str, str | None] | None:
        """Label and field of a name as the model typed it; None where it is no label."""
        if name is None:
            return (TARGET, None) if self._view == "target" else None
        label = self._labels.get(name.strip().casefold())
        if label is not None:
            return label, label if self._view == "field" else None
        try:
            field = self._schema.field(name).name
        except UnknownName:
            return None
        seen = self._schema.label_of(field, self._view)
        return None if seen is None else (seen, field)
