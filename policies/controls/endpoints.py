"""VPC endpoints: present for what the stack calls, scoped, and reached by their private names."""

from __future__ import annotations

from collections.abc import Iterator

from policies.controls.control import (
    Category,
    Control,
    Judgement,
    Severity,
    fails,
    not_applicable,
    settle,
    unverified,
)
from policies.controls.resource_documents import foreign_principals, joined
from policies.controls.settings import each, on, setting, settings
from policies.graph.arns import covers, parse_arn
from policies.graph.conditions import Narrows, narrowed_by
from policies.graph.documents import State, Statement
from policies.graph.kinds import Kind
from policies.graph.model import Graph, Join, Resource
from policies.graph.network import GROUPS, groups_of, rules_of
from policies.graph.resource_policies import resource_policies
from policies.graph.values import Unknown
from policies.iam.facts import expand

# Who is within the perimeter: our principals, our organisation, our resources.
_PERIMETER = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:resourceaccount",
        "aws:resourceorgid",
        "aws:resourceorgpaths",
    }
)
# Metrics are always the caller's own account's.
_CALLERS_OWN = frozenset({"cloudwatch:putmetricdata"})
# Who calls, and whose the resource is.
_WE_ARE = frozenset(key for key in _PERIMETER if key.startswith("aws:principal"))
_OURS_IT_IS = _PERIMETER - _WE_ARE
_ANYTHING = ("", "arn:aws:s3:::")
_TLS = 443
# What runs in a VPC of the stack → services that it calls.
_CALLS: dict[Kind, tuple[str, ...]] = {
    Kind.GLUE_CONNECTION: ("s3", "glue", "logs", "kms", "secretsmanager"),
    Kind.REDSHIFT_CLUSTER: ("s3", "kms"),
}


def _service(endpoint: Resource) -> str | None:
    name = setting(endpoint, "serviceName")
    return name.rpartition(".")[2] if isinstance(name, str) else None


def _is_gateway(endpoint: Resource) -> bool:
    return setting(endpoint, "vpcEndpointType") in (None, "Gateway")


def _present(graph: Graph) -> Iterator[Judgement]:
    wanted = {service for kind, services in _CALLS.items() if graph.of(kind) for service in services}
    for vpc in graph.of(Kind.VPC):
        if not wanted:
            yield not_applicable(vpc, "nothing of the stack that reads data runs in it")
            continue
        joins = [(e, graph.follow(e, "vpcId", Kind.VPC)) for e in graph.of(Kind.VPC_ENDPOINT)]
        own = [e for e, ref in joins if ref.target is not None and ref.target.urn == vpc.urn]
        names = {_service(endpoint) for endpoint in own}
        missing = sorted(wanted - {name for name in names if name})
        if missing and (None in names or any(ref.join is Join.UNKNOWN for _, ref in joins)):
            yield unverified(vpc, f"whether it has endpoints for {', '.join(missing)} is not known yet")
        elif missing:
            yield fails(vpc, f"calls to {', '.join(missing)} leave it or fail: it has no endpoint for them")
        else:
            yield from settle(vpc, ())


def _scoped(graph: Graph) -> Iterator[Judgement]:
    policies = resource_policies(graph, Kind.VPC_ENDPOINT)
    for endpoint in graph.of(Kind.VPC_ENDPOINT):
        own = [p for p in policies if p.owner is not None and p.owner.urn == endpoint.urn]
        if not own:
            loose = any(p.owner is None for p in policies) or (
                isinstance(endpoint.at("policy"), Unknown) and endpoint.declares("policy")
            )
            text = "anybody's credentials reach anybody's resources through it"
            unless = f"{text}, unless a policy that is not known yet is its"
            yield unverified(endpoint, unless) if loose else fails(endpoint, f"has no policy: {text}")
        for policy in own:
            if policy.document.state is not State.KNOWN:
                yield unverified(policy.holder, "the policy of the endpoint is not known yet")
            else:
                yield from settle(
                    policy.holder, (j for s in policy.document.statements for j in _open(policy.holder, s))
                )


def _open(holder: Resource, statement: Statement) -> Iterator[Judgement]:
    if not statement.allows or not any(p.is_anyone for p in statement.principals):
        return
    # Statements for AWS's own buckets name them: the resource is the scope.
    if statement.resources and not any(str(r).rstrip("/*") in _ANYTHING for r in statement.resources):
        return
    answer = narrowed_by(statement, _PERIMETER)
    if answer is Narrows.UNKNOWN:
        yield unverified(holder, f"the conditions of {statement.label} are not known yet")
    elif answer is Narrows.NO:
        text = (
            f"{statement.label} lets anyone do {joined(statement.actions)} on {joined(statement.resources)}"
        )
        yield fails(
            holder,
            f"{text}: credentials brought from outside carry data out through it",
            'Add "Condition": {"StringEquals": {"aws:PrincipalAccount": "<account>", '
            f'"aws:ResourceAccount": "<account>"}}}} to {statement.label}.',
        )


def _exact(graph: Graph) -> Iterator[Judgement]:
    own_buckets = {name for b in graph.of(Kind.BUCKET) if isinstance(name := b.at("bucket"), str)}
    for policy in resource_policies(graph, Kind.VPC_ENDPOINT):
        if policy.document.state is State.KNOWN:
            allows = [s for s in policy.document.statements if s.allows]
            yield from settle(
                policy.holder, (j for s in allows for j in _inexact(policy.holder, s, own_buckets))
            )
            yield from foreign_principals(graph, policy.holder, policy.document)
        else:
            yield unverified(policy.holder, "the policy of the endpoint is not known yet")


def _inexact(holder: Resource, statement: Statement, own_buckets: set[str]) -> Iterator[Judgement]:
    actions = statement.known(statement.actions)
    wide = next((a for a in actions if a == "*" or a.endswith(":*")), None)
    if wide is not None:
        yield fails(
            holder, f"{statement.label} lets {wide} through: every action, those to come too",
            f"List in {statement.label} the actions that are called through the endpoint.",
        )  # fmt: skip
    ours = narrowed_by(statement, _OURS_IT_IS) is Narrows.YES
    star = next((a for a in actions if "*" in statement.resources and _takes_resources(a)), None)
    if star is not None and wide is None and not ours:
        yield fails(
            holder, f"{statement.label} lets {star} through to every resource of any account",
            f"Name the resources in {statement.label}, or add aws:ResourceAccount.",
        )  # fmt: skip
    if any(p.is_anyone for p in statement.principals) and not _is_of_aws(statement, own_buckets):
        answer = narrowed_by(statement, _WE_ARE)
        if answer is Narrows.UNKNOWN:
            yield unverified(holder, f"the conditions of {statement.label} are not known yet")
        elif answer is Narrows.NO:
            text = (
                f"{statement.label} lets credentials of any account through to {joined(statement.resources)}"
            )
            yield fails(
                holder, text,
                f'Add "StringEquals": {{"aws:PrincipalAccount": "<account>"}} to {statement.label}.',
            )  # fmt: skip


def _takes_resources(action: str) -> bool:
    return action.lower() not in _CALLERS_OWN and any(fact.arn_formats for fact in expand(action))


def _is_of_aws(statement: Statement, own_buckets: set[str]) -> bool:
    """Whether a statement only reads buckets that the stack does not have: AWS's own, by name."""
    if not all(str(action).lower().startswith("s3:get") for action in statement.actions):
        return False
    arns = [parse_arn(str(resource)) for resource in statement.resources]
    buckets = [a.resource.partition("/")[0] for a in arns if a is not None and a.service == "s3"]
    return (
        bool(buckets)
        and len(buckets) == len(arns)
        and not any(
            bucket.strip("*?") == "" or covers(bucket, own) for bucket in buckets for own in own_buckets
        )
    )


def _private_names(graph: Graph, endpoint: Resource) -> Iterator[Judgement]:
    if _is_gateway(endpoint) or isinstance(setting(endpoint, "vpcEndpointType"), Unknown):
        return
    yield from on("clients go on calling the public address", "privateDnsEnabled")(graph, endpoint)


def _own_group(graph: Graph, endpoint: Resource) -> Iterator[Judgement]:
    if _is_gateway(endpoint):
        return
    groups = groups_of(graph, endpoint, "securityGroupIds")
    if not settings(endpoint, "securityGroupIds"):
        yield fails(endpoint, "has no security group of its own: it gets the default one of the VPC")
    elif not groups:
        yield unverified(endpoint, "its security groups are not in the stack, or not known yet")
    for group in groups:
        for rule in (r for r in rules_of(graph, group) if r.inward):
            if any(isinstance(port, Unknown) for port in (rule.from_port, rule.to_port)):
                yield unverified(endpoint, f"which ports its security group {group.name} opens is not known")
            elif rule.every_port or (rule.from_port, rule.to_port) != (_TLS, _TLS):
                yield fails(endpoint, f"its security group {group.name} opens {rule.label}, not {_TLS} alone")


_ENDPOINT = frozenset({Kind.VPC_ENDPOINT})

CONTROLS = (
    Control(
        id="DL-NET-10",
        name="vpce-present",
        title="VPCs have endpoints for the services that what runs in them calls",
        severity=Severity.MEDIUM,
        category=Category.NETWORK,
        why="Without an endpoint the call leaves over the internet, or, in a closed VPC, hangs.",
        fix="Declare a gateway endpoint for s3 and interface endpoints for the others named.",
        judge=_present,
        kinds=_ENDPOINT | {Kind.VPC, *_CALLS},
        anchors=("EC2.10",),
    ),
    Control(
        id="DL-NET-11",
        name="vpce-policy-scoped",
        title="Endpoint policies keep strangers' credentials and strangers' resources out",
        severity=Severity.HIGH,
        category=Category.LEAST_PRIVILEGE,
        why="Through an open endpoint an intruder uploads to a bucket of its own, with keys of its own.",
        fix="Add aws:PrincipalAccount (or aws:PrincipalOrgID) and aws:ResourceAccount to each Allow.",
        judge=_scoped,
        kinds=_ENDPOINT | {Kind.VPC_ENDPOINT_POLICY},
    ),
    Control(
        id="DL-NET-15",
        name="vpce-policy-exact",
        title="Endpoint policies let the account's own calls through, action by action",
        severity=Severity.MEDIUM,
        category=Category.LEAST_PRIVILEGE,
        why="What an endpoint lets through is what an intruder in the network can use it for.",
        fix="List actions and resources, and add aws:PrincipalAccount to each Allow for everyone.",
        judge=_exact,
        kinds=_ENDPOINT | {Kind.VPC_ENDPOINT_POLICY},
    ),
    Control(
        id="DL-NET-12",
        name="vpce-private-dns",
        title="Interface endpoints answer to the service's own name",
        severity=Severity.LOW,
        category=Category.NETWORK,
        why="Otherwise every client must be told the endpoint's name, and those who were not leave the VPC.",
        fix="Set privateDnsEnabled to true.",
        judge=each(_private_names, Kind.VPC_ENDPOINT),
        kinds=_ENDPOINT,
        alone=_ENDPOINT,
    ),
    Control(
        id="DL-NET-13",
        name="vpce-security-group",
        title="Interface endpoints have a security group of their own, which opens 443 and nothing else",
        severity=Severity.LOW,
        category=Category.NETWORK,
        why="The default group, closed as it should be, lets no client in; more ports serve others.",
        fix="Set securityGroupIds to a group that lets 443 in from the clients.",
        judge=each(_own_group, Kind.VPC_ENDPOINT),
        kinds=_ENDPOINT | GROUPS,
    ),
    Control(
        id="DL-NET-14",
        name="vpce-service-acceptance",
        title="Endpoint services take nobody in unasked",
        severity=Severity.MEDIUM,
        category=Category.NETWORK,
        why="Without acceptance whoever is allowed to ask is connected.",
        fix="Set acceptanceRequired to true.",
        judge=each(on("whoever asks is connected", "acceptanceRequired"), Kind.VPC_ENDPOINT_SERVICE),
        kinds=frozenset({Kind.VPC_ENDPOINT_SERVICE}),
        alone=frozenset({Kind.VPC_ENDPOINT_SERVICE}),
        anchors=("CKV_AWS_123",),
    ),
)
