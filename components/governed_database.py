"""The governed catalog: databases and tables from the contracts, encrypted, tagged, granted to people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi import ComponentResource, Input, ResourceOptions
from pulumi_aws import glue, lakeformation

from components.access_matrix import AccessMatrix
from components.catalog_tables import table_inputs
from components.iam import lake_formation_trust, location_policy
from components.lake_tags import LakeTags, LakeTagsArgs
from components.names import Names, Store
from components.persona_access import PersonaAccess, PersonaAccessArgs
from components.service_role import service_role
from components.settings import Settings
from components.tagging import tags
from etl.catalog import Table, Zone

LOCATION_ROLE = "governed-location"
COMPONENT = "governance"


@dataclass(frozen=True)
class GovernedDatabaseArgs:
    """What is governed: tables by zone, in the data bucket whose parts are `bucket`, as `matrix` grants it.

    `catalog_key_arn` encrypts the account's catalog; None where another stack owns the account's settings.
    `readers` are the roles that see all of the catalog and its grants, by ARN, and what makes them.
    """

    settings: Settings
    names: Names
    tables: Mapping[Zone, Sequence[Table]]
    matrix: AccessMatrix
    bucket: Sequence[pulumi.Resource]
    catalog_key_arn: Input[str] | None
    readers: Mapping[str, Sequence[pulumi.Resource]]


class GovernedDatabase(ComponentResource):
    """A catalog database a zone with its tables, registered with Lake Formation, tagged, granted to personas.

    The account's Lake Formation settings give nobody default rights, so what is made after them is governed
    from the start. https://docs.aws.amazon.com/lake-formation/latest/dg/initial-lf-config.html
    """

    def __init__(self, name: str, args: GovernedDatabaseArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("energylake:governance:GovernedDatabase", name, None, opts)
        self.databases: dict[Zone, pulumi.Resource] = {}
        self.tables: dict[Zone, list[pulumi.Resource]] = {}
        self.locations: dict[Zone, pulumi.Resource] = {}
        account = self._account_settings(name, args)
        role = self._location_role(name, args)
        for zone, tables in args.tables.items():
            self._database(name, zone, tables, args, account)
            # Registered last: creating what lies in a registered location asks for rights on it.
            self.locations[zone] = lakeformation.Resource(
                f"{name}-{zone}-location",
                arn=args.names.location_arn(zone),
                role_arn=args.names.role_arn(LOCATION_ROLE),
                opts=ResourceOptions(parent=self, depends_on=[*role, *args.bucket, *self.tables[zone]]),
            )
        self.personas = self._personas(name, args)
        self.register_outputs({"databases": [args.names.database(zone) for zone in args.tables]})

    def _personas(self, name: str, args: GovernedDatabaseArgs) -> dict[str, PersonaAccess]:
        """Tag what the contracts declare, and grant it to people as the access matrix says."""
        declared = {zone: [self.databases[zone], *self.tables[zone]] for zone in args.tables}
        lake_tags = LakeTags(
            f"{name}-tags",
            LakeTagsArgs(args.names, args.matrix, args.tables, declared),
            ResourceOptions(parent=self),
        )
        self.governed = [*lake_tags.ready, *self.locations.values()]
        views = args.matrix.views(args.tables)
        return {
            persona.name: PersonaAccess(
                f"{name}-{persona.name}",
                PersonaAccessArgs(
                    settings=args.settings,
                    names=args.names,
                    persona=persona,
                    views=[view for view in views if view.persona == persona.name],
                    after=self.governed,
                ),
                ResourceOptions(parent=self),
            )
            for persona in args.matrix.personas
        }

    def _account_settings(self, name: str, args: GovernedDatabaseArgs) -> list[pulumi.Resource]:
        """Set what an account has once a region, where this stack owns it."""
        settings, names, key_arn = args.settings, args.names, args.catalog_key_arn
        if not settings.owns_account_settings or key_arn is None:
            return []
        encryption = glue.DataCatalogEncryptionSettings(
            f"{name}-encryption",
            catalog_id=names.account,
            data_catalog_encryption_settings=_catalog_encryption(key_arn),
            opts=ResourceOptions(parent=self),
        )
        governance = settings.lake_formation
        lake = lakeformation.DataLakeSettings(
            f"{name}-lake-settings",
            catalog_id=names.account,
            admins=[governance.deployer_role_arn, *governance.administrator_role_arns],
            read_only_admins=[*args.readers, *governance.reader_role_arns],
            create_database_default_permissions=[],
            create_table_default_permissions=[],
            allow_external_data_filtering=False,
            allow_full_table_external_data_access=False,
            parameters={"CROSS_ACCOUNT_VERSION": "4"},
            opts=ResourceOptions(
                parent=self, depends_on=[part for parts in args.readers.values() for part in parts]
            ),
        )
        return [encryption, lake]

    def _location_role(self, name: str, args: GovernedDatabaseArgs) -> list[pulumi.Resource]:
        """Make the role that Lake Formation lends to readers; a customer key needs one of its own."""
        return service_role(
            f"{name}-location",
            args.names,
            LOCATION_ROLE,
            purpose="Lends readers access to the governed zones through Lake Formation",
            trust=lake_formation_trust(args.names),
            grant="read-governed-zones",
            policy=location_policy(args.names, list(args.tables)),
            tags=tags(args.settings, COMPONENT),
            parent=self,
        )

    def _database(
        self,
        name: str,
        zone: Zone,
        tables: Sequence[Table],
        args: GovernedDatabaseArgs,
        account: Sequence[pulumi.Resource],
    ) -> None:
        settings, names = args.settings, args.names
        database = glue.CatalogDatabase(
            f"{name}-{zone}-database",
            name=names.database(zone),
            catalog_id=names.account,
            description=f"Energy trading data, {zone} zone",
            location_uri=names.uri(Store.DATA, f"{zone}/"),
            tags=tags(settings, COMPONENT),
            opts=ResourceOptions(parent=self, protect=settings.protect, depends_on=list(account)),
        )
        self.databases[zone] = database
        self.tables[zone] = [
            glue.CatalogTable(
                f"{name}-{zone}-{table.name}-table",
                **table_inputs(table, names, settings),
                opts=ResourceOptions(parent=self, depends_on=[database]),
            )
            for table in tables
        ]


def _catalog_encryption(
    key_arn: Input[str],
) -> glue.DataCatalogEncryptionSettingsDataCatalogEncryptionSettingsArgs:
    return glue.DataCatalogEncryptionSettingsDataCatalogEncryptionSettingsArgs(
        encryption_at_rest=glue.DataCatalogEncryptionSettingsDataCatalogEncryptionSettingsEncryptionAtRestArgs(
            catalog_encryption_mode="SSE-KMS", sse_aws_kms_key_id=key_arn
        ),
        connection_password_encryption=glue.DataCatalogEncryptionSettingsDataCatalogEncryptionSettingsConnectionPasswordEncryptionArgs(
            aws_kms_key_id=key_arn, return_connection_password_encrypted=True
        ),
    )
