"""Return the tags of every resource, from one place."""

from components.settings import PROJECT, Settings


def tags(settings: Settings, component: str) -> dict[str, str]:
    """Return the tags of a component's resources; budgets and cost reports group by `component`."""
    return {
        "project": PROJECT,
        "environment": settings.stack,
        "component": component,
        "owner": settings.tags.owner,
        "cost-center": settings.tags.cost_center,
        "data-classification": settings.tags.data_classification,
        "managed-by": "pulumi",
    }
