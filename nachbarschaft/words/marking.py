"""The marker that makes a sentence in the code findable for translators without translating it there."""

from typing import Self


def mark(msgid: str) -> str:
    """Return the sentence unchanged; imported as ``_``, it is what the extractor looks for.

    Sentences are translated at the edge with `say`, because only the edge knows who reads them.
    """
    return msgid


class Sentence(str):
    """A marked sentence on its way to the edge, with what belongs into its places."""

    params: dict[str, object]

    def __new__(cls, msgid: str, **params: object) -> Self:
        made = super().__new__(cls, msgid)
        made.params = params
        return made
