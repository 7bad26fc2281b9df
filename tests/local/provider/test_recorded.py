"""A type without an API in the embedded AWS lives in state alone, with what can be computed of it."""

from __future__ import annotations

from local.provider.clients import Clients
from local.provider.configuration import Settings
from local.provider.lifecycle import Lifecycle
from local.provider.row import Row
from local.provider.values import Secret

ROW = Row(
    token="aws:athena/workgroup:Workgroup",
    service="athena",
    id="{name}",
    outputs={"arn": "arn:{partition}:athena:{region}:{account}:workgroup/{name}"},
    standing="recorded",
)


def test_a_recorded_type_is_kept_in_state_and_never_called_for() -> None:
    # Without an endpoint any call to AWS would fail.
    lifecycle = Lifecycle(Clients(None, Settings("eu-west-1", {}, "123456789012")))
    inputs = {"name": "analysts", "description": Secret("a")}
    made = lifecycle.create(ROW, "urn", inputs)
    assert made.id == "analysts"
    assert made.outputs["arn"] == "arn:aws:athena:eu-west-1:123456789012:workgroup/analysts"
    assert made.outputs["description"] == Secret("a")

    read = lifecycle.read(ROW, "urn", made.id, made.outputs, inputs)
    assert read is not None
    assert (read.outputs, read.inputs) == (made.outputs, inputs)

    news = {"name": "analysts", "description": "b"}
    updated = lifecycle.update(ROW, "urn", made.id, state=made.outputs, olds=inputs, news=news)
    assert updated == {**made.outputs, "description": "b"}
    lifecycle.delete(ROW, "urn", made.id, updated)
