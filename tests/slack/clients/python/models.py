"""What Slack's own models for Python think of blocks and views: a judge that others wrote.

Standard input is a JSON list of objects with `blocks` or a `view`, as they were sent. Each is parsed into the models,
validated, and written again; a model drops without a word what it does not know, so all that was sent must come back.
Prints a line for each objection, and ends with 1 where there is one.
"""

import json
import sys

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View


def lost(sent, kept, path):
    """Where something that was sent did not come back."""
    if isinstance(sent, dict) and isinstance(kept, dict):
        for key, value in sent.items():
            yield from lost(value, kept.get(key), f"{path}/{key}")
    elif isinstance(sent, list) and isinstance(kept, list) and len(sent) == len(kept):
        for at, value in enumerate(sent):
            yield from lost(value, kept[at], f"{path}/{at}")
    elif sent != kept:
        yield f"{path}: sent {json.dumps(sent)}, and the models keep {json.dumps(kept)}"


def objections(sent, model, path):
    try:
        # The view and the messages that it is part of are checked as they are written.
        kept = None if model is None else model.to_dict()
    except SlackObjectFormationError as error:
        return [f"{path}: {error}"]
    return list(lost(sent, kept, path))


def judge(number, one):
    found = []
    for at, block in enumerate(one.get("blocks") or []):
        found += objections(block, Block.parse(block), f"{number}/blocks/{at}")
    view = one.get("view")
    if view:
        for at, block in enumerate(view["blocks"]):
            found += objections(block, Block.parse(block), f"{number}/view/blocks/{at}")
        rest = {key: value for key, value in view.items() if key != "blocks"}
        found += objections(rest, View(**{**view, "blocks": view["blocks"]}), f"{number}/view")
    return found


def main():
    everything = json.load(sys.stdin)
    found = [line for number, one in enumerate(everything) for line in judge(number, one)]
    print("\n".join(found) or f"{len(everything)} messages and views are well formed")
    sys.exit(1 if found or not everything else 0)


main()
