"""The shop model: the entities that every source delivers, with their columns and types.

A source that lacks an entity delivers it empty; a source that lacks a column delivers it as null, unless it is required.
Staging models read exactly these columns. Nothing here reads a file or a warehouse.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Type = Literal["string", "int64", "double", "decimal", "bool", "timestamp", "date"]

DUCKDB_TYPES: dict[str, str] = {
    "string": "VARCHAR",
    "int64": "BIGINT",
    "double": "DOUBLE",
    "decimal": "DECIMAL(18,4)",
    "bool": "BOOLEAN",
    "timestamp": "TIMESTAMP",  # UTC, without zone
    "date": "DATE",
}


@dataclass(frozen=True)
class Entity:
    """One entity: `key` columns identify a row, `required` columns must be given and never null."""

    name: str
    key: tuple[str, ...]
    columns: dict[str, Type]
    required: tuple[str, ...] = field(default=())


def _entity(name: str, key: str, required: str, **columns: str) -> Entity:
    flat: dict[str, Type] = {}
    for type_name, names in columns.items():
        for column in names.split():
            flat[column] = type_name  # type: ignore[assignment]
    return Entity(name, tuple(key.split()), flat, tuple(required.split()))


ENTITIES: dict[str, Entity] = {
    entity.name: entity
    for entity in (
        _entity(
            "customers",
            "customer_ref",
            "customer_ref",
            string="customer_ref email phone first_name last_name street city state postcode country gender interests",
            bool="has_account is_staff is_business",
            date="birth_date",
            timestamp="created_at updated_at",
        ),
        _entity(
            "orders",
            "order_ref",
            "order_ref ordered_at",
            string="order_ref customer_ref email phone first_name last_name city state postcode country "
            "status currency coupon channel",
            bool="is_test is_subscription",
            decimal="goods_amount discount_amount shipping_amount tax_amount refunded_amount",
            timestamp="ordered_at cancelled_at promised_at shipped_at delivered_at updated_at",
        ),
        _entity(
            "order_lines",
            "order_ref line_number",
            "order_ref line_number product_ref quantity",
            string="order_ref product_ref",
            int64="line_number quantity",
            decimal="unit_price discount_amount",
        ),
        _entity(
            "returns",
            "order_ref line_number",
            "order_ref line_number quantity",
            string="order_ref",
            int64="line_number quantity",
            timestamp="requested_at returned_at",
        ),
        _entity(
            "products",
            "product_ref",
            "product_ref",
            string="product_ref name product_group category_path brand url image_url",  # category_path: 'Guitars > Electric'
            decimal="price cost",
            int64="stock cycle_days",
            bool="is_consumable is_durable is_product is_active",
            timestamp="launched_at updated_at",
        ),
        _entity(
            "promotions",
            "promo_ref",
            "promo_ref starts_at ends_at",
            string="promo_ref name kind code product_refs categories",
            double="depth",
            timestamp="starts_at ends_at",
        ),
        _entity(
            "events",
            "event_ref",
            "event_ref occurred_at event_type",
            string="event_ref visitor_ref customer_ref session_ref event_type product_ref category",
            decimal="value",
            double="seconds",
            bool="consent_targeting",
            timestamp="occurred_at",
        ),
        _entity(
            "wishlist_items",
            "customer_ref visitor_ref product_ref added_at",
            "product_ref added_at",
            string="customer_ref visitor_ref product_ref",
            decimal="price_at_add",
            timestamp="added_at removed_at",
        ),
        _entity(
            "consents",
            "customer_ref email purpose occurred_at",
            "purpose status occurred_at",
            string="customer_ref email purpose status given_at",  # given_at: where, e.g. 'checkout'
            timestamp="occurred_at",
        ),
        _entity(
            "subscriptions",
            "email",
            "email",
            string="email",
            timestamp="subscribed_at unsubscribed_at bounced_at",
        ),
        _entity(
            "loyalty",
            "customer_ref",
            "customer_ref",
            string="customer_ref tier",
            int64="points",
            timestamp="points_expire_at enrolled_at",
        ),
        _entity(
            "stores",
            "store_ref",
            "store_ref",
            string="store_ref name city region country postcode",
            double="latitude longitude",
        ),
    )
}

EVENT_TYPES = (
    "view_product", "view_category", "search", "add_to_cart", "remove_from_cart", "begin_checkout", "payment_failed",
    "add_to_wishlist", "remove_from_wishlist", "purchase", "sign_up", "subscribe", "email_open", "email_click",
)  # fmt: skip

PURPOSES = ("ad_user_data", "ad_personalization", "email")
