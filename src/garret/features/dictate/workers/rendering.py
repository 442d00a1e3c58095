"""Transcripts put into the form they leave in, by the text worker: cutting subtitles takes its time.

Neighbours: `exporting` joins what comes back; `text.formats` and `text.markdown` have the forms.
"""

from __future__ import annotations

from garret.features.dictate import contracts as c
from garret.features.dictate.documents import document_of
from garret.features.dictate.text.markdown import to_markdown
from garret.protocol.contract import Nothing
from garret.transport import bulk
from garret.worker.call import Call


def render(command: c.Render, call: Call) -> Nothing:
    """See `contracts.Render`."""
    (descriptor,) = call.take_descriptors()
    texts: list[str] = []
    for document in bulk.unpack(descriptor, c.Documents).documents:
        call.check()
        texts.append(rendered(document, command.form, raw=command.raw))
    call.attach(bulk.pack(c.Rendered(texts=tuple(texts))))
    return Nothing()


def rendered(document: c.Document, form: c.Form, *, raw: bool) -> str:
    """One document in a form, without what joins it to others."""
    made = document_of(document.transcript, raw=raw and form != "json")
    match form:
        case "json":
            return made.to_json(indent=2)
        case "srt":
            return made.to_srt()
        case "vtt":
            return made.to_vtt()
        case "markdown":
            return to_markdown(made, document.made, document.source)
        case "text":
            return made.to_text()
