"""Rows against the dimensions: which rules they break there, as SQL over any relation of typed rows."""

from etl.contract import Rule
from etl.market import Market
from etl.masks import broken_any, mask_names, masks_sql


def references_sql(rules: tuple[Rule, ...], market: Market, relation: str) -> str:
    """SELECT (place, q…) of the rows of `relation` that break one of the rules, by rowid, with their masks.

    `relation` is SQL with the column `place` and the typed columns of transactions; what is known of clients
    and providers comes from known_… and valid_…. Joins do not keep the order of rows.
    """
    names = mask_names("q", len(rules))
    needed = f"""(
      SELECT place, client_id, provider_id, delivery_date, quantity_mwh,
        epoch_us(delivery_end) - epoch_us(delivery_start) AS duration_us
      FROM {relation}
    )"""
    return f"""SELECT * FROM (
      SELECT place, {", ".join(masks_sql("q", rules, market))} FROM (
        SELECT j.*, kc.client_id AS known_client_id, vc.client_id AS valid_client_id,
          vc.contracted_power_kw, kp.provider_id AS known_provider_id, vp.provider_id AS valid_provider_id
        FROM {needed} AS j
        LEFT JOIN known_clients AS kc ON j.client_id = kc.client_id
        LEFT JOIN valid_clients AS vc ON j.client_id = vc.client_id
          AND j.delivery_date >= vc.first_day AND j.delivery_date < vc.end_day
        LEFT JOIN known_providers AS kp ON j.provider_id = kp.provider_id
        LEFT JOIN valid_providers AS vp ON j.provider_id = vp.provider_id
          AND j.delivery_date >= vp.first_day AND j.delivery_date < vp.end_day))
    WHERE {broken_any(names)}"""
